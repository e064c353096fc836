import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge.bootstrap import shipper_queues
from bridge.invalid import aside, parking_translator
from bridge.journal_file import JournalError
from bridge.observation import observe_shipper
from bridge.poison import PoisonFloodError
from bridge.port import (
    CallRefusedError,
    ChannelFailedError,
    Delivery,
    Entry,
    Outgoing,
    Receipt,
    SourceLostError,
    SourceRefusedError,
)
from bridge.ship_lane import ALTERED_TRIES, LATE_S
from bridge.shipper import POLL_S, STALLED_S, ShipLimits
from bridge.snapshot import shortcomings
from bridge.stamp import stamp
from contracts import naming, point
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import AmqpFacts
from contracts.parked import read_parked
from contracts.registry import FAMILIES
from contracts.routing import Decision, Route
from tests.fakes.broker import MemoryBroker
from tests.fakes.message import IBAN, NAME, balance, card_transaction, delivery, payin
from tests.fakes.ship_scene import BALANCES, CARDS, INVALID, PAYINS, TAP, Scene, scenes_in
from tests.fakes.sink import MemorySink


@pytest.fixture(autouse=True)
def journals(tmp_path: Path) -> Iterator[None]:
    with scenes_in(tmp_path):
        yield


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_delivery_goes_to_its_familys_queue_and_is_acknowledged(scene: Scene) -> None:
    scene.publish("w1")
    scene.broker.deliver(delivery("balance.update", balance("w2")))
    scene.broker.deliver(delivery("cardtransaction.create", card_transaction(), message_id="m1"))
    scene.shipper.step()
    assert (scene.sink.ids(PAYINS), scene.sink.ids(BALANCES), scene.sink.ids(CARDS)) == (["w1"], ["w2"], ["m1"])
    assert scene.acknowledged == 3
    assert scene.shipper.counts["shipped"] == 3
    assert scene.shipper.in_flight == 0


def test_nothing_is_acknowledged_before_it_was_accepted(scene: Scene) -> None:
    acknowledged_at_send: list[int] = []

    class Watched(MemorySink):
        def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
            acknowledged_at_send.append(scene.acknowledged)
            return super().send(queue, entries)

    shipper = scene.shipper_over(Watched())
    shipper.open()
    scene.publish("w1", "p1")
    scene.publish("w2", "p1")
    shipper.step()
    shipper.step()
    assert acknowledged_at_send == [0, 1]
    assert scene.acknowledged == 2


def test_two_messages_of_one_key_are_never_on_their_way_together(scene: Scene) -> None:
    for webhook_id, payin_id in (("w1", "p1"), ("w2", "p1"), ("w3", "p2"), ("w4", "p1")):
        scene.publish(webhook_id, payin_id)
    scene.step_until(lambda: scene.acknowledged == 4)
    assert scene.sink.calls == [(PAYINS, ("w1", "w3")), (PAYINS, ("w2",)), (PAYINS, ("w4",))]


def test_only_the_entry_that_failed_is_sent_again_under_the_same_identity(scene: Scene) -> None:
    scene.sink.answer("w2", Receipt("unknown", "InternalError"))
    for n in (1, 2, 3):
        scene.publish(f"w{n}", f"p{n}")
    scene.shipper.step()
    assert scene.acknowledged == 2
    assert scene.shipper.in_flight == 1
    first = scene.sink.sent[0]
    scene.clock.advance(1)
    scene.shipper.step()
    assert scene.sink.sent == [first, (first[1],)]
    assert scene.acknowledged == 3
    assert scene.shipper.counts["resent"] == 1


def test_an_entry_that_failed_keeps_the_rest_of_its_key_behind_it(scene: Scene) -> None:
    scene.sink.answer("w1", Receipt("unknown"), Receipt("unknown"))
    for webhook_id, payin_id in (("w1", "p1"), ("w2", "p1"), ("w3", "p2"), ("w4", "p2")):
        scene.publish(webhook_id, payin_id)
    scene.step_until(lambda: scene.acknowledged == 4)
    ids = scene.sink.ids(PAYINS)
    assert ids.index("w1") < ids.index("w2")
    assert ids.index("w3") < ids.index("w4")
    assert ids.index("w3") < ids.index("w1")


