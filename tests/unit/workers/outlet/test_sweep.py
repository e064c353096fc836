import pytest

from tests.unit.workers.outlet.conftest import OutletScene
from workers.outlet import sweep as sweeping
from workers.store import pending

PAGE = 4


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "PAGE", PAGE)


def test_more_than_a_page_is_swept_in_one_run(scene: OutletScene) -> None:
    ids = {f"w{n}" for n in range(PAGE * 2 + 1)}
    scene.commit(*ids)
    scene.later(minutes=1)
    assert set(scene.sweep()) == ids
    assert len(scene.received.effects) == 3 * len(ids)
    assert scene.received.repeated == set()


def test_a_run_ends_when_its_time_is_up_and_the_next_one_goes_on(scene: OutletScene) -> None:
    ids = {f"w{n}" for n in range(PAGE + 1)}
    scene.commit(*ids)
    scene.later(minutes=1)
    scene.webhooks.before = lambda _: setattr(scene, "in_time", len(scene.webhooks.calls) < PAGE - 1)
    first = set(scene.sweep())
    assert len(first) == PAGE
    scene.in_time = True
    assert set(scene.sweep()) >= ids - first
    assert {scene.entry(one)["outlet"] for one in ids} == {"left"}


def test_a_run_does_not_more_than_it_may(scene: OutletScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "MOST", PAGE)
    scene.commit(*(f"w{n}" for n in range(PAGE * 2)))
    scene.later(minutes=1)
    assert len(scene.sweep()) == PAGE


def test_only_families_that_are_asked_for_and_what_is_due_are_swept(scene: OutletScene) -> None:
    scene.commit("w1")
    scene.later(minutes=1)
    assert scene.sweep("payout", "balance") == {}
    assert set(scene.sweep("payout", "payin", "balance")) == {"w1"}
