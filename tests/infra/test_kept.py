import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from infra.kept import made_once

AT_ONCE = 4
LONG_ENOUGH_S = 0.2
"""For a second one to come in, if it were let in."""


def test_what_several_ask_for_at_once_is_made_once_and_all_get_it(tmp_path: Path) -> None:
    together, makers = threading.Barrier(2), []

    def make(file: Path) -> None:
        makers.append(threading.get_ident())
        with suppress(threading.BrokenBarrierError):
            together.wait(LONG_ENOUGH_S)
        file.write_text("dear", "utf-8")

    kept = tmp_path / "build" / "template.json"
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda _: made_once(kept, make).read_text("utf-8"), range(AT_ONCE)))
    assert len(makers) == 1
    assert found == ["dear"] * AT_ONCE


def test_what_could_not_be_made_is_not_there_and_is_made_by_the_next(tmp_path: Path) -> None:
    kept = tmp_path / "template.json"

    def fail(file: Path) -> None:
        file.write_text("half", "utf-8")
        raise RuntimeError("no CDK")

    with pytest.raises(RuntimeError, match="no CDK"):
        made_once(kept, fail)
    assert not kept.exists()
    assert made_once(kept, lambda file: file.write_bytes(b"whole")).read_text("utf-8") == "whole"
