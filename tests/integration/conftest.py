"""Real servers and programs. One that is missing is an error: a silent skip would look like a pass."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="session")
def php() -> list[str]:
    """Return the argv prefix that runs PHP with the machine's own configuration."""
    program = shutil.which("php")
    if program is None:
        pytest.fail("php is not on the PATH: install the packages of legacy/packages.txt")
    return [program]
