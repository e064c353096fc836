"""Fuzz the decoders: `python -m tests.fuzz --seconds 300`; exit code 1 where something was found.

With atheris (coverage-guided; installed on Linux), else with hypothesis alone.
"""

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from tests.fuzz.mutant import inputs
from tests.fuzz.target import SEEDS, TARGETS, WORDS, timed

_BATCH = 2000
_MEMORY_MB = 1024
_HANG_S = 10


def main() -> int:
    """Fuzz every target, each for its share of the time."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for all targets together")
    parser.add_argument("--target", choices=TARGETS, action="append", help="only this one; may be repeated")
    arguments = parser.parse_args()
    names = arguments.target or list(TARGETS)
    guided = importlib.util.find_spec("atheris") is not None
    _say("with atheris" if guided else "atheris is not installed: with hypothesis, unguided")
    share_s = max(1, arguments.seconds // len(names))
    run = _guided if guided else _unguided
    return max([run(name, share_s) for name in names])


def _guided(name: str, seconds: int) -> int:
    """In a process of its own: libFuzzer ends it when it has found something."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder)
        for number, seed in enumerate(SEEDS):
            (corpus / f"seed{number}").write_bytes(seed)
        dictionary = corpus.parent / f"{corpus.name}.dict"
        dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in WORDS))
        options = [f"-max_total_time={seconds}", f"-timeout={_HANG_S}", f"-rss_limit_mb={_MEMORY_MB}", "-max_len=4096"]
        command = [sys.executable, "-m", "tests.fuzz.guided", name, folder, f"-dict={dictionary}", *options]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        dictionary.unlink()
    lines = done.stderr.splitlines()
    if done.returncode:
        _say(f"{name}: FOUND\n" + "\n".join(lines[-40:]))
        return 1
    _say(f"{name}: nothing found; {lines[-1] if lines else ''}")
    return 0


def _unguided(name: str, seconds: int) -> int:
    until = time.monotonic() + seconds
    tried = 0

    @settings(
        max_examples=_BATCH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    @given(inputs)
    def fuzz(data: bytes) -> None:
        nonlocal tried
        tried += 1
        if time.monotonic() < until:
            timed(name, data)

    while time.monotonic() < until:
        fuzz()
    _say(f"{name}: nothing found in some {tried:,} inputs")
    return 0


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