def test_a_failing_call_pauses_longer_each_time_and_diverts_nothing(scene: Scene) -> None:
    scene.sink.outages = 6
    scene.publish("w1")
    pauses = []
    for call in range(7):
        before = scene.clock.seconds
        scene.step_until(lambda call=call: len(scene.sink.calls) > call)  # type: ignore[misc]
        pauses.append(round(scene.clock.seconds - before, 1))
    assert pauses == [0, 1, 2, 4, 8, 8, 8]
    assert scene.broker.invalid == []
    assert scene.sink.ids(PAYINS) == ["w1"]
    assert scene.acknowledged == 1


def test_after_a_success_the_next_pause_is_short_again(scene: Scene) -> None:
    scene.sink.outages = 3
    scene.publish("w1")
    scene.step_until(lambda: scene.acknowledged == 1)
    scene.sink.outages = 1
    scene.publish("w2")
    before = scene.clock.seconds
    scene.step_until(lambda: scene.acknowledged == 2)
    assert scene.clock.seconds - before <= 1 + POLL_S


def test_a_pause_keeps_the_connection_alive(scene: Scene) -> None:
    scene.sink.outages = 3
    scene.publish("w1")
    scene.shipper.step()
    for _ in range(3):
        before = scene.clock.seconds
        scene.shipper.step()
        assert scene.clock.seconds - before <= POLL_S


def test_an_entry_that_is_refused_goes_to_the_invalid_message_channel(scene: Scene) -> None:
    scene.sink.answer("w1", Receipt("refused", "InvalidMessageContents"))
    scene.publish("w1")
    scene.publish("w2")
    scene.step_until(lambda: scene.acknowledged == 2)
    ((diverted, cause),) = scene.broker.invalid
    assert scene.broker.attempts == [1]
    assert diverted.body == payin("w1")
    assert cause == "refused-by-sqs:InvalidMessageContents"
    assert scene.sink.ids(PAYINS) == ["w2"]
    assert scene.shipper.counts == {
        "shipped": 1, "diverted": 1, "put_aside": 0, "resent": 0, "dropped": 0, "reconnected": 0
    }  # fmt: skip


def test_what_cannot_be_read_goes_to_the_invalid_message_channel_with_its_cause(scene: Scene) -> None:
    scene.broker.deliver(delivery("payin.create", b"\xff not json"))
    scene.publish("w1")
    scene.shipper.step()
    ((diverted, cause),) = scene.broker.invalid
    assert diverted.body == b"\xff not json"
    assert cause.startswith("unreadable:")
    assert scene.sink.ids(PAYINS) == ["w1"]


@pytest.mark.parametrize("breaks_before", ["poll", "acknowledge"])
def test_a_lost_connection_is_opened_again_and_nothing_is_lost(scene: Scene, breaks_before: str) -> None:
    for n in (1, 2, 3):
        scene.publish(f"w{n}", "p1")
    scene.source.lose_before = breaks_before
    scene.shipper.step()
    assert scene.shipper.in_flight == 0
    assert scene.acknowledged == 0
    assert scene.shipper.waits_s() == 1
    scene.clock.advance(1)
    scene.step_until(lambda: scene.acknowledged == 3)
    assert scene.sink.ids(PAYINS) == ["w1", "w2", "w3"]
    assert scene.shipper.counts["reconnected"] == 1


def test_a_connection_that_is_lost_while_diverting_diverts_again(scene: Scene) -> None:
    scene.broker.deliver(delivery("payin.create", b"not json"))
    scene.source.lose_before = "divert"
    scene.shipper.step()
    assert scene.broker.invalid == []
    scene.clock.advance(1)
    scene.shipper.step()
    assert [one.body for one, _ in scene.broker.invalid] == [b"not json"]


def test_reconnecting_waits_longer_each_time(scene: Scene) -> None:
    scene.broker.unreachable = 5
    scene.source.lose()
    scene.shipper.step()
    waits = []
    while len(scene.broker.connections) == 1:
        waits.append(scene.shipper.waits_s())
        scene.shipper.step()
        assert scene.shipper.waits_s() == waits[-1], "tried before its time"
        scene.clock.advance(waits[-1])
        scene.shipper.step()
    assert waits == [1, 2, 4, 8, 8, 8]
    assert scene.shipper.waits_s() == 0


def test_a_delivery_of_an_earlier_connection_is_never_acknowledged(scene: Scene) -> None:
    scene.publish("w1")
    scene.sink.answer("w1", Receipt("unknown"))
    scene.shipper.step()
    assert scene.shipper.in_flight == 1
    scene.source.lose()
    scene.clock.advance(8)  # the destination's own pause outlives the connection
    scene.step_until(lambda: scene.acknowledged == 1)
    assert [one.generation for one in scene.broker.acknowledged] == [1]


