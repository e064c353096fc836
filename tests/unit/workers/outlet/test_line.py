"""Follow-up messages of one business key: in order, whatever happens to one of them. Everything else side by side."""

from collections.abc import Callable, Sequence
from threading import Barrier, Event
from typing import Any

import pytest

from contracts import point
from contracts.effect_id import read_effect_id
from contracts.return_message import ReturnedEffect
from tests.fakes.outcome import message, webhook
from tests.unit.workers.outlet.conftest import SEALER, OutletScene
from workers.fate import UnavailableError
from workers.outlet import outlet
from workers.outlet.port import Entry
from workers.store import pending

PATIENCE_S = 10
"""Until a test says that nobody else comes."""
IDS = ["w1", "w2", "w3"]
ONE = (message("1"),)


def order(scene: OutletScene) -> list[str]:
    """Ids of the messages whose follow-up messages have arrived, in order."""
    return [read_effect_id(one.effect)[0] for one in scene.returns.sent]


def meet(parties: int) -> Callable[[object], None]:
    """Where so many have to be at once; it breaks when they come one after the other."""
    barrier = Barrier(parties, timeout=PATIENCE_S)

    def wait(_: object) -> None:
        barrier.wait()

    return wait


def sweep(scene: OutletScene) -> None:
    for future in scene.sweep().values():
        future.result()


@pytest.mark.parametrize("batch", [["w1", "w2", "w3"], ["w3", "w2", "w1"], ["w2", "w3", "w1"]])
@pytest.mark.parametrize("at_once", [1, outlet.AT_ONCE])
def test_messages_of_a_key_leave_in_the_order_of_its_versions(
    scene: OutletScene, monkeypatch: pytest.MonkeyPatch, batch: Sequence[str], at_once: int
) -> None:
    monkeypatch.setattr(outlet, "AT_ONCE", at_once)
    scene.commit_in_order(*IDS, effects=[message("1"), message("2")])
    scene.leave(*batch)
    assert [one.effect for one in scene.returns.sent] == ["w1:0", "w1:1", "w2:0", "w2:1", "w3:0", "w3:1"]
    assert [one.sequence for one in scene.returns.sent] == [1, 1, 2, 2, 3, 3]
    assert {scene.entry(one)["outlet"] for one in IDS} == {"left"}


