"""What a run is about, in its folder: which corpus, which oracle, which code. A run that goes on has to be the same."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.private_file import owner_only

FORMAT = 1
MANIFEST = "run.json"
REPORT = "report.json"
_ROOT = Path(__file__).resolve().parents[2]
_LEGACY = _ROOT / "legacy"
_SOURCES = frozenset({"", ".js", ".php", ".py", ".rb", ".sh"})
"""Of files that an oracle's command names: its programs, not its data."""
_CODE = ("contracts", "bridge", "workers", "ops/parity")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a run is about. Holds nothing personal, and no command line: that may hold a password."""

    corpus: str
    """Its id."""
    records: int
    types: tuple[str, ...] | None
    parts: int
    oracle: str
    """SHA-256 of its command line, and of the files that this names; of the reference monolith all its sources."""
    code: str
    """SHA-256 over all that our side is made of."""
    begun: str
    """RFC 3339."""
    format: int = FORMAT


def earlier(runs: Path, manifest: Manifest, folder: Path) -> Path | None:
    """The report of the latest run over the same messages, but for the one in `folder`; None where there is none."""
    found = [
        (known.begun, one.parent / REPORT)
        for one in runs.glob(f"*/{MANIFEST}")
        if one.parent.resolve() != folder.resolve()
        and (one.parent / REPORT).exists()
        and (known := _readable(one.parent)) is not None
        and (known.corpus, known.types) == (manifest.corpus, manifest.types)
    ]
    return max(found)[1] if found else None


def fingerprint() -> str:
    """SHA-256 over every source file that our side's outcomes, and their judgement, come from."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            digest.update(f"{path.relative_to(_ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def known_manifest(folder: Path) -> Manifest | None:
    """The manifest of the run in the folder; None where there is no run. Raises CommandError where it is none."""
    try:
        document: Mapping[str, Any] = orjson.loads((folder / MANIFEST).read_bytes())
        types = document["types"]
        return Manifest(**{**document, "types": None if types is None else tuple(types)})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            ExitCode.FAILED, f"{folder / MANIFEST} cannot be read: the run is lost, begin another"
        ) from error


def _readable(folder: Path) -> Manifest | None:
    """The same; None also where it cannot be read: another run's fault stops no run."""
    try:
        return known_manifest(folder)
    except CommandError:
        return None


def oracle_fingerprint(command: Sequence[str]) -> str:
    """SHA-256 over an oracle's command line and the programs that it names."""
    digest = hashlib.sha256("\0".join(command).encode())
    files = [Path(word) for word in command if Path(word).suffix in _SOURCES and Path(word).is_file()]
    if any(file.resolve().is_relative_to(_LEGACY) for file in files):
        files += sorted(_LEGACY.rglob("*.php"))
    for file in files:
        digest.update(b"\0" + file.read_bytes())
    return digest.hexdigest()


def same_manifest(folder: Path, known: Manifest, now: Manifest) -> Manifest:
    """The run's own manifest, if what is asked for is what it was begun with."""
    differing = [name for name in _differing(known, now) if name != "begun"]
    if differing:
        raise CommandError(
            ExitCode.OBJECTED,
            f"{folder} was begun with another {', '.join(differing)}: begin a new run, in another folder",
        )
    return known


def _differing(one: Manifest, other: Manifest) -> Iterator[str]:
    for name in Manifest.__slots__:
        if getattr(one, name) != getattr(other, name):
            yield name


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Begin a run in this folder. Raises CommandError."""
    path = folder / MANIFEST
    document = {name: getattr(manifest, name) for name in Manifest.__slots__}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb", opener=owner_only) as file:
            file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{path} cannot be written: {error.strerror}") from error