def test_a_destination_that_refuses_holds_up_no_other(scene: Scene) -> None:
    scene.publish("w1")
    scene.sink.answer("w1", Receipt("unknown"))
    scene.shipper.step()
    scene.broker.deliver(delivery("balance.update", payin("w2", "wallet")))
    scene.step_until(lambda: scene.acknowledged == 1)
    assert scene.shipper.in_flight == 1


def test_at_the_start_a_lost_broker_is_told_at_once(scene: Scene) -> None:
    scene.broker.unreachable = 1
    with pytest.raises(SourceLostError):
        scene.shipper_over(MemorySink()).open()


def test_a_broker_that_refuses_us_is_told_and_not_tried_again(scene: Scene) -> None:
    scene.refuses = True
    scene.source.lose()
    scene.shipper.step()
    scene.clock.advance(1)
    with pytest.raises(SourceRefusedError):
        scene.shipper.step()


def test_messages_that_a_full_tap_dropped_are_counted(scene: Scene) -> None:
    scene.broker.dropped = 3
    scene.shipper.step()
    scene.shipper.step()
    assert scene.shipper.counts["dropped"] == 3


def test_no_more_is_taken_than_the_prefetch_while_sqs_is_away() -> None:
    scene = Scene(prefetch=5)
    scene.sink.outages = 100
    for n in range(20):
        scene.publish(f"w{n}", f"p{n}")
    for _ in range(10):
        scene.shipper.step()
    assert scene.shipper.in_flight == 5
    assert scene.broker.count(TAP) == 15


def test_draining_settles_what_is_in_flight_and_takes_nothing_new(scene: Scene) -> None:
    scene.sink.outages = 1
    scene.publish("w1")
    scene.publish("w2")
    scene.shipper.step()
    scene.publish("w3")
    assert scene.shipper.drain(20)
    assert scene.sink.ids(PAYINS) == ["w1", "w2"]
    assert scene.broker.count(TAP) == 1
    assert scene.source.lost


def test_draining_ends_at_its_deadline_and_gives_back_what_is_left(scene: Scene) -> None:
    scene.sink.outages = 1000
    scene.publish("w1")
    scene.shipper.step()
    before = scene.clock.seconds
    assert not scene.shipper.drain(20)
    assert 20 <= scene.clock.seconds - before <= 20 + POLL_S
    assert scene.broker.count(TAP) == 1
    assert scene.acknowledged == 0


def test_draining_with_nothing_in_flight_ends_at_once(scene: Scene) -> None:
    assert scene.shipper.drain(20)
    assert scene.clock.seconds == 0


@pytest.mark.parametrize("breaks_before", ["pause", "acknowledge"])
def test_a_connection_that_is_lost_while_draining_is_told(scene: Scene, breaks_before: str) -> None:
    scene.sink.outages = 1
    scene.publish("w1")
    scene.shipper.step()
    scene.source.lose_before = breaks_before
    assert not scene.shipper.drain(20)
    assert scene.broker.count(TAP) == 1


def test_closing_gives_everything_back(scene: Scene) -> None:
    scene.sink.outages = 1
    scene.publish("w1")
    scene.shipper.step()
    scene.shipper.close()
    assert (scene.shipper.in_flight, scene.broker.count(TAP)) == (0, 1)
    scene.shipper.close()


def lying_in(queue: str, message: Outgoing) -> Delivery:
    facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
    return Delivery(queue, message.body, facts, message.headers, 1)


def routed(webhook_id: str, route: Route, queue: str) -> Delivery:
    one = delivery("payin.create", payin(webhook_id))
    return lying_in(queue, stamp(one, "payin", Decision(route, 0), id=webhook_id, own_user="us"))


def leaving_scene() -> Scene:
    """A shipper that is to leave every tap."""
    queues = shipper_queues(FAMILIES, (), 100)
    return Scene(broker=MemoryBroker(queues.consumed, successions=queues.successions))


