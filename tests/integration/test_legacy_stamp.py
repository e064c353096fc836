"""The monolith behind a router: its consumers obey the stamp, on the queue that somebody else has made."""

import base64
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pika
import pytest

from bridge import amqp_field
from contracts import naming, stamp_header
from infra.local.rabbitmq import RabbitNode
from tests.patience import eventually
from tests.yard import BIN, WITHIN_S, Yard

PAST = "2024-10-27T01:02:03.456Z"
STAMPED_NEW = {stamp_header.ROUTE: "new", stamp_header.EPOCH: 7}
MUTED = STAMPED_NEW | {stamp_header.MUTED: True, stamp_header.AT: PAST}
KINDS = {"payin": "payin.create", "payout": "payout.update"}
each_consumer = pytest.mark.parametrize("family", ["payin", "payout"], ids=["php-amqplib", "Symfony"])


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    with RabbitNode(tmp_path_factory.mktemp("node")) as node:
        yield node


@pytest.fixture
def yard(node: RabbitNode, php: Sequence[str], tmp_path: Path) -> Yard:
    yard = Yard(node, php, tmp_path)
    families = ("payin", "payout")
    yard.declare(naming.INVALID_MESSAGE_QUEUE, *(naming.legacy_queue_name(family) for family in families))
    for queue in (naming.OUTCOME_QUEUE, "monolith.accounting", *(f"monolith.{family}" for family in families)):
        yard.take(queue)
    return yard


@pytest.fixture(scope="module")
def bodies(php: Sequence[str]) -> dict[str, list[bytes]]:
    """Bodies of distinct messages, by family."""
    command = [*php, str(BIN / "publish.php"), "--messages", "120", "--seed", "5", "--print"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=WITHIN_S).stdout.splitlines()
    lines = {(line := json.loads(one))["id"]: line for one in printed}.values()
    return {
        family: [base64.b64decode(line["body_base64"]) for line in lines if line["type"] == kind]
        for family, kind in KINDS.items()
    }


@each_consumer
def test_a_message_that_is_stamped_new_is_handed_back_whole_and_not_processed(
    yard: Yard, bodies: dict[str, list[bytes]], family: str
) -> None:
    queue = naming.legacy_queue_name(family)
    yard.declare("elsewhere")
    hop = ["edge", 1] if family == "payin" else ["edge", "x"]  # PHP's extension drops numbers from lists
    headers = {"hop": hop, "live": False, "table": {"a": -5}, "note": "é", "rate": 0.1, "CC": ["elsewhere"]}
    properties = {
        "content_type": "x/y",
        "message_id": "m-1",
        "expiration": "600000",
        "user_id": yard.node.user,
        "correlation_id": "c",
        "timestamp": 1_700_000_000,
        "delivery_mode": 1,
    }
    yard.publish(queue, bodies[family][0], headers | STAMPED_NEW, **properties)
    assert len(yard.take("elsewhere")) == 1

    with yard.consumer(family, queue) as consumer:
        yard.says(consumer, "handed back, stamped-new")

    [found] = yard.take(naming.INVALID_MESSAGE_QUEUE)
    assert found.body == bodies[family][0]
    kept = {name: value for name, value in found.headers.items() if not name.startswith("x-")}
    # php-amqplib cannot write a double; and CC would bring a copy to another queue.
    assert kept == {name: value for name, value in headers.items() if name not in ("rate", "CC")} | STAMPED_NEW
    notes = {name.removeprefix("x-strangler-"): value for name, value in found.headers.items() if name not in kept}
    assert notes.pop("at")
    assert notes == {
        "cause": "stamped-new",
        "exchange": "",
        "routing-key": queue,
        "queue": queue,
        "expiration": "600000",
        "user-id": yard.node.user,
        "cc": ["elsewhere"],
        "headers": '{"rate":0.1}',
    }
    gone = {"expiration": None, "user_id": None, "delivery_mode": 2}
    assert {name: getattr(found.properties, name) for name in properties} == properties | gone
    assert [yard.ready(one) for one in (queue, "elsewhere", naming.OUTCOME_QUEUE)] == [0, 0, 0]
    assert yard.rows("SELECT * FROM processed_messages UNION SELECT message_id, type FROM strangler_outbox") == []


@each_consumer
@pytest.mark.parametrize("body", [b"", b"Zzyx \xff", b'O:36:"Symfony\\\\Component'], ids=["empty", "text", "cut"])
def test_a_message_for_the_new_side_is_handed_back_even_if_the_monolith_could_not_read_it(
    yard: Yard, family: str, body: bytes
) -> None:
    queue = naming.legacy_queue_name(family)
    yard.publish(queue, body, STAMPED_NEW, message_id="m-1")

    with yard.consumer(family, queue) as consumer:
        yard.says(consumer, "handed back, stamped-new")

    [found] = yard.take(naming.INVALID_MESSAGE_QUEUE)
    assert (found.body, found.properties.message_id) == (body, "m-1")
    assert yard.ready(queue) == 0
    assert yard.rows("SELECT * FROM strangler_outbox") == []


