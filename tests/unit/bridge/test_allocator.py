"""What large blocks took goes back to the system, although small ones that stay lie between them."""

import subprocess
import sys

_BLOCKS = 64
_PROGRAM = f"""
import sys
from pathlib import Path
from bridge.allocator import return_large_blocks

def resident_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if "VmRSS" in line) / 1000

if sys.argv[1] == "set":
    assert return_large_blocks()
freed = bytearray(30_000_000)
del freed  # what raises the threshold of its own accord
before = resident_mb()
pairs = [(b"x" * 1_000_000, b"y" * (1_000 + number)) for number in range({_BLOCKS})]
kept = [small for _, small in pairs]
del pairs
print(resident_mb() - before)
"""


def _kept_mb(setting: str) -> float:
    done = subprocess.run([sys.executable, "-c", _PROGRAM, setting], capture_output=True, text=True, check=True)
    return float(done.stdout)


def test_large_blocks_go_back_to_the_system() -> None:
    assert _kept_mb("set") < _BLOCKS / 10


def test_by_itself_the_c_library_keeps_them() -> None:
    """What the setting is for: should this fail on a newer C library, it may not be needed any more."""
    assert _kept_mb("default") > _BLOCKS / 2
