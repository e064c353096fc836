"""A shipper whose loop makes its calls itself, wherever nothing of them would block; else it is in test_shipper."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bridge.port import CallRefusedError, Entry, Receipt
from bridge.window import KEPT_BYTES
from tests.fakes.express import MemoryExpress
from tests.fakes.message import card_transaction, delivery
from tests.fakes.ship_scene import CARDS, PAYINS, TAP, Scene, scenes_in
from tests.fakes.sink import MemorySink


@pytest.fixture
def express() -> Iterator[MemoryExpress]:
    one = MemoryExpress(MemorySink(), {PAYINS, CARDS})
    yield one
    one.close()


@pytest.fixture
def scene(tmp_path: Path, express: MemoryExpress) -> Iterator[Scene]:
    with scenes_in(tmp_path):
        yield scene_with(express)


def scene_with(express: MemoryExpress, sink: MemorySink | None = None) -> Scene:
    """Both take what is sent for the same sink. No thread makes anything unless a test lets it."""
    express.sink = sink or MemorySink()
    one = Scene(sink=express.sink, express=express)
    one.calls.holding = True
    return one


def test_what_blocks_nobody_is_sent_without_a_thread(scene: Scene, express: MemoryExpress) -> None:
    scene.publish("w1", "p1")
    scene.publish("w2", "p2")
    scene.step_until(lambda: scene.acknowledged == 2)
    assert express.begun == scene.sink.calls == [(PAYINS, ("w1", "w2"))]
    assert scene.calls.held == []
    assert scene.places() == [("w1", "accepted"), ("w2", "accepted")]


def test_what_would_block_goes_by_a_thread_and_what_comes_later_does_not(scene: Scene, express: MemoryExpress) -> None:
    express.known.clear()
    scene.publish("w1")
    scene.shipper.step()
    assert (express.begun, scene.sink.calls, len(scene.calls.held)) == ([], [], 1)
    scene.calls.let_go()
    scene.step_until(lambda: scene.acknowledged == 1)
    express.known.add(PAYINS)
    scene.publish("w2")
    scene.step_until(lambda: scene.acknowledged == 2)
    assert (express.begun, scene.calls.held) == ([(PAYINS, ("w2",))], [])


def test_nothing_is_acknowledged_before_its_answer_has_come(scene: Scene, express: MemoryExpress) -> None:
    express.holding = True
    scene.publish("w1")
    for _ in range(3):
        scene.shipper.step()
    assert (len(express.begun), scene.acknowledged, scene.shipper.in_flight) == (1, 0, 1)
    express.let_go()
    scene.shipper.step()
    assert (scene.acknowledged, scene.shipper.in_flight) == (1, 0)


def test_two_messages_of_one_key_are_never_on_their_way_together(scene: Scene, express: MemoryExpress) -> None:
    express.holding = True
    for webhook_id, payin_id in (("w1", "p1"), ("w2", "p1"), ("w3", "p2"), ("w4", "p1")):
        scene.publish(webhook_id, payin_id)
    scene.shipper.step()
    scene.publish("w5", "p3")
    scene.shipper.step()
    assert express.begun == [(PAYINS, ("w1", "w3")), (PAYINS, ("w5",))]
    express.let_go()
    scene.step_until(lambda: scene.acknowledged == 5)
    assert express.begun[2:] == [(PAYINS, ("w2",)), (PAYINS, ("w4",))]


def test_an_entry_that_failed_keeps_the_rest_of_its_key_behind_it(scene: Scene, express: MemoryExpress) -> None:
    scene.sink.answer("w1", Receipt("unknown"), Receipt("unknown"))
    for webhook_id, payin_id in (("w1", "p1"), ("w2", "p1"), ("w3", "p2")):
        scene.publish(webhook_id, payin_id)
    scene.step_until(lambda: scene.acknowledged == 3)
    assert scene.sink.ids(PAYINS) == ["w3", "w1", "w2"]
    assert len(express.begun) == 4
    assert scene.calls.held == []


def test_a_failing_call_pauses_longer_each_time_and_diverts_nothing(scene: Scene, express: MemoryExpress) -> None:
    scene.sink.outages = 4
    scene.publish("w1")
    begun_at: list[float] = []
    for call in range(5):
        scene.step_until(lambda call=call: len(express.begun) > call)  # type: ignore[misc]
        begun_at.append(scene.clock.seconds)
    pauses = [later - earlier for earlier, later in itertools.pairwise(begun_at)]
    assert all(pause >= least for pause, least in zip(pauses, (1, 2, 4, 8), strict=True))
    scene.step_until(lambda: scene.acknowledged == 1)
    assert (scene.broker.invalid, scene.sink.ids(PAYINS)) == ([], ["w1"])


def test_a_call_that_is_refused_as_a_whole_is_parted_and_the_one_to_blame_found(
    scene: Scene, express: MemoryExpress
) -> None:
    class Strict(MemorySink):
        def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
            if any(entry.id == "w2" for entry in entries):
                raise CallRefusedError("BatchRequestTooLong")
            return super().send(queue, entries)

    scene = scene_with(express, Strict())
    for n in (1, 2, 3):
        scene.publish(f"w{n}", f"p{n}")
    scene.step_until(lambda: scene.acknowledged == 3)
    assert [ids for _, ids in express.begun] == [("w1", "w2", "w3"), ("w1",), ("w2",), ("w3",)]
    assert [cause for _, cause in scene.broker.invalid] == ["refused-by-sqs:BatchRequestTooLong"]


def test_calls_of_a_lost_connection_are_abandoned_and_their_messages_come_again(
    scene: Scene, express: MemoryExpress
) -> None:
    express.holding = True
    scene.publish("w1")
    scene.shipper.step()
    (call,) = express.under_way
    scene.source.lose()
    scene.shipper.step()
    assert call.cancelled
    express.let_go()
    scene.clock.advance(scene.shipper.waits_s())
    scene.step_until(lambda: scene.acknowledged == 1)
    assert [one.generation for one in scene.broker.acknowledged] == [1]
    assert scene.places() == [("w1", "redelivered"), ("w1", "accepted")]
    assert len(express.begun) == 2


@pytest.mark.parametrize("generation", [0, 1])
def test_whoever_waits_for_the_broker_looks_at_answers_too(
    scene: Scene, express: MemoryExpress, generation: int
) -> None:
    if generation:
        scene.source.lose()
        scene.shipper.step()
        scene.clock.advance(scene.shipper.waits_s())
        scene.shipper.step()
    scene.publish("w1")
    scene.shipper.step()
    (call,) = express.under_way
    scene.source.poll(0)
    assert call.done()


def test_an_answer_that_takes_too_long_is_ended_though_no_file_tells_of_it(
    scene: Scene, express: MemoryExpress
) -> None:
    express.holding = True
    scene.publish("w1")
    scene.shipper.step()
    express.holding = False
    scene.shipper.step()
    assert scene.acknowledged == 1


def test_draining_waits_for_what_is_under_way(scene: Scene, express: MemoryExpress) -> None:
    scene.sink.outages = 1
    scene.publish("w1", "p1")
    scene.publish("w2", "p2")
    scene.shipper.step()
    scene.publish("w3", "p3")
    assert scene.shipper.drain(20)
    assert (scene.sink.ids(PAYINS), scene.broker.count(TAP), len(express.begun)) == (["w1", "w2"], 1, 2)


def test_draining_ends_at_its_deadline_and_abandons_what_is_under_way(scene: Scene, express: MemoryExpress) -> None:
    express.holding = True
    scene.publish("w1")
    scene.shipper.step()
    (call,) = express.under_way
    assert not scene.shipper.drain(20)
    assert call.cancelled
    assert (scene.broker.count(TAP), scene.acknowledged) == (1, 0)


def test_a_body_that_is_too_large_to_be_kept_twice_goes_by_a_thread_with_all_of_its_call(
    scene: Scene, express: MemoryExpress
) -> None:
    small, large = card_transaction(), b'{"x": "' + b"x" * KEPT_BYTES + b'"}'
    scene.broker.deliver(delivery("cardtransaction.create", small, message_id="m1"))
    scene.broker.deliver(delivery("cardtransaction.create", large, message_id="m2"))
    scene.shipper.step()
    assert (express.begun, len(scene.calls.held)) == ([], 1)
    scene.calls.let_go()
    scene.step_until(lambda: scene.acknowledged == 2)
    assert scene.sink.calls == [(CARDS, ("m1", "m2"))]
    scene.broker.deliver(delivery("cardtransaction.create", small, message_id="m3"))
    scene.step_until(lambda: scene.acknowledged == 3)
    assert express.begun == [(CARDS, ("m3",))]
