"""Kills a process at a named point, as kill -9 does: no cleaning up, no last word.

A folder holds one file for each point that is armed: how often it may be reached before. Whoever reaches it for the
last time notes the hit and is gone. The file is claimed under a lock, so that of two processes one dies.
"""

import fcntl
import os
import signal
from collections import Counter
from pathlib import Path

FOLDER_VARIABLE = "CHAOS_FOLDER"
_HITS = "hits"


class KillFolder:
    """What is armed, and what was hit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def arm(self, point: str, passes: int = 0) -> None:
        """Kill whoever reaches the point after it was passed so many times."""
        (self.folder / point).write_text(str(passes), "utf-8")

    def disarm(self) -> list[str]:
        """Take back what was not hit; returns those points."""
        armed = sorted(file.name for file in self.folder.iterdir() if file.name not in (_HITS, "lock"))
        for name in armed:
            (self.folder / name).unlink(missing_ok=True)
        return armed

    def hits(self) -> Counter[str]:
        """How often each point has killed."""
        file = self.folder / _HITS
        return Counter(file.read_text("utf-8").split()) if file.exists() else Counter()

    def reach(self, point: str) -> None:
        """The hook: dies here if the point is armed and was passed often enough."""
        file = self.folder / point
        if not file.exists():
            return
        with (self.folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                return
            passes = int(file.read_text("utf-8"))
            if passes > 0:
                file.write_text(str(passes - 1), "utf-8")
                return
            file.unlink()
            with (self.folder / _HITS).open("a", encoding="utf-8") as hits:
                hits.write(f"{point}\n")
        os.kill(os.getpid(), signal.SIGKILL)