def test_a_tap_that_is_left_is_emptied_before_the_routers_copies_are_taken() -> None:
    scene = leaving_scene()
    shadow = naming.shadow_queue_name("payin")
    scene.sink.outages = 1
    scene.publish("w1")
    scene.broker.deliver(routed("w1", "shadow", shadow))
    scene.broker.deliver(routed("w2", "shadow", shadow))
    scene.shipper.step()
    assert scene.broker.count(shadow) == 2
    assert TAP not in scene.broker.gone, "w1 is in flight"
    scene.step_until(lambda: scene.acknowledged == 3)
    assert [call[1] for call in scene.sink.calls] == [("w1",), ("w1",), ("w1",), ("w2",)]
    assert scene.sink.ids(PAYINS) == ["w1", "w2"], "the tap's and the router's copy are recognised as one"
    assert TAP in scene.broker.gone


def test_after_a_lost_connection_a_tap_that_is_gone_is_not_missed() -> None:
    scene = leaving_scene()
    scene.step_until(lambda: len(scene.broker.gone) == len(FAMILIES))
    scene.source.lose()
    scene.broker.deliver(routed("w1", "shadow", naming.shadow_queue_name("payin")))
    scene.step_until(lambda: scene.acknowledged == 1)


def test_messages_of_the_new_side_are_shipped_beside_a_tap(scene: Scene) -> None:
    scene.broker.deliver(routed("w1", "new", naming.ship_queue_name("payin")))
    scene.step_until(lambda: scene.acknowledged == 1)
    assert scene.sink.ids(PAYINS) == ["w1"]


def invalid(body: bytes) -> Delivery:
    one = delivery("payin.create", body)
    return lying_in(naming.INVALID_MESSAGE_QUEUE, aside(one, "unreadable:syntax", datetime(2026, 11, 21, tzinfo=UTC)))


def test_what_nobody_could_read_goes_on_to_the_index_of_dead_letters(scene: Scene) -> None:
    scene.broker.deliver(invalid(b"\xff not json"))
    scene.step_until(lambda: scene.acknowledged == 1)
    (entry,) = scene.sink.taken[INVALID]
    parked = read_parked(entry.body)
    assert (parked.body, parked.cause, parked.exchange) == (b"\xff not json", "unreadable:syntax", "notifications")
    assert entry.envelope == ""


def test_what_is_too_large_for_the_index_is_put_aside_and_never_comes_back(scene: Scene) -> None:
    scene.broker.deliver(invalid(random.Random(7).randbytes(ENTRY_BYTES)))
    scene.broker.deliver(invalid(b" " * ENTRY_BYTES))
    scene.step_until(lambda: scene.acknowledged == 2)
    assert len(scene.broker.oversize) == 1
    assert (scene.shipper.counts["put_aside"], scene.broker.invalid) == (1, [])


def test_what_sqs_refuses_of_the_invalid_message_channel_is_put_aside(scene: Scene) -> None:
    one = invalid(b"bad")
    scene.sink.answer(parking_translator()(one).id, Receipt("refused", "InvalidMessageContents"))
    scene.broker.deliver(one)
    scene.step_until(lambda: len(scene.broker.oversize) == 1)
    assert scene.broker.invalid == []


def test_while_a_call_is_under_way_the_broker_is_polled_and_others_are_sent(scene: Scene) -> None:
    scene.calls.holding = True
    scene.publish("w1", "p1")
    scene.shipper.step()
    before = scene.clock.seconds
    for _ in range(5):
        scene.shipper.step()
    assert scene.clock.seconds - before == 5 * POLL_S, "it polls, and does not spin"
    scene.publish("w2", "p1")
    scene.publish("w3", "p2")
    scene.shipper.step()
    assert len(scene.calls.held) == 2, "another key goes on, the same key waits"
    scene.calls.let_go()
    assert scene.broker.wakes == 2
    scene.calls.holding = False
    scene.step_until(lambda: scene.acknowledged == 3)
    assert scene.sink.ids(PAYINS) == ["w1", "w3", "w2"]


def test_an_answer_that_comes_after_the_connection_is_not_listened_to(scene: Scene) -> None:
    scene.calls.holding = True
    scene.publish("w1")
    scene.shipper.step()
    scene.source.lose()
    scene.shipper.step()
    scene.calls.let_go()
    scene.calls.holding = False
    scene.clock.advance(1)
    scene.step_until(lambda: scene.acknowledged == 1)
    assert [one.generation for one in scene.broker.acknowledged] == [1]
    assert scene.sink.ids(PAYINS) == ["w1"]


