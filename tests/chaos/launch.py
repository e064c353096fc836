"""Runs a module of ours, `python -m tests.chaos.launch MODULE ARGUMENTS`, to be killed at the points that are armed."""

import os
import runpy
import sys
from pathlib import Path

from contracts import point
from tests.chaos.kill import FOLDER_VARIABLE, KillFolder


def main() -> None:
    """Run the module as `python -m` would."""
    point.hook(KillFolder(Path(os.environ[FOLDER_VARIABLE])).reach)
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
