import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bridge.backoff import Backoff
from bridge.observation import observe_returner
from bridge.port import (
    IN_HAND_S,
    NotRoutedError,
    Outgoing,
    Outlet,
    Returning,
    ReturnQueue,
    SinkUnavailableError,
    SourceLostError,
)
from bridge.returner import Returner, outgoing
from bridge.snapshot import STUCK_S, shortcomings
from bridge.stamp import unstamp
from contracts import naming, point
from contracts.amqp_value import ShortString
from contracts.claim import Claim
from contracts.entry_size import ENTRY_BYTES
from contracts.return_message import MalformedReturnError, ReturnedEffect, ReturnedHold, write_return
from tests.fakes.claims import MemoryBucket, MemoryClaimStore, no_claim
from tests.fakes.clock import FakeClock
from tests.fakes.message import padded, payin, translated
from tests.unit.bridge.test_stamp import behind


@dataclass
class MemoryReturns(ReturnQueue):
    """A FIFO queue: nothing of a group is handed out while something of it is in hand or waits."""

    clock: FakeClock
    away: bool = False
    messages: list[Returning] = field(default_factory=list)
    hidden_until: dict[str, float] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)

    def put(self, group: str, body: str) -> None:
        self.messages.append(Returning(f"r{len(self.messages) + len(self.deleted)}", group, body))

    def receive(self, wait_s: int) -> Sequence[Returning]:
        self._call()
        now = self.clock.seconds
        locked = {one.group for one in self.messages if self.hidden_until.get(one.receipt, 0) > now}
        found = [one for one in self.messages if one.group not in locked][:10]
        self.hidden_until |= {one.receipt: now + IN_HAND_S for one in found}
        if not found:
            self.clock.advance(wait_s)
        return found

    def delete(self, message: Returning) -> None:
        self._call()
        self.messages.remove(message)
        self.deleted.append(message.receipt)

    def release(self, message: Returning, delay_s: int) -> None:
        self._call()
        self.hidden_until[message.receipt] = self.clock.seconds + delay_s

    def _call(self) -> None:
        if self.away:
            raise SinkUnavailableError("ReceiveMessage: away")


