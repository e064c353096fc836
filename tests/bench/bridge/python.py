"""On which Python those contenders run that are in Python: the quickest of this version that the machine has.

A CPython that was compiled by a profile of itself, as distributions and images have it, takes a fifth less than one
that was not, as whoever compiles it at home has it. Both run the same packages.
"""

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.bench.scoreboard.rival import FOLDER

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_TRIES = 5
_WITHIN_S = 60.0
_WORK = """
import time
def work(count):
    found = {}
    for number in range(count):
        found[number & 255] = number, str(number)
    return len(found)
begun = time.process_time()
work(300_000)
print(time.process_time() - begun)
"""
"""Calls, integers, texts, tuples, a dictionary."""


def quickest() -> Path:
    """The environment's own, or the system's where that is quicker."""
    system = Path("/usr/bin") / _VERSION
    found: list[Path] = [Path(sys.executable), *([system] if system.exists() else ())]
    return min(found, key=_works_s)


def environment_of(python: Path, *, rivals: bool = False) -> dict[str, str]:
    """Variables by which it finds the packages: ours, or the rivals'."""
    if python == Path(sys.executable) and not rivals:
        return {}
    return {"PYTHONPATH": str(FOLDER / "lib" / _VERSION / "site-packages" if rivals else sysconfig.get_path("purelib"))}


def told(python: Path) -> str:
    """Which one it is."""
    asked = [str(python), "-I", "-c", "import platform; print(platform.python_version())"]
    done = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=_WITHIN_S)
    return f"{done.stdout.strip()}, the {'environment' if python == Path(sys.executable) else 'system'}'s"


def _works_s(python: Path) -> float:
    """CPU seconds for the same work, the best of some tries."""
    return min(_once_s(python) for _ in range(_TRIES))


def _once_s(python: Path) -> float:
    done = subprocess.run([python, "-I", "-c", _WORK], check=True, capture_output=True, text=True, timeout=_WITHIN_S)
    return float(done.stdout)