@each_consumer
@pytest.mark.parametrize("route", ["hold", "elsewhere", 5])
def test_a_message_that_nobody_has_given_to_the_monolith_is_handed_back(
    yard: Yard, bodies: dict[str, list[bytes]], family: str, route: Any
) -> None:
    queue = naming.legacy_queue_name(family)
    yard.publish(queue, bodies[family][0], {stamp_header.ROUTE: route})

    with yard.consumer(family, queue) as consumer:
        yard.says(consumer, "handed back, stamped-unknown")

    [found] = yard.take(naming.INVALID_MESSAGE_QUEUE)
    assert found.headers["x-strangler-cause"] == "stamped-unknown"
    assert yard.rows("SELECT * FROM strangler_outbox") == []


@each_consumer
def test_a_message_that_cannot_be_handed_back_stays_until_it_can(
    yard: Yard, bodies: dict[str, list[bytes]], family: str
) -> None:
    queue = naming.legacy_queue_name(family)
    with yard.channel() as channel:
        channel.queue_delete(naming.INVALID_MESSAGE_QUEUE)
        channel.queue_declare(naming.INVALID_MESSAGE_QUEUE, arguments={"x-max-length": 1})  # not as it has to be
    yard.publish(queue, bodies[family][0], STAMPED_NEW)

    with yard.consumer(family, queue) as consumer:
        yard.says(consumer, "AMQPProtocolChannelException, again in")
        with yard.channel() as channel:
            channel.queue_delete(naming.INVALID_MESSAGE_QUEUE)
        yard.says(consumer, "handed back, stamped-new")

    [found] = yard.take(naming.INVALID_MESSAGE_QUEUE)
    assert found.body == bodies[family][0]
    assert yard.ready(queue) == 0


@each_consumer
@pytest.mark.parametrize("route", ["legacy", "shadow"])
def test_a_message_that_the_router_leaves_to_the_monolith_is_processed_as_ever(
    yard: Yard, bodies: dict[str, list[bytes]], family: str, route: str
) -> None:
    queue = naming.legacy_queue_name(family)
    yard.publish(queue, bodies[family][0], {stamp_header.ROUTE: route, stamp_header.EPOCH: 3})

    with yard.consumer(family, queue):
        [outcome] = yard.outcomes(1)

    assert outcome["ending"] == "done"
    assert {effect["kind"] for effect in outcome["effects"]} == {"row", "message", "webhook"}
    assert yard.ready("monolith.accounting") == 1
    assert len(yard.rows("SELECT * FROM outgoing_webhooks")) == 1


@each_consumer
def test_a_muted_message_writes_rows_by_its_own_clock_and_lets_nothing_leave(
    yard: Yard, bodies: dict[str, list[bytes]], family: str
) -> None:
    queue = naming.legacy_queue_name(family)
    first, second = bodies[family][:2]
    yard.publish(queue, first, MUTED)

    with yard.consumer(family, queue):
        [muted] = yard.outcomes(1)
        assert yard.rows("SELECT id FROM outgoing_messages UNION ALL SELECT id FROM outgoing_webhooks") == []
        yard.publish(queue, second)  # one mute message must not mute the next
        [loud] = yard.outcomes(1)

    assert muted["ending"] == loud["ending"] == "done"
    assert (muted["muted"], "muted" in loud) == (True, False)
    kinds = [[effect["kind"] for effect in outcome["effects"]] for outcome in (muted, loud)]
    assert kinds[0] == kinds[1] == ["row", "row", "message", "webhook"]
    if family == "payin":
        times = [outcome["effects"][0]["value"]["recorded_at"] for outcome in (muted, loud)]
        assert times[0] == "2024-10-27 01:02:03"
        assert times[1] > "2025"
    assert muted["at"] > "2025"  # when it was, not when the handler believed to be
    [left] = yard.take("monolith.accounting")
    assert left.body == loud["effects"][2]["value"]["body"].encode()
    webhooks = yard.rows("SELECT body FROM outgoing_webhooks")
    assert webhooks == [(loud["effects"][3]["value"]["body"],)]
    assert len(yard.rows("SELECT * FROM processed_messages")) == 2


