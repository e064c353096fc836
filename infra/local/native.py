"""The parts of the bridge that are in C, compiled in place: `python -m infra.local.native`. The bridge runs without.

What is compiled stands in `pyproject.toml`, where setuptools finds it for a wheel; setuptools itself would have to come
from a registry. A file is of one Python, by its suffix, so that several stand side by side, and of one source, whose
digest it holds: one that was made of another is removed here, and not used by `bridge.native`.
"""

import hashlib
import importlib.machinery
import os
import shlex
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SUFFIX: str = importlib.machinery.EXTENSION_SUFFIXES[0]
_OPTIONS = ("-O2", "-Wall", "-Wextra")
_TIMEOUT_S = 300
_WITHOUT = "the bridge reads deliveries, makes entries and checks receipts in Python, which takes more processor time"
_NEEDED = "install gcc and python3-dev (Debian's names), then `make native`"


class NativeError(Exception):
    """It could not be compiled; says why, in a line."""


@dataclass(frozen=True, slots=True)
class Extension:
    """A module in C, of one source."""

    name: str
    source: Path

    @property
    def digest(self) -> str:
        """Of the source, as `bridge.native` asks for it."""
        return hashlib.sha256(self.source.read_bytes()).hexdigest()

    @property
    def stem(self) -> str:
        """What its files' names begin with."""
        return self.name.rpartition(".")[2]


def extensions() -> Sequence[Extension]:
    """All that there are."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    declared = project["tool"]["setuptools"]["ext-modules"]
    return [Extension(one["name"], REPOSITORY / source) for one in declared for source in one["sources"]]


def compile_extension(extension: Extension, folder: Path, options: Sequence[str] = ()) -> bool:
    """Have it in a folder, made of its source as it is; whether that was to be done. Raises NativeError."""
    built, digest = folder / f"{extension.stem}{SUFFIX}", extension.digest.encode()
    for found in folder.glob(f"{extension.stem}.*"):
        if found.suffix in {".so", ".pyd"} and digest not in found.read_bytes():
            found.unlink()  # whichever Python it was made for
    if built.exists():
        return False
    unfinished = built.with_suffix(f".{os.getpid()}")
    try:
        _compile(extension, unfinished, options)
        unfinished.replace(built)
    finally:
        unfinished.unlink(missing_ok=True)
    return True


def _compile(extension: Extension, out: Path, options: Sequence[str]) -> None:
    include = sysconfig.get_path("include")
    if not Path(include, "Python.h").exists():
        raise NativeError(f"no Python.h in {include}: {_NEEDED}")
    linking = shlex.split(os.environ.get("LDSHARED") or sysconfig.get_config_var("LDSHARED") or "cc -shared")
    position = shlex.split(sysconfig.get_config_var("CCSHARED") or "")
    named = f'-DSOURCE_DIGEST="{extension.digest}"'
    command = [*linking, *position, *_OPTIONS, *options, named, f"-I{include}", str(extension.source), "-o", str(out)]
    try:
        done = subprocess.run(  # noqa: S603  # this Python's own compiler
            command, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except OSError as error:
        raise NativeError(f"no compiler {linking[0]} ({error.strerror}): {_NEEDED}") from error
    except subprocess.TimeoutExpired as error:
        raise NativeError(f"{linking[0]} did not end within {_TIMEOUT_S} s") from error
    if done.returncode != 0:
        first = next((line for line in done.stderr.splitlines() if "error" in line), f"exit {done.returncode}")
        raise NativeError(f"{linking[0]}: {first}")


def main() -> int:
    """Compile what is not there; where that cannot be done, say what to install. Always 0: nothing needs it."""
    failures: dict[str, None] = {}
    for extension in extensions():
        try:
            if compile_extension(extension, extension.source.parent):
                sys.stdout.write(f"compiled {extension.name}\n")
        except NativeError as error:
            failures[f"{_WITHOUT}: {error}\n"] = None  # what is missing is so for all
    sys.stdout.write("".join(failures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
