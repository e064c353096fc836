"""Files that are their owner's alone from the moment they are made: keys, corpora, audits, what names a message."""

import os
from pathlib import Path


def owner_only(path: str | Path, flags: int) -> int:
    """An `opener` for `open`: nobody else may read or write what is made. A file that is there keeps its mode."""
    return os.open(path, flags, 0o600)