def test_a_call_that_is_refused_as_a_whole_is_parted_and_the_one_to_blame_found(scene: Scene) -> None:
    class Strict(MemorySink):
        def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
            if any(entry.id == "w2" for entry in entries):
                self.calls.append((queue, tuple(entry.id for entry in entries)))
                raise CallRefusedError("BatchRequestTooLong")
            return super().send(queue, entries)

    scene.shipper.close()
    strict = Strict()
    scene.shipper = scene.shipper_over(strict)
    scene.shipper.open()
    for n in (1, 2, 3):
        scene.publish(f"w{n}", f"p{n}")
    scene.step_until(lambda: scene.acknowledged == 3)
    assert [ids for _, ids in strict.calls] == [("w1", "w2", "w3"), ("w1",), ("w2",), ("w3",)]
    assert [cause for _, cause in scene.broker.invalid] == ["refused-by-sqs:BatchRequestTooLong"]
    assert scene.broker.attempts == [2]


def test_an_entry_that_does_not_arrive_as_it_was_sent_is_put_aside_after_some_tries(scene: Scene) -> None:
    scene.sink.answer("w1", *[Receipt("altered", "checksum of the body")] * ALTERED_TRIES)
    scene.publish("w1", "p1")
    scene.publish("w2", "p1")
    scene.step_until(lambda: scene.acknowledged == 2)
    assert [cause for _, cause in scene.broker.invalid] == ["altered-by-sqs:checksum of the body"]
    assert scene.broker.attempts == [ALTERED_TRIES]
    assert scene.sink.ids(PAYINS) == ["w2"]


def test_an_entry_that_fails_among_others_pauses_nobody_else(scene: Scene) -> None:
    scene.sink.answer("w1", *[Receipt("unknown", "InternalError")] * 3)
    scene.publish("w1", "p1")
    scene.publish("w2", "p2")
    scene.shipper.step()
    scene.publish("w3", "p3")
    scene.shipper.step()
    assert scene.sink.ids(PAYINS) == ["w2", "w3"]
    scene.step_until(lambda: scene.acknowledged == 3)
    assert scene.broker.invalid == []


def test_more_poison_than_the_limit_stops_the_shipper_and_drops_nothing() -> None:
    scene = Scene(limits=ShipLimits(poison_per_minute=2))
    for _ in range(5):
        scene.broker.deliver(delivery("payin.create", b"not json"))
    with pytest.raises(PoisonFloodError, match="2 messages within a minute"):
        scene.step_until(lambda: False)
    scene.shipper.close()
    assert (len(scene.broker.invalid), scene.broker.count(TAP)) == (2, 3), "exactly the limit, and the rest stays"
    assert scene.acknowledged == 2


def test_as_much_poison_as_the_limit_over_a_longer_time_does_no_harm() -> None:
    scene = Scene(limits=ShipLimits(poison_per_minute=2))
    for n in range(1, 6):
        scene.broker.deliver(delivery("payin.create", b"not json"))
        scene.step_until(lambda n=n: scene.acknowledged == n)  # type: ignore[misc]
        scene.clock.advance(31)
    assert len(scene.broker.invalid) == 5


def test_where_the_invalid_message_channel_fails_the_shipper_stops_and_drops_nothing(scene: Scene) -> None:
    scene.broker.invalid_fails = True
    scene.broker.deliver(delivery("payin.create", b"not json"))
    with pytest.raises(ChannelFailedError):
        scene.shipper.step()
    scene.shipper.close()
    assert (scene.broker.count(TAP), scene.acknowledged) == (1, 0)


def test_every_delivery_is_written_down_with_its_place(scene: Scene) -> None:
    scene.broker.deliver(delivery("payin.create", b"not json"))
    scene.publish("w1")
    scene.step_until(lambda: scene.acknowledged == 2)
    assert scene.places() == [("", "quarantined"), ("w1", "accepted")]


def test_what_is_in_hand_when_the_connection_goes_is_written_down_as_given_back(scene: Scene) -> None:
    scene.sink.outages = 1
    scene.publish("w1")
    scene.shipper.step()
    assert scene.places() == [("w1", None)]
    scene.source.lose()
    scene.shipper.step()
    assert scene.places() == [("w1", "returned")]
    scene.clock.advance(8)
    scene.step_until(lambda: scene.acknowledged == 1)
    assert scene.places() == [("w1", "redelivered"), ("w1", "accepted")]


