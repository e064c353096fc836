"""Fixtures of every kind of test. What is missing is an error: nothing is skipped silently."""

import shutil
from collections.abc import Sequence

import pytest


@pytest.fixture(scope="session")
def php() -> Sequence[str]:
    """The command line that runs PHP."""
    program = shutil.which("php")
    if program is None:
        pytest.fail("php is not installed: `make install` installs it, or see `strangler doctor`")
    return (program,)