@each_consumer
def test_a_message_that_was_processed_before_stays_a_duplicate_when_it_comes_muted(
    yard: Yard, bodies: dict[str, list[bytes]], family: str
) -> None:
    queue = naming.legacy_queue_name(family)
    yard.publish(queue, bodies[family][0], {stamp_header.ROUTE: "legacy"})
    yard.publish(queue, bodies[family][0], MUTED)

    with yard.consumer(family, queue):
        first, second = yard.outcomes(2)

    assert [first["ending"], second["ending"], second["effects"]] == ["done", "duplicate", []]
    assert ("muted" in first, second["muted"]) == (False, True)


def test_a_muted_message_that_nobody_can_read_is_refused_as_muted(yard: Yard) -> None:
    queue = naming.legacy_queue_name("payin")
    yard.publish(queue, b"{", MUTED, message_id="m-1")

    with yard.consumer("payin", queue):
        [outcome] = yard.outcomes(1)

    assert (outcome["message_id"], outcome["ending"], outcome["muted"]) == ("m-1", "rejected", True)


def test_a_consumer_of_a_routers_queue_binds_and_declares_nothing(yard: Yard, bodies: dict[str, list[bytes]]) -> None:
    queue = naming.legacy_queue_name("payout")
    with yard.consumer("payout", queue) as consumer:
        yard.says(consumer, f"consuming {queue}")
        yard.publish(queue, bodies["payout"][0])
        yard.outcomes(1)
        with yard.channel() as channel:
            channel.basic_publish("payouts", "", bodies["payout"][1], mandatory=True)
        assert yard.ready("monolith.payout") == 1
        yard.publish(queue, bodies["payout"][2])
        yard.outcomes(1)

    assert yard.rows("SELECT COUNT(*) FROM processed_messages") == [(2,)]
    assert (yard.ready("monolith.payout"), yard.ready(queue)) == (1, 0)


@each_consumer
def test_a_queue_that_does_not_exist_yet_is_waited_for(yard: Yard, bodies: dict[str, list[bytes]], family: str) -> None:
    queue = naming.legacy_queue_name(family)
    with yard.channel() as channel:
        channel.queue_delete(queue)

    with yard.consumer(family, queue) as consumer:
        yard.says(consumer, f"{family}: queue {queue} does not exist yet, again in")
        with yard.channel() as channel:
            channel.queue_declare(queue, arguments={"x-max-priority": 3})
        yard.says(consumer, f"{family}: consuming {queue}")
        yard.publish(queue, bodies[family][0])
        yard.outcomes(1)
        with yard.channel() as channel:
            channel.queue_delete(queue)
        eventually(lambda: consumer.log.read_text().count("does not exist yet") > 1, WITHIN_S, "it waits again")
        consumer.stop()
        assert consumer.code == 0
    yard.declare(queue)


@each_consumer
def test_a_consumer_keeps_off_a_queue_that_a_router_stands_before(
    yard: Yard, bodies: dict[str, list[bytes]], family: str
) -> None:
    queue = f"monolith.{family}"
    amqp_field.mend()
    router = pika.BlockingConnection(pika.URLParameters(yard.node.amqp_url))
    channel = router.channel()
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume(queue, lambda *_: None, exclusive=True)
    for body in bodies[family][:3]:
        yard.publish(queue, body)

    with yard.consumer(family) as consumer:
        yard.says(consumer, f"queue {queue} is not ours at present")
        assert yard.ready(queue) == 2
        router.close()
        assert len(yard.outcomes(3)) == 3


@each_consumer
def test_a_consumer_that_is_stopped_finishes_the_message_in_hand_and_gives_the_rest_back_in_order(
    yard: Yard, bodies: dict[str, list[bytes]], family: str
) -> None:
    queue = naming.legacy_queue_name(family)
    sent = bodies[family]
    with yard.consumer(family, queue) as consumer:
        yard.says(consumer, "consuming")
        with sqlite3.connect(yard.database, isolation_level=None) as handler:
            handler.execute("BEGIN IMMEDIATE")  # the consumer's handler waits for us
            for body in sent:
                yard.publish(queue, body)
            in_hand = 0 if family == "payin" else len(sent) - 1  # Symfony fetches one, php-amqplib fifty
            eventually(lambda: yard.ready(queue) <= max(in_hand, len(sent) - 50), WITHIN_S, "the consumer has taken")
            _signal_program(consumer.pid)
            handler.execute("ROLLBACK")
        eventually(lambda: consumer.ended, WITHIN_S, "the consumer ends")
        assert consumer.code == 0

    assert [outcome["ending"] for outcome in yard.outcomes(1)] == ["done"]
    assert [one.body for one in yard.take(queue)] == sent[1:]


def _signal_program(guard: int) -> None:
    """Ask the program behind a guard to end, and leave the guard to see it."""
    [program] = Path(f"/proc/{guard}/task/{guard}/children").read_text("utf-8").split()
    os.kill(int(program), signal.SIGTERM)
