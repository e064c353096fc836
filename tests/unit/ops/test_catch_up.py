"""The catch-up over moto's ledger, with a monolith that answers when time passes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from bridge.port import Delivery, Outgoing, SourceLostError
from bridge.stamp import unstamp
from bridge.translator import notification_translator
from contracts import naming, point, stamp_header
from contracts.amqp_value import Int8, Table
from contracts.authority import AuthorityRecord
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import AmqpFacts, read_envelope
from contracts.registry import PAYOUT
from ops import catch_up
from ops.catch_up import STAMPED_INDEX, CatchUp, Keys, Owed, against, muted
from ops.errand import OvertakenError
from ops.exit_code import ExitCode
from ops.fault import CommandError
from tests.amqp_space import written
from tests.fakes.claims import MemoryBucket
from tests.fakes.clock import FakeClock
from tests.fakes.key import static_sealer
from tests.fakes.message import NOW, padded, payin, payout, translated
from tests.unit.bridge.test_stamp import behind
from tests.unit.ops.conftest import STACK
from workers.port import Carried
from workers.store.attribute import seal_message

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEALER = static_sealer()
LIVE = AuthorityRecord("payin", stage="live", epoch=7, stamp_epoch=7)
TABLE = naming.ledger_table_name(STACK)


@dataclass
class Monolith:
    """Ends what was published when time passes: the broker, PHP, recorder and ledger in one."""

    client: "DynamoDBClient"
    clock: FakeClock
    published: list[Outgoing] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    stuck: frozenset[str] = frozenset()
    deaf: frozenset[str] = frozenset()
    """Messages that a host with an old recorder takes."""
    after: Callable[[str], None] = lambda _: None
    """What happens once it has ended a message."""
    lost: bool = False
    closed: int = 0

    def publish(self, message: Outgoing) -> None:
        if self.lost:
            raise SourceLostError("ConnectionClosed")
        self.published.append(message)
        assert message.headers is not None
        self.waiting.append(message.headers[stamp_header.ID])

    def rest(self, seconds: float) -> None:
        self.clock.advance(seconds)
        for one in [one for one in self.waiting if one not in self.stuck]:
            self.waiting.remove(one)
            self.end(one, muted=one not in self.deaf)
            self.after(one)

    def end(self, message_id: str, *, muted: bool) -> None:
        self.client.update_item(
            TableName=TABLE,
            Key={"pk": {"S": message_id}},
            UpdateExpression="SET control_final = :yes" + (", control_muted = :yes" if muted else ""),
            ExpressionAttributeValues={":yes": {"S": "yes"}},
        )

    def close(self) -> None:
        self.closed += 1

    @property
    def ids(self) -> list[str]:
        return [message.headers[stamp_header.ID] for message in self.published if message.headers]


@dataclass
class Scene:
    client: "DynamoDBClient"
    monolith: Monolith
    catch_up: CatchUp
    records: list[AuthorityRecord]
    """What is decided about the family: the last one now."""
    bodies: MemoryBucket

    def processed(
        self, message_id: str, key: str, sequence: int, *, age_s: float = 60, body: bytes | None = None, **more: Any
    ) -> None:
        """Let the new side have processed a message with authority."""
        entry = translated("payin.create", payin(message_id, key))
        at = datetime.fromtimestamp(self.monolith.clock.now(), UTC) - timedelta(seconds=age_s)
        carried = Carried(entry.body.encode(), entry.envelope)
        if body is not None:
            entry = translated("payin.create", body)
            assert entry.deposit is not None
            self.bodies.objects[entry.deposit.key] = body
            carried = Carried(b"", entry.envelope)
        item: dict[str, Any] = {
            "pk": {"S": message_id},
            "tenant": {"S": "default"},
            "stamped": {"S": "payin#7"},
            "processed_at": {"S": at.isoformat(timespec="milliseconds")},
            "business_key": {"S": key},
            "sequence": {"N": str(sequence)},
            "message": {"B": seal_message(carried, message_id, "default", SEALER)},
        }
        self.client.put_item(TableName=TABLE, Item=item | more)


@pytest.fixture
def scene(aws: None) -> Iterator[Scene]:
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("pk", "stamped", "processed_at")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": STAMPED_INDEX,
                "KeySchema": [
                    {"AttributeName": "stamped", "KeyType": "HASH"},
                    {"AttributeName": "processed_at", "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["business_key", "sequence", "control_final", "type"],
                },
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    clock = FakeClock()
    monolith = Monolith(client, clock)
    records, bodies = [LIVE], MemoryBucket()
    yield Scene(
        client,
        monolith,
        CatchUp(
            client,
            STACK,
            Keys(lambda: SEALER, bodies.get),
            lambda: monolith,
            clock,
            clock.advance,
            lambda _: None,
            current=lambda _: records[-1],
        ),
        records,
        bodies,
    )
    point.hook(None)


def test_a_large_message_is_caught_up_with_from_where_it_lies(scene: Scene) -> None:
    body = padded(payin("m1", "p1"), "x" * ENTRY_BYTES)
    scene.processed("m1", "p1", 1, body=body)
    found = scene.catch_up.run(LIVE, 60, settled=True)
    assert (found.published, found.left) == (1, ())
    assert [message.body for message in scene.monolith.published] == [body]


def test_a_large_message_whose_body_is_lost_ends_the_catch_up_and_is_named(scene: Scene) -> None:
    scene.processed("m1", "p1", 1, body=padded(payin("m1", "p1"), "x" * ENTRY_BYTES))
    scene.bodies.objects.clear()
    with pytest.raises(CommandError, match=r"m1: its body is not in S3 as it was \(missing\)"):
        scene.catch_up.run(LIVE, 60, settled=True)


def test_what_is_owed_goes_in_order_of_key_and_sequence_and_is_waited_for(scene: Scene) -> None:
    scene.processed("m3", "p2", 1)
    scene.processed("m2", "p1", 12, age_s=10)
    scene.processed("m1", "p1", 9, age_s=11)
    scene.processed("m0", "p0", 1, control_final={"S": "yes"})
    scene.processed("other epoch", "p0", 2, stamped={"S": "payin#6"})
    found = scene.catch_up.run(LIVE, 60, settled=True)
    assert (found.published, found.left) == (3, ())
    assert scene.monolith.ids == ["m1", "m2", "m3"]
    assert scene.monolith.closed == 1


def test_where_nothing_is_owed_nobody_connects(scene: Scene) -> None:
    assert scene.catch_up.run(LIVE, 60, settled=True).published == 0
    assert scene.monolith.closed == 0


def test_a_message_goes_as_it_was_published_and_muted(scene: Scene) -> None:
    scene.processed("m1", "p1", 1)
    scene.catch_up.run(LIVE, 60, settled=True)
    (message,) = scene.monolith.published
    original = translated("payin.create", payin("m1", "p1"))
    amqp = read_envelope(original.envelope).amqp
    assert (message.exchange, message.routing_key) == (naming.ROUTE_EXCHANGE, amqp.routing_key)
    assert message.body == original.body.encode()
    assert message.headers is not None
    ours = {name: value for name, value in message.headers.items() if name.startswith(stamp_header.PREFIX)}
    assert ours.pop(stamp_header.AT).startswith("2026-11-21T09:59")
    ours.pop(stamp_header.NO_HEADERS, None)
    assert ours == {
        stamp_header.FAMILY: "payin",
        stamp_header.ROUTE: "legacy",
        stamp_header.EPOCH: 7,
        stamp_header.EXCHANGE: amqp.exchange,
        stamp_header.ID: "m1",
        stamp_header.MUTED: True,
    }
    assert message.properties["delivery_mode"] == 2
    assert "expiration" not in message.properties


def test_what_is_no_text_and_what_is_there_twice_is_caught_up_with_too() -> None:
    facts = AmqpFacts("payouts", b"\xff", redelivered=False, properties={"user_id": b"\xfe"})
    own = Table([("a", Int8(1)), (b"\xff", None), ("a", 1)])
    entry = notification_translator(PAYOUT, lambda: NOW)(Delivery("tap", payout(), facts, own, 1))
    owed = Owed("w1", "p1", 1, "2026-11-21T09:59:00+00:00")
    message = muted(Carried(payout(), entry.envelope), owed, LIVE)
    assert (message.headers or {})[stamp_header.MUTED] is True
    back = unstamp(behind(message)).delivery
    assert written(back.headers) == written(own)
    assert (back.facts.exchange, back.facts.routing_key) == ("payouts", b"\xff")
    assert back.facts.properties["user_id"] == b"\xfe"


def test_while_new_acts_the_youngest_are_left_for_the_next_time(scene: Scene) -> None:
    scene.processed("m1", "p1", 1)
    scene.processed("m2", "p1", 2, age_s=1)
    assert scene.catch_up.run(LIVE, 60, settled=False).published == 1
    assert scene.monolith.ids == ["m1"]


def test_behind_a_fence_the_youngest_are_waited_for(scene: Scene) -> None:
    scene.processed("m1", "p1", 1, age_s=0)
    assert scene.catch_up.run(LIVE, 60, settled=True).published == 1


def test_what_the_monolith_does_not_end_in_time_is_named(scene: Scene) -> None:
    scene.processed("m1", "p1", 1)
    scene.processed("m2", "p2", 1)
    scene.monolith.stuck = frozenset({"m2"})
    found = scene.catch_up.run(LIVE, 5, settled=True)
    assert (found.published, found.left, found.loud) == (2, ("m2",), ())
    assert [one.text.partition(":")[0] for one in against(found)] == ["1 message that the monolith has not ended"]


def test_the_first_message_goes_alone_until_it_is_known_as_muted(scene: Scene) -> None:
    for number in range(4):
        scene.processed(f"m{number}", "p1", number)
    gone_before: list[list[str]] = []
    scene.monolith.after = lambda _: gone_before.append(scene.monolith.ids)
    assert scene.catch_up.run(LIVE, 60, settled=True).published == 4
    assert gone_before[0] == ["m0"]
    assert gone_before[1] == ["m0", "m1", "m2", "m3"]


def test_a_consumer_that_cannot_mute_gets_one_message_and_no_more(scene: Scene) -> None:
    for number in range(4):
        scene.processed(f"m{number}", "p1", number)
    scene.monolith.deaf = frozenset({"m0", "m1", "m2", "m3"})
    found = scene.catch_up.run(LIVE, 60, settled=True)
    assert (found.published, found.left, found.loud) == (1, (), ("m0",))
    assert scene.monolith.ids == ["m0"]
    (objection,) = against(found)
    assert (objection.against, objection.ids) == ("catch-up", ("m0",))
    assert "does not know `strangler-muted`" in objection.text
    assert "Update the recorder on every host; 1 published, nothing more is" in objection.text


def test_one_host_of_several_that_cannot_mute_stops_it_at_the_next_window(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "WINDOW", 2)
    for number in range(6):
        scene.processed(f"m{number}", "p1", number)
    scene.monolith.deaf = frozenset({"m2"})
    found = scene.catch_up.run(LIVE, 60, settled=False)
    assert (found.published, found.left, found.loud) == (3, (), ("m2",))
    assert scene.monolith.ids == ["m0", "m1", "m2"]


def test_a_message_that_a_deaf_host_has_ended_is_told_though_another_one_is_stuck(scene: Scene) -> None:
    for name in ("m1", "m2", "m3"):
        scene.processed(name, "p1", 1)
    scene.monolith.stuck, scene.monolith.deaf = frozenset({"m2"}), frozenset({"m3"})
    found = scene.catch_up.run(LIVE, 20, settled=True)
    assert (found.left, found.loud) == (("m2",), ("m3",))
    assert len(list(against(found))) == 2


def test_an_outcome_of_an_earlier_time_that_comes_late_is_no_alarm(scene: Scene) -> None:
    scene.processed("m1", "p1", 1)
    scene.processed("m2", "p1", 2)
    scene.monolith.stuck = frozenset({"m1"})

    def late(name: str) -> None:
        if scene.monolith.ids == ["m1"]:
            scene.monolith.end("m1", muted=False)
            scene.monolith.stuck = frozenset()  # which takes ours for a repeat, muted

    point.hook(late)
    found = scene.catch_up.run(LIVE, 60, settled=True)
    assert (found.published, found.left, found.loud) == (2, (), ())


def test_what_has_become_final_otherwise_is_neither_published_nor_an_alarm(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "WINDOW", 2)
    for number in range(6):
        scene.processed(f"m{number}", "p1", number)

    def other_operator(message_id: str) -> None:
        if message_id == "m0":
            for one in ("m1", "m2", "m4"):
                scene.monolith.end(one, muted=one == "m4")

    scene.monolith.after = other_operator
    found = scene.catch_up.run(LIVE, 60, settled=False)
    assert (found.published, found.left, found.loud) == (3, (), ())
    assert scene.monolith.ids == ["m0", "m3", "m5"]


def test_whatever_was_ended_before_the_first_message_goes_alone(scene: Scene) -> None:
    for number in range(3):
        scene.processed(f"m{number}", "p1", number)
    final = scene.catch_up._final
    ended = iter(["m0"])

    def faster(message_ids: Sequence[str]) -> Mapping[str, bool]:
        found = final(message_ids)
        for one in ended:
            scene.monolith.end(one, muted=True)
        return found

    scene.catch_up._final = faster  # type: ignore[method-assign]  # the race's point is inside
    scene.monolith.deaf = frozenset({"m1", "m2"})
    found = scene.catch_up.run(LIVE, 60, settled=True)
    assert (found.published, found.loud) == (1, ("m1",))


def test_it_stops_before_the_next_window_once_somebody_else_has_moved_the_family(scene: Scene) -> None:
    for number in range(3):
        scene.processed(f"m{number}", "p1", number)
    scene.monolith.after = lambda _: scene.records.append(replace(LIVE, phase="fenced", target="shadow", run="r"))
    with pytest.raises(OvertakenError) as overtaken:
        scene.catch_up.run(LIVE, 60, settled=False)
    assert overtaken.value.published == 1
    assert scene.monolith.ids == ["m0"]
    assert scene.monolith.closed == 1


def test_killed_in_the_middle_and_run_again_everything_arrives_in_order(scene: Scene) -> None:
    for number in range(4):
        scene.processed(f"m{number}", "p1", number)
    reached: list[str] = []

    def kill(name: str) -> None:
        reached.append(name)
        if len(reached) == 2:
            raise KeyboardInterrupt

    point.hook(kill)
    with pytest.raises(KeyboardInterrupt):
        scene.catch_up.run(LIVE, 60, settled=True)
    assert set(reached) == {"catchup.published"}
    point.hook(None)
    assert scene.catch_up.run(LIVE, 60, settled=True).left == ()
    assert list(dict.fromkeys(scene.monolith.ids)) == ["m0", "m1", "m2", "m3"]
    assert scene.catch_up.owed(LIVE) == ()


def test_a_broker_that_is_gone_is_told_and_the_connection_closed(scene: Scene) -> None:
    scene.processed("m1", "p1", 1)
    scene.monolith.lost = True
    with pytest.raises(CommandError) as failure:
        scene.catch_up.run(LIVE, 60, settled=True)
    assert failure.value.code is ExitCode.UNREACHABLE
    assert scene.monolith.closed == 1


def test_an_entry_without_its_message_is_named_and_not_left_out(scene: Scene) -> None:
    scene.processed("m1", "p1", 1)
    scene.client.update_item(TableName=TABLE, Key={"pk": {"S": "m1"}}, UpdateExpression="REMOVE message")
    with pytest.raises(CommandError, match="m1: the ledger does not keep its message"):
        scene.catch_up.run(LIVE, 60, settled=True)