def test_what_a_killed_shipper_had_in_hand_is_given_back_when_the_next_one_opens(scene: Scene) -> None:
    scene.sink.outages = 1
    scene.publish("w1")
    scene.shipper.step()
    scene.source.lose()  # the process is gone, and nobody wrote anything
    scene.shipper = scene.shipper_over(scene.sink)
    scene.shipper.open()
    assert scene.places() == [("w1", "returned")]


def fail_twice(scene: Scene, monkeypatch: pytest.MonkeyPatch, *, placed: bool) -> None:
    """Let the journal fail to write down what was placed, or what was taken."""
    write, fails = scene.log.write, 2

    def failing(*arguments: Any, **options: Any) -> None:
        nonlocal fails
        if fails and bool(arguments[1]) is placed:
            fails -= 1
            raise JournalError("the disk is full, says the test")
        write(*arguments, **options)

    monkeypatch.setattr(scene.log, "write", failing)


def test_nothing_is_sent_before_it_is_in_the_journal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_twice(scene, monkeypatch, placed=False)
    scene.publish("w1")
    scene.shipper.step()
    assert (scene.sink.calls, scene.acknowledged, scene.shipper.in_flight) == ([], 0, 1)
    assert scene.shipper.journal_fails
    scene.step_until(lambda: scene.acknowledged == 1)
    assert scene.clock.seconds >= 1 + 2
    assert scene.places() == [("w1", "accepted")]