def test_where_versions_do_not_tell_the_batch_does_and_not_who_was_read_first(
    scene: OutletScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.commit_in_order(*IDS, effects=ONE, rows=False)
    others, read = Event(), scene.entries.read

    def read_last(message_id: str) -> Entry | None:
        assert message_id != "w1" or others.wait(PATIENCE_S)
        return read(message_id)

    def tell(_: object) -> None:
        if len(scene.events.events) == len(IDS) - 2:
            others.set()

    scene.events.before = tell
    monkeypatch.setattr(scene.entries, "read", read_last)
    scene.leave(*IDS)
    assert order(scene) == IDS
    assert {one.sequence for one in scene.returns.sent} == {0}


def test_a_key_waits_for_its_message_that_could_not_be_sent_and_others_do_not(scene: OutletScene) -> None:
    scene.commit_in_order(*IDS, effects=[*ONE, webhook("2", "s")])
    scene.commit("x1", effects=ONE)

    def refuse_first(returned: ReturnedEffect) -> None:
        if returned.effect == "w1:0":
            raise UnavailableError("SendMessage: ThrottlingException")

    scene.returns.before = refuse_first
    first, second, third, _ = scene.leave(*IDS, "x1")
    assert (first.failed, second.failed, third.failed) == ({"message": 1}, {}, {})
    assert order(scene) == ["x1"]
    assert (len(scene.webhooks.calls), len(scene.events.events)) == (3, 4), "they wait for nobody"
    entries = [scene.entry(one) for one in IDS]
    assert [entry.get("outlet_tries", "0") for entry in entries] == ["1", "0", "0"]
    assert [entry["pending"] for entry in entries] == [["0"]] * 3
    assert [entry["due_at"][-7:] for entry in entries] == ["30.000Z", "30.001Z", "30.002Z"], "in order, and none before"
    scene.returns.before = lambda _: None
    scene.later(minutes=1)
    sweep(scene)
    assert order(scene) == ["x1", *IDS]


def test_an_entry_that_has_nothing_else_to_leave_waits_as_long_as_the_one_before_it(scene: OutletScene) -> None:
    scene.commit_in_order(*IDS, effects=ONE)
    scene.events.refuse, scene.returns.refuse = 3, 1
    scene.leave(*IDS)
    for _ in range(4):  # each time later, past the time at which the others were due at first
        scene.later(hours=1)
        scene.returns.refuse = 1
        sweep(scene)
        assert order(scene) == []
    assert [scene.entry(one)["due_at"][11:] for one in IDS] == ["14:08:00.000Z", "14:08:00.001Z", "14:08:00.002Z"]
    scene.later(hours=1)
    sweep(scene)
    assert order(scene) == IDS


def test_a_key_waits_in_all_pages_of_a_run(scene: OutletScene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "PAGE", 4)
    ids = [f"w{n}" for n in range(10)]
    scene.commit_in_order(*ids, effects=ONE)
    scene.later(minutes=1)
    scene.returns.refuse = 1
    sweep(scene)
    assert order(scene) == []
    scene.later(minutes=1)
    sweep(scene)
    assert sorted(order(scene)) == ids
    assert order(scene) == sorted(order(scene))


def test_a_key_waits_for_its_entry_that_cannot_be_opened_now(
    scene: OutletScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.commit_in_order(*IDS, effects=ONE)
    opening = SEALER.open

    def refuse_second(sealed: bytes, **of: Any) -> Any:
        if of["item"].startswith("w2|"):
            raise UnavailableError("Decrypt: ThrottlingException")
        return opening(sealed, **of)

    with monkeypatch.context() as patch:
        patch.setattr(SEALER, "open", refuse_second)
        with pytest.raises(UnavailableError, match="Decrypt"):
            scene.leave(*IDS)
    assert order(scene) == ["w1"]
    assert scene.entry("w1")["outlet"] == "left"
    scene.later(minutes=2)
    sweep(scene)
    assert order(scene) == IDS


def test_an_outlet_that_dies_within_a_line_has_noted_those_before(scene: OutletScene) -> None:
    class KilledError(BaseException):
        pass

    def kill(name: str) -> None:
        if name == "outlet.sent.message" and len(scene.returns.sent) == 2:
            raise KilledError

    point.hook(kill)
    scene.commit_in_order(*IDS, effects=ONE)
    rounds = scene.outlet.leave(IDS, lambda: True)
    assert rounds["w1"].exception() is None
    assert isinstance(rounds["w2"].exception(), KilledError)
    assert isinstance(rounds["w3"].exception(), KilledError)
    assert [scene.entry(one)["outlet"] for one in IDS] == ["left", "pending", "pending"]
    point.hook(None)
    scene.later(minutes=1)
    sweep(scene)
    assert order(scene) == ["w1", "w2", "w2", "w3"]


def test_keys_send_side_by_side(scene: OutletScene) -> None:
    ids = [f"w{n}" for n in range(outlet.AT_ONCE)]
    scene.commit(*ids, effects=ONE)
    scene.returns.before = meet(len(ids))
    scene.leave(*ids)
    assert sorted(order(scene)) == ids


@pytest.mark.parametrize("kind", ["event", "webhook"])
def test_events_and_webhooks_of_one_key_leave_side_by_side(scene: OutletScene, kind: str) -> None:
    ids = [f"w{n}" for n in range(outlet.AT_ONCE)]
    scene.commit_in_order(*ids, effects=[*ONE, webhook("2", "s")])
    channel: Any = {"event": scene.events, "webhook": scene.webhooks}[kind]
    channel.before = meet(len(ids))
    scene.leave(*ids)
    assert order(scene) == ids
    assert len(scene.webhooks.calls) == len(ids)


def test_a_line_that_is_slow_holds_up_no_partner_of_others(scene: OutletScene) -> None:
    line = [f"w{n}" for n in range(outlet.AT_ONCE)]
    scene.commit_in_order(*line, effects=ONE)
    scene.commit("x1", effects=[*ONE, webhook("2", "s")])
    called = Event()
    scene.webhooks.before = lambda _: called.set()

    def be_slow(returned: ReturnedEffect) -> None:
        assert returned.effect != "w0:0" or called.wait(PATIENCE_S)

    scene.returns.before = be_slow
    scene.leave(*line, "x1")
    assert called.is_set()
