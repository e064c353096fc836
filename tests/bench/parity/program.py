"""`strangler` in this process, as a shell sees it: its arguments, what it prints, how it ends."""

import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from unittest.mock import patch

from ops.cli import main


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


def strangler(*arguments: str) -> Ended:
    """Run one command."""
    out, err = StringIO(), StringIO()
    with (
        patch.object(sys, "argv", ["strangler", *arguments]),
        redirect_stdout(out),
        redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore", ResourceWarning)  # files of outcomes are closed by whoever collects them
        code = main()
    return Ended(int(code), out.getvalue(), err.getvalue())
