"""Fixtures of every kind of test. What is missing is an error: nothing is skipped silently."""

import shutil
import signal
from collections.abc import Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.thrift import spare_botocore

spare_botocore()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell lets what it starts in the background ignore Ctrl-C, and whatever that starts inherits it (POSIX, 2.11):
    # tests of Ctrl-C would depend on how they were started.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


class _ByServer(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Whoever shares a server shares a process too, and so does a file.

    pytest-xdist's groups by mark (`--dist loadgroup`) are without effect on pytest 9.2, which makes a node's id anew.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return next((name for start, name in _SHARED.items() if path.startswith(start)), path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """Of `make test` (`--dist loadscope`); all others share nothing."""
    return _ByServer(config, log) if config.getvalue("dist") == "loadscope" else None
