"""Modules that others import and no function uses: loaded when something of theirs is asked for, which is never.

That is what `importlib.util.LazyLoader` is for: its module stands in the place of the real one, and becomes it at the
first look at an attribute. So a name is of use here only where it is imported as a whole and once: `from csv import
reader` looks at an attribute, and so does a second `import csv` (at `__spec__`). A test holds each name to that.

While functions and what they bring are imported, no longer: before Python 3.12.3 two threads must not be the first to
ask.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

NAMES: Mapping[str, str] = {
    "asyncio": "wrapt, of the Encryption SDK: decorators of coroutines",
    "configparser": "botocore: ~/.aws/config, which no function has",
    "csv": "importlib.metadata: RECORD of an installed package",
    "mimetypes": "urllib3: uploads of forms",
}
"""Who imports each, and what for."""


class _OnDemand:
    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in NAMES else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def begin() -> None:
    """From here on these modules are loaded on demand, unless they are there already."""
    sys.meta_path.insert(0, _OnDemand)


def end() -> None:
    """Whatever is imported from here on is loaded at once; without effect where nothing was begun."""
    if _OnDemand in sys.meta_path:
        sys.meta_path.remove(_OnDemand)
