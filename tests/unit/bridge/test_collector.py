"""How often Python looks for garbage is the whole process's: each test puts it back."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from bridge.collector import OBJECTS, look_seldom


class Circle:
    """Refers to itself, so that only a look finds that nobody else does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def looks() -> int:
    """How often it was looked at the youngest objects."""
    return int(gc.get_stats()[0]["collections"])


def test_garbage_is_looked_for_seldom() -> None:
    look_seldom()
    before = looks()
    kept = [[] for _ in range(OBJECTS // 2)]  # type: ignore[var-annotated]
    assert looks() == before
    assert len(kept) == OBJECTS // 2


def test_garbage_in_circles_is_found_still() -> None:
    look_seldom()
    gone = weakref.ref(Circle())
    for _ in range(OBJECTS + 1):
        Circle()
    assert gone() is None


def test_what_was_there_before_is_not_looked_at_any_more_and_what_was_garbage_is_gone() -> None:
    gone = weakref.ref(Circle())
    look_seldom()
    assert gone() is None
    assert gc.get_freeze_count() > 0
    assert len(gc.get_objects()) < gc.get_freeze_count()


def test_what_nobody_refers_to_any_more_goes_at_once() -> None:
    look_seldom()
    gone = weakref.ref(type("Other", (), {})())
    assert gone() is None
