from collections.abc import Iterator

import pytest

from contracts import point


@pytest.fixture(autouse=True)
def _unhooked() -> Iterator[None]:
    yield
    point.hook(None)


def test_a_point_does_nothing_by_itself() -> None:
    point.reach("router.published")


def test_a_hook_hears_of_every_point_in_order() -> None:
    heard: list[str] = []
    point.hook(heard.append)
    point.reach("router.published")
    point.reach("router.acknowledged")
    assert heard == ["router.published", "router.acknowledged"]


def test_a_hook_can_stop_whoever_reaches_a_point() -> None:
    def crash(name: str) -> None:
        raise KeyboardInterrupt(name)

    point.hook(crash)
    with pytest.raises(KeyboardInterrupt, match=r"router\.published"):
        point.reach("router.published")


def test_a_hook_that_was_taken_away_hears_nothing() -> None:
    heard: list[str] = []
    point.hook(heard.append)
    point.hook(None)
    point.reach("router.published")
    assert heard == []
