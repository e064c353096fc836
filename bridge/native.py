"""The parts of the bridge that are in C: only what was compiled of the source beside it is used, and told at the start.

Whoever takes new sources and does not run `make native` still has what was compiled of the old ones, which may do
something else: that is left out, as if nothing were compiled.
"""

import hashlib
import importlib
from collections.abc import Sequence
from pathlib import Path

_FOLDER = Path(__file__).parent
_fits: dict[str, bool] = {}
"""By part that is compiled."""


def is_compiled(module: str, part: str) -> bool:
    """Whether a module of this package that is in C may be imported. A wheel has no source beside it, and fits.

    Args:
        module: its name.
        part: what is done there, for whoever reads the log.
    """
    try:
        told = importlib.import_module(f"bridge.{module}").__doc__ or ""
    except ImportError:
        return False
    source = _FOLDER / f"{module}.c"
    _fits[part] = not source.exists() or hashlib.sha256(source.read_bytes()).hexdigest() in told
    return _fits[part]


def native_parts() -> Sequence[str]:
    """What this process does in C; the rest it does in Python, which takes more of the processor."""
    return sorted(part for part, fits in _fits.items() if fits)


def stale_parts() -> Sequence[str]:
    """What was compiled of another source, and is done in Python (`make native`)."""
    return sorted(part for part, fits in _fits.items() if not fits)
