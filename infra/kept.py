"""Files that are dear to make and kept: whoever comes first makes one, and who comes meanwhile waits for it.

A template is eight to twenty seconds of CDK, dependencies are a run of pip. Two demos that begin together, or the
processes of one test run, would each make the same.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path


def made_once(kept: Path, make: Callable[[Path], object]) -> Path:
    """The file; where it is not there it is made. Args: make: writes it, complete, to the path that it gets."""
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # goes with the process, however that ends
            if not kept.exists():
                unfinished = kept.with_suffix(f".{os.getpid()}")
                make(unfinished)
                unfinished.replace(kept)
    return kept
