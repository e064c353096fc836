"""A short course of `make bench-memory`."""

from pathlib import Path

from tests.bench.memory import LIMIT_MB, measure


def test_large_messages_behind_small_ones_stay_within_their_budget(tmp_path: Path) -> None:
    course = measure(tmp_path, 9.0)
    assert course.shipped > 0
    assert course.most < LIMIT_MB, course
