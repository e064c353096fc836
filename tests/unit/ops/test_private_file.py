import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.private_file import owner_only


@pytest.fixture(autouse=True)
def _generous_umask() -> Iterator[None]:
    """One that takes nothing away: what is private then is so by itself."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(descriptor: int) -> int:
    return stat.S_IMODE(os.fstat(descriptor).st_mode)


@pytest.mark.parametrize("how", ["w", "x", "a"])
def test_a_file_is_its_owners_alone_before_anything_is_in_it(tmp_path: Path, how: str) -> None:
    with open(tmp_path / "file", how, encoding="utf-8", opener=owner_only) as file:
        assert mode(file.fileno()) == 0o600
        assert (tmp_path / "file").stat().st_size == 0


def test_a_file_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "file").touch(0o640)
    with open(tmp_path / "file", "w", encoding="utf-8", opener=owner_only) as file:
        assert mode(file.fileno()) == 0o640
