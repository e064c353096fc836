"""Whether a journal could be worked with, found out without beginning one."""

import os
from pathlib import Path

from bridge.check import ProbeError
from bridge.journal_file import database_path, is_taken, lock_path

_CHANGE = "change STRANGLER_JOURNAL, or who may write there"


def probe_journal(folder: Path, kind: str) -> str:
    """What is there. Raises ProbeError.

    Args:
        folder: the journal's.
        kind: whose it is, `router` or `shipper`.
    """
    if not folder.exists():
        above = next(one for one in folder.absolute().parents if one.exists())
        if not (above.is_dir() and os.access(above, os.W_OK | os.X_OK)):
            raise ProbeError("settings", f"{folder} is not there and cannot be made in {above}: {_CHANGE}")
        return f"{folder} not there yet: a new {kind} begins"
    if not (folder.is_dir() and os.access(folder, os.R_OK | os.W_OK | os.X_OK)):
        raise ProbeError("settings", f"{folder} is no folder that we may write to: {_CHANGE}")
    files = [path for path in (lock_path(folder, kind), database_path(folder, kind)) if path.exists()]
    if any(not os.access(path, os.R_OK | os.W_OK) for path in files):
        raise ProbeError("settings", f"{folder} has files that we may not write to: {_CHANGE}")
    if is_taken(folder, kind):
        raise ProbeError(
            "settings",
            f"{folder}: another {kind} works with this journal: stop it, or give this one a folder of its own",
        )
    return f"{folder} is there, and free" if files else f"{folder} is empty: a new {kind} begins"