def test_a_journal_that_can_be_written_again_is_well_though_nothing_has_found_its_place(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_twice(scene, monkeypatch, placed=False)
    scene.sink.outages = 1_000
    scene.publish("w1")
    scene.step_until(lambda: len(scene.sink.calls) > 0)
    scene.shipper.step()
    assert (scene.shipper.journal_fails, scene.acknowledged) == (False, 0)


def test_nothing_is_sent_after_a_journal_that_took_long_to_be_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may have given it to somebody else meanwhile."""
    write, slow = scene.log.write, True

    def hanging(*arguments: Any, **options: Any) -> None:
        nonlocal slow
        if slow:
            slow = False
            scene.clock.advance(STALLED_S)
        write(*arguments, **options)

    monkeypatch.setattr(scene.log, "write", hanging)
    scene.publish("w1")
    scene.shipper.step()
    assert (scene.sink.calls, scene.shipper.connected) == ([], False)
    scene.step_until(lambda: scene.acknowledged == 1)
    assert len(scene.broker.connections) == 2


def test_what_the_disk_refuses_is_neither_acknowledged_nor_sent_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, fails = scene.log.sync, 2

    def failing() -> None:
        nonlocal fails
        if fails:
            fails -= 1
            raise JournalError("the disk is broken, says the test")
        sync()

    monkeypatch.setattr(scene.log, "sync", failing)
    scene.publish("w1")
    scene.shipper.step()
    assert (scene.acknowledged, scene.shipper.in_flight, scene.shipper.journal_fails) == (0, 1, True)
    scene.step_until(lambda: scene.acknowledged == 1)
    assert (len(scene.sink.sent), scene.places()) == (1, [("w1", "accepted")])
    assert not scene.shipper.journal_fails


def test_nothing_is_acknowledged_before_it_is_in_the_journal(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_twice(scene, monkeypatch, placed=True)
    scene.publish("w1")
    scene.shipper.step()
    assert (scene.sink.ids(PAYINS), scene.acknowledged, scene.shipper.in_flight) == (["w1"], 0, 1)
    scene.step_until(lambda: scene.acknowledged == 1)
    assert scene.clock.seconds >= 1 + 2
    assert scene.places() == [("w1", "accepted")]
    assert len(scene.sink.sent) == 1, "it is not sent again for that"


def test_what_sqs_does_not_take_is_given_back_before_the_broker_takes_it_away() -> None:
    scene = Scene(limits=ShipLimits(delivery_timeout_s=60))
    scene.sink.outages = 10
    scene.publish("w1")
    scene.step_until(lambda: len(scene.broker.connections) == 2)
    assert 48 <= scene.clock.seconds <= 60
    scene.step_until(lambda: scene.acknowledged == 1)
    assert scene.broker.invalid == []


def test_after_a_long_stall_nothing_is_sent_before_the_broker_has_given_it_anew(scene: Scene) -> None:
    """The process is stopped after a poll, and goes on when the broker may have given its messages to another one."""
    scene.publish("w1")
    point.hook(lambda name: scene.clock.advance(STALLED_S) if name == "ship.taken" else None)
    try:
        scene.shipper.step()
        assert scene.sink.calls == []
    finally:
        point.hook(None)
    scene.step_until(lambda: scene.acknowledged == 1)
    assert [one.generation for one in scene.broker.acknowledged] == [1]


def test_a_call_that_has_waited_too_long_for_a_thread_is_not_made(scene: Scene) -> None:
    scene.calls.holding = True
    scene.publish("w1")
    scene.shipper.step()
    scene.clock.advance(LATE_S)
    scene.calls.let_go()
    assert scene.sink.calls == []


def test_calls_of_a_lost_connection_that_nobody_has_begun_are_not_made() -> None:
    scene = Scene()
    scene.calls.holding = True
    scene.publish("w1")
    for _ in range(3):
        scene.shipper.step()
        scene.source.lose()
        scene.shipper.step()
        scene.clock.advance(scene.shipper.waits_s())
    scene.shipper.step()
    scene.calls.let_go()
    assert len(scene.sink.calls) == 1


def test_a_broker_that_comes_and_goes_is_asked_less_and_less_until_something_is_settled(scene: Scene) -> None:
    waits = []
    for _ in range(4):
        scene.source.lose()
        scene.shipper.step()
        waits.append(scene.shipper.waits_s())
        scene.clock.advance(waits[-1])
        scene.shipper.step()
    assert waits == [1, 2, 4, 8]
    scene.publish("w1")
    scene.step_until(lambda: scene.acknowledged == 1)
    scene.source.lose()
    scene.shipper.step()
    assert scene.shipper.waits_s() == 1


def test_a_journal_that_cannot_be_written_is_told_and_what_waits_for_it_is_given_back_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene(limits=ShipLimits(delivery_timeout_s=20))

    def fail(*_: Any, **__: Any) -> None:
        raise JournalError("the disk is full, says the test")

    monkeypatch.setattr(scene.log, "write", fail)
    scene.publish("w1")
    scene.step_until(lambda: scene.shipper.journal_fails)
    assert (scene.shipper.in_flight, scene.acknowledged) == (1, 0)
    assert [one.reason for one in shortcomings(observe_shipper(scene.shipper, 0.0), 0.0)] == ["journal"]
    scene.step_until(lambda: len(scene.broker.connections) == 2)
    assert 16 <= scene.clock.seconds <= 20


def test_logs_say_why_and_never_what(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    scene.sink.answer("w2", Receipt("unknown", "InternalError"), Receipt("refused", "InvalidMessageContents"))
    scene.broker.deliver(delivery("payin.create", payin()[:-1]))
    scene.sink.outages = 1
    scene.publish("w2")
    scene.step_until(lambda: len(scene.broker.invalid) == 2)
    scene.source.lose()
    scene.shipper.step()
    said = {record.message for record in caplog.records}
    assert {"sending pauses", "to the Invalid Message Channel", "broker lost"} <= said
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert "1 of 1 entries not accepted" in told
    assert not [value for value in (NAME, IBAN, "Planted") if value in told]


def test_a_look_at_a_shipper_says_what_is_in_hand_and_why_it_pauses() -> None:
    scene = Scene(sink=MemorySink(unknown_queues=frozenset({PAYINS})))
    scene.publish("w1")
    scene.shipper.step()
    scene.clock.advance(70)
    seen = observe_shipper(scene.shipper, scene.clock.monotonic())
    lane = next(one for one in seen.lanes if one.queue == TAP)
    assert (seen.connected, lane.in_hand, lane.paused, lane.accepted_ago_s) == (True, 1, "absent", None)
    assert lane.oldest_s >= 70
    assert [(one.reason, one.where, one.paused) for one in shortcomings(seen, seen.at)] == [
        ("lane-stuck", TAP, "absent")
    ]
    scene.shipper.close()
    assert [one.reason for one in shortcomings(observe_shipper(scene.shipper, 70), 70)] == ["not-connected"]


def test_a_look_at_a_shipper_that_ships_finds_nothing_wrong(scene: Scene) -> None:
    scene.publish("w1")
    scene.shipper.step()
    seen = observe_shipper(scene.shipper, scene.clock.monotonic())
    assert list(shortcomings(seen, seen.at)) == []
    assert seen.counts["shipped"] == 1
    scene.publish("w2")
    scene.shipper.step()
    assert seen.counts["shipped"] == 1, "it does not change any more"