@dataclass
class MemoryOutlet(Outlet):
    published: list[Outgoing] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Routing keys that no queue is bound by."""
    lost: bool = False
    lose_at: str | None = None

    def publish(self, message: Outgoing) -> None:
        if message.routing_key == self.lose_at:
            self.lost = True
        self.rest(0)
        if message.routing_key in self.refused:
            raise NotRoutedError("no queue, says the test")
        self.published.append(message)

    def rest(self, seconds: float) -> None:
        if self.lost:
            raise SourceLostError("lost, says the test")

    def close(self) -> None:
        self.lost = True


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.queue = MemoryReturns(self.clock)
        self.outlets: list[MemoryOutlet] = []
        self.fetch_s = 0.0
        """How long S3 takes."""
        self.refused: set[str] = set()
        self.bucket = MemoryBucket()
        self.returner = Returner(
            self.connect,
            self.queue,
            "us",
            self.clock,
            lambda: Backoff(1, 8, uniform=lambda _, most_s: most_s),
            fetch=self.fetch,
        )
        self.returner.open()

    def fetch(self, claim: Claim) -> bytes:
        self.clock.advance(self.fetch_s)
        return MemoryClaimStore(self.bucket).fetch(claim)

    def connect(self) -> MemoryOutlet:
        self.outlets.append(MemoryOutlet(refused=self.refused))
        return self.outlets[-1]

    @property
    def keys(self) -> list[ShortString]:
        return [one.routing_key for outlet in self.outlets for one in outlet.published]

    def step_until(self, reached: Callable[[], bool]) -> None:
        for _ in range(50):
            if reached():
                return
            self.returner.step()
            self.clock.advance(self.returner.waits_s())
        pytest.fail("never came to it")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def effect(key: str) -> str:
    return write_return(ReturnedEffect(f"{key}:0", "accounting", key, "application/json", b'{"a":1}', 4))


def test_a_follow_up_message_is_published_with_its_effect_id_and_then_deleted(scene: Scene) -> None:
    reached: list[str] = []
    point.hook(reached.append)
    scene.queue.put("g", effect("w1"))
    scene.returner.step()
    point.hook(None)
    assert scene.outlets[0].published == [
        Outgoing(
            "accounting",
            "w1",
            b'{"a":1}',
            {"content_type": "application/json", "delivery_mode": 2, "message_id": "w1:0"},
            {"strangler-effect-id": "w1:0", "strangler-sequence": 4},
        )
    ]
    assert scene.queue.deleted == ["r0"]
    assert reached == ["return.received", "return.published", "return.deleted"]


def test_a_message_whose_stamp_is_stale_goes_to_the_hold_queue_as_it_was_and_in_doubt() -> None:
    entry = translated("payin.create", payin("w1"), headers={"x": 1}, expiration="60000")
    message = outgoing(write_return(ReturnedHold("payin", "w1", entry.envelope, payin("w1"))), "us", no_claim)
    assert message.exchange == naming.ROUTE_EXCHANGE
    held = unstamp(behind(message))
    assert (held.family, held.route, held.doubtful, held.id) == ("payin", "hold", True, "w1")
    assert (held.delivery.body, held.delivery.headers) == (payin("w1"), {"x": 1})
    assert (held.delivery.facts.exchange, held.delivery.facts.routing_key) == ("notifications", "payin.create")
    assert held.delivery.facts.properties == {"expiration": "60000"}


def test_a_message_that_no_queue_takes_keeps_its_group_back_and_no_other(scene: Scene) -> None:
    scene.refused.add("w1")
    for group, key in (("g", "w1"), ("g", "w2"), ("h", "w3")):
        scene.queue.put(group, effect(key))
    scene.returner.step()
    assert scene.keys == ["w3"]
    scene.returner.step()
    assert scene.keys == ["w3"]
    scene.refused.clear()
    scene.step_until(lambda: len(scene.keys) == 3)
    assert scene.keys == ["w3", "w1", "w2"]
    assert scene.queue.messages == []


def test_a_message_that_cannot_be_read_stays_for_sqs_to_give_up_on(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.queue.put("g", '{"format":1,"secret":"x"}')
    scene.returner.step()
    assert (len(scene.queue.messages), scene.returner.counts["refused"]) == (1, 1)
    assert "secret" not in " ".join(str(vars(record)) for record in caplog.records)


def untagged() -> str:
    """A message to hold with a header that has no type."""
    document = json.loads(translated("payin.create", payin("w1")).envelope)
    document["amqp"]["headers"] = {"x": ["I", "no number"]}
    return write_return(ReturnedHold("payin", "w1", json.dumps(document), payin("w1")))


def large_hold(scene: Scene, webhook_id: str = "w1") -> str:
    """What lies in the return queue of a message whose body lies in S3."""
    entry = translated("payin.create", padded(payin(webhook_id), "x" * ENTRY_BYTES))
    assert entry.deposit is not None
    scene.bucket.objects[entry.deposit.key] = entry.deposit.body
    return write_return(ReturnedHold("payin", webhook_id, entry.envelope, b""))


def test_a_large_message_is_held_whole(scene: Scene) -> None:
    scene.queue.put("g", large_hold(scene))
    scene.returner.step()
    (message,) = scene.outlets[0].published
    assert message.body == padded(payin("w1"), "x" * ENTRY_BYTES)


def test_while_s3_is_away_only_the_groups_of_large_messages_wait(scene: Scene) -> None:
    scene.queue.put("g", large_hold(scene))
    scene.queue.put("h", effect("w3"))
    scene.bucket.away = True
    scene.returner.step()
    assert scene.keys == ["w3"]
    scene.bucket.away = False
    scene.step_until(lambda: not scene.queue.messages)


def test_an_s3_that_hangs_is_waited_for_once_in_a_round(scene: Scene) -> None:
    for name in ("w1", "w2", "w3"):
        scene.queue.put(name, large_hold(scene, name))
    scene.queue.put("h", effect("w4"))
    scene.bucket.away = True
    scene.fetch_s = 10
    scene.returner.step()
    assert (len(scene.bucket.calls), scene.keys, scene.returner.counts["refused"]) == (1, ["w4"], 3)
    scene.bucket.away = False
    scene.fetch_s = 0
    scene.step_until(lambda: not scene.queue.messages)


def test_what_is_left_when_half_of_its_time_in_hand_is_used_up_is_given_back_at_once(scene: Scene) -> None:
    scene.queue.put("g", large_hold(scene))
    for group, key in (("g", "w2"), ("h", "w3")):
        scene.queue.put(group, effect(key))
    scene.fetch_s = IN_HAND_S / 2
    scene.returner.step()
    assert len(scene.keys) == 1
    assert [scene.queue.hidden_until[one.receipt] for one in scene.queue.messages] == [scene.clock.seconds] * 2
    scene.returner.step()
    assert scene.keys[1:] == ["w2", "w3"]


def test_a_body_that_came_too_late_is_not_published_behind_somebody_elses_back(scene: Scene) -> None:
    scene.queue.put("g", large_hold(scene))
    scene.queue.put("g", effect("w2"))
    scene.fetch_s = IN_HAND_S
    scene.returner.step()
    assert scene.keys == []
    scene.fetch_s = 0
    scene.step_until(lambda: not scene.queue.messages)
    assert len(scene.keys) == 2
    assert scene.keys[1] == "w2"


def test_a_large_message_whose_body_is_lost_stays_for_sqs_to_give_up_on(scene: Scene) -> None:
    scene.queue.put("g", large_hold(scene))
    scene.bucket.objects.clear()
    scene.returner.step()
    assert (len(scene.queue.messages), scene.returner.counts["refused"]) == (1, 1)


@pytest.mark.parametrize("text", ["", "[]", write_return(ReturnedHold("payin", "w1", "no envelope", b"")), untagged()])
def test_what_is_no_return_message_is_told(text: str) -> None:
    with pytest.raises(MalformedReturnError):
        outgoing(text, "us", no_claim)


def test_a_lost_connection_is_opened_again_and_what_was_in_hand_comes_again_in_order(scene: Scene) -> None:
    for key in ("w1", "w2", "w3"):
        scene.queue.put("g", effect(key))
    scene.outlets[0].lose_at = "w2"
    scene.step_until(lambda: len(scene.keys) == 3)
    assert scene.keys == ["w1", "w2", "w3"]
    assert scene.returner.counts == {"returned": 3, "refused": 0, "reconnected": 1}


def test_while_the_broker_is_away_nothing_is_received(scene: Scene) -> None:
    scene.outlets[0].lost = True
    scene.queue.put("g", effect("w1"))
    scene.returner.step()
    assert scene.queue.hidden_until == {}
    assert scene.returner.waits_s() == 1


def test_while_sqs_is_away_the_returner_waits_and_says_why(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.queue.away = True
    scene.returner.step()
    assert scene.returner.waits_s() == 1
    assert "the return queue is away" in caplog.text
    scene.queue.away = False
    scene.queue.put("g", effect("w1"))
    scene.step_until(lambda: scene.keys == ["w1"])


def test_one_that_is_published_and_not_deleted_is_published_again_under_the_same_id(scene: Scene) -> None:
    scene.queue.put("g", effect("w1"))

    def cut(name: str) -> None:
        if name == "return.published":
            point.hook(None)
            scene.queue.away = True

    point.hook(cut)
    scene.returner.step()
    point.hook(None)
    scene.queue.away = False
    scene.clock.advance(120)
    scene.step_until(lambda: not scene.queue.messages)
    assert [one.properties["message_id"] for one in scene.outlets[0].published] == ["w1:0", "w1:0"]


def test_how_long_nothing_has_gone_well_is_told_and_forgotten_once_it_does(scene: Scene) -> None:
    scene.queue.away = True
    scene.step_until(lambda: scene.returner.failing_s(scene.clock.monotonic()) > STUCK_S)
    seen = observe_returner(scene.returner, scene.clock.monotonic())
    assert [one.reason for one in shortcomings(seen, seen.at)] == ["failing"]
    scene.queue.away = False
    scene.step_until(lambda: not scene.returner.failing_s(scene.clock.monotonic()))
    well = observe_returner(scene.returner, scene.clock.monotonic())
    assert not list(shortcomings(well, well.at))
