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


_SHARED = {
    "tests/integration/test_main_job": "main job",
    "tests/integration/test_embedded": "embedded",
    "tests/infra/": "infra",
    "tests/conformance/": "conformance",
    "tests/contract/php/": "php",
}
"""Tests that share servers for a whole run, by where their paths begin."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run beside each other (`-n 2 --dist loadgroup`): whoever shares a server shares a process too."""
    for item in items:
        path = item.nodeid.partition("::")[0]
        if not path.startswith("tests/unit/"):
            group = next((name for start, name in _SHARED.items() if path.startswith(start)), path)
            item.add_marker(pytest.mark.xdist_group(group))
