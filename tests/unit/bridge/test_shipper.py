from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bridge.backoff import Backoff
from bridge.port import Entry, Receipt, Sink, SourceLostError, SourceRefusedError
from bridge.shipper import POLL_S, Shipper
from bridge.translator import notification_translator, outcome_translator
from contracts import naming
from contracts.registry import FAMILIES
from tests.fakes.broker import MemoryBroker, MemorySource
from tests.fakes.clock import FakeClock
from tests.fakes.message import IBAN, NAME, balance, card_transaction, delivery, payin
from tests.fakes.sink import MemorySink

PAYINS = "s-payin.fifo"
CARDS = "s-cardtransaction"
BALANCES = "s-balance.fifo"
TAP = naming.tap_queue_name("payin")


@dataclass
class Scene:
    """A shipper between a broker, a sink and a clock of the test's own."""

    clock: FakeClock = field(default_factory=FakeClock)
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    sink: MemorySink = field(default_factory=MemorySink)
    prefetch: int = 200
    refuses: bool = False

    def __post_init__(self) -> None:
        self.broker.idle = self.clock.advance
        self.shipper = self.shipper_over(self.sink)
        self.shipper.open()

    def shipper_over(self, sink: Sink) -> Shipper:
        routes = {
            naming.tap_queue_name(family.name): (
                naming.queue_name("s", family.name, ordered=family.ordered),
                notification_translator(family, self.clock.now),
            )
            for family in FAMILIES
        }
        return Shipper(
            self.connect,
            sink,
            {**routes, naming.OUTCOME_QUEUE: ("s-outcomes", outcome_translator(self.clock.now))},
            self.clock,
            lambda: Backoff(first_s=1, most_s=8, uniform=lambda _, most_s: most_s),
        )

    def connect(self) -> MemorySource:
        if self.refuses:
            raise SourceRefusedError("refused by the test")
        return self.broker.connect(self.prefetch)

    @property
    def source(self) -> MemorySource:
        return self.broker.connections[-1]

    def publish(self, webhook_id: str, payin_id: str = "p1") -> None:
        self.broker.deliver(delivery("payin.create", payin(webhook_id, payin_id)))

    def step_until(self, reached: Callable[[], bool]) -> None:
        for _ in range(100):
            if reached():
                return
            self.shipper.step()
            self.clock.advance(self.shipper.waits_s())
        pytest.fail("never came to it")

    @property
    def acknowledged(self) -> int:
        return len(self.broker.acknowledged)


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
    scene.step_until(lambda: scene.acknowledged == 1)
    ((diverted, cause),) = scene.broker.invalid
    assert diverted.body == payin("w1")
    assert cause == "refused-by-sqs:InvalidMessageContents"
    assert scene.sink.ids(PAYINS) == ["w2"]
    assert scene.shipper.counts == {"shipped": 1, "diverted": 1, "resent": 0, "dropped": 0, "reconnected": 0}


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
