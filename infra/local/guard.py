"""Runs one program and takes it along when its own parent dies, so that a killed demo leaves no broker behind.

`python guard.py PROGRAM ARGUMENT…`: standard input is a pipe that only the parent holds; when it ends, the whole
process group goes. SIGTERM is passed on, the program's exit code becomes ours. Nothing but the standard library is
imported, and not even much of that: it stands beside every local program.
"""

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the program given as arguments; returns its exit code."""
    program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, close_fds=False)  # noqa: S603  # our parent's
    signal.signal(signal.SIGTERM, lambda *_: program.terminate())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    return program.wait()


def _end_with_parent() -> None:
    os.read(0, 1)  # returns when nobody holds the other end of the pipe any more
    os.killpg(0, signal.SIGKILL)  # the group is ours: `infra.local.process` starts a session for each program


if __name__ == "__main__":
    sys.exit(main())
