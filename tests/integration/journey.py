"""A deployment whose families move, in a test's hands: publish, operate, kill, and look on either side.

Two seeded bugs are in its functions. Balances forget their journal line, always, so that both sides disagree about
them; validated payins are refused, for as long as a file is there, so that dead letters can be made and mended.
"""

import base64
import json
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import ChannelClosedByBroker

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import RouterRow
from contracts.effect_id import read_effect_id
from contracts.registry import FAMILIES
from infra.local.process import Child
from ops.audit import read_published
from ops.audit_chain import PARTITION, AuditChain, Entry
from ops.authority import AuthorityStore
from ops.demo.breakage import Break, patches
from ops.demo.fleet import times_said
from ops.demo.scene import STACK, Scene
from ops.letter import Choice, Letter, in_order
from ops.letter_index import LetterIndex
from tests.bug import refuses_validated
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Stage, printed

FAMILY = "payin"
"""The family that moves."""
RATE = 20.0
"""Messages a second while something is done to the system."""
RESERVE = 25
"""Deliveries that wait for the last thing that is done under a stretch's traffic: it meets some on any machine."""
WHY = ("--execute", "--reason", "a test")
QUEUES = {family.name: (family.legacy_queue, naming.legacy_queue_name(family.name)) for family in FAMILIES}
"""By family: the monolith's old queue, and the one that it consumes behind the router."""
_VISIBILITY_S = "10"
"""What a function could not do comes back after this, not after the deployment's three minutes."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some messages that the monolith publishes."""

    log: Path
    publisher: Child
    keys: Mapping[str, str]
    """The moving family's messages in the order in which they are published first: id to business key."""
    released: Path
    """File that the publisher's reserve waits for."""

    def types(self) -> Mapping[str, str]:
        """What is published so far: message id to type."""
        published = read_published(self.log) if self.log.exists() else {}
        return {message_id: type_name for message_id, (type_name, _) in published.items()}

    def of(self, family: str = FAMILY) -> frozenset[str]:
        """Ids of one family's messages."""
        return frozenset(one for one, name in self.types().items() if name.startswith(f"{family}."))

    def by_key(self, message_ids: Iterable[str]) -> Mapping[str, Sequence[str]]:
        """The moving family's among these messages, by business key: what is promised is the order of each."""
        found: dict[str, list[str]] = {}
        for one in message_ids:
            if one in self.keys:
                found.setdefault(self.keys[one], []).append(one)
        return found


class Journey:
    """The deployment, and all that was published on it."""

    def __init__(self, folder: Path, php: Sequence[str]) -> None:
        self.bug = folder / "bug"
        self.scene = Scene(folder / "scene", [*patches([Break.LOST_ROW]), refuses_validated(self.bug)])
        self.php = php
        self._stretches: list[Stretch] = []
        self._own_log = folder / "published-by-hand.ndjson"
        self._routers: dict[str, Child] = {}

    @contextmanager
    def ready(self) -> Iterator["Journey"]:
        """The deployment as the demo leaves it: the monolith acts, the shipper taps."""
        with self.scene:
            self.stage = Stage(self.scene)
            chain = AuditChain(self.stage.dynamodb, STACK, lambda: datetime.now(UTC))
            self._chain, self._store = chain, AuthorityStore(self.stage.dynamodb, STACK, chain)
            for url in self.stage.sqs.list_queues()["QueueUrls"]:
                self.stage.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": _VISIBILITY_S})
            yield self

    # Publishing

    def begin(self, messages: int, seed: int, rate: float = RATE, reserve: int = 0) -> Stretch:
        """Let the monolith's own publisher begin; one at a time. Args: reserve: of `still_under_way`."""
        log = self.scene.places.folder / f"published-{seed}.ndjson"
        ours = [one for one in printed(self.php, messages, seed) if one["type"].startswith(f"{FAMILY}.")]
        keys = {one["id"]: str(json.loads(base64.b64decode(one["body_base64"]))["object_id"]) for one in ours}
        released = log.with_suffix(".released")
        publisher = self.scene.publish(messages, seed, rate, log, (reserve, released) if reserve else None)
        stretch = Stretch(log, publisher, keys, released)
        self._stretches.append(stretch)
        return stretch

    def under_way(self, stretch: Stretch, more: int = 20) -> None:
        """Wait until so many more messages are published, so that what is done now meets some."""
        until = len(stretch.types()) + more

        def reached() -> bool:
            enough = len(stretch.types()) >= until
            assert enough or not stretch.publisher.ended, "the publisher ended too early: nothing would be under way"
            return enough

        eventually(reached, SETTLED_WITHIN_S, f"{until} messages are published")

    def still_under_way(self, stretch: Stretch, more: int = 1) -> None:
        """The same, out of the stretch's reserve: from here on nothing waits."""
        stretch.released.touch()
        self.under_way(stretch, more)

    def finish(self, stretch: Stretch) -> None:
        """Wait until all of it is published."""
        stretch.released.touch()
        eventually(lambda: stretch.publisher.ended, SETTLED_WITHIN_S, "the publisher ends")
        assert stretch.publisher.code == 0, stretch.publisher.log.read_text("utf-8")

    def settle(self, *stretches: Stretch) -> None:
        """Wait until all of these are published and judged, and every effect has left."""
        for stretch in stretches:
            self.finish(stretch)
        wanted = frozenset(one for stretch in stretches for one in stretch.types())
        eventually(lambda: self._settled(wanted), SETTLED_WITHIN_S, f"{len(wanted)} messages are judged, and all left")

    def audit(self) -> Mapping[str, Any]:
        """The independent audit over all that was published, and how many it can but find lost."""
        logs = (*(one.log for one in self._stretches), *([self._own_log] if self._own_log.exists() else []))
        return {**self.scene.audit(*logs), "forgotten": len(self.forgotten())}

    def forgotten(self) -> frozenset[str]:
        """Ids of the messages whose journal line the bug forgets: all balances but the stale ones."""
        return self.stage.sides()[0].due & self.published("balance")

    def published(self, family: str) -> frozenset[str]:
        """Ids of one family's messages, all that were published."""
        return frozenset[str]().union(*(one.of(family) for one in self._stretches))

    # Operating

    def operate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the operator's command."""
        return self.scene.operate(*arguments)

    def done(self, *arguments: str) -> Any:
        """Run a command that has to end well; its JSON, or its text."""
        ended = self.operate(*arguments)
        assert ended.returncode == 0, f"{' '.join(arguments)}: {ended.returncode}: {ended.stdout}\n{ended.stderr}"
        return json.loads(ended.stdout) if "json" in arguments else ended.stdout

    @contextmanager
    def moving(self, *arguments: str) -> Iterator[Future[Any]]:
        """Run a command that moves the family; the block begins once its fence is up, and ends with the command."""
        epoch = self.record().epoch
        with ThreadPoolExecutor(1) as pool:
            move = pool.submit(self.done, *arguments)
            eventually(lambda: move.done() or self.record().epoch > epoch, SETTLED_WITHIN_S, "the fence is up")
            yield move

    def operate_beside(self, *commands: Sequence[str]) -> list[subprocess.CompletedProcess[str]]:
        """Run several commands at once, as several operators do."""
        with ThreadPoolExecutor(len(commands)) as pool:
            return list(pool.map(lambda command: self.operate(*command), commands))

    def route(self, program: str) -> str:
        """Start a router on a journal of its own; returns the router's name."""
        journal = {"STRANGLER_JOURNAL": str(self.scene.places.folder / program)}
        self._routers[program] = self.scene.fleet.start("route", journal, name=program)
        lines = (json.loads(line) for line in self.log(program).read_text("utf-8").splitlines())
        return str([line["router"] for line in lines if line["message"] == "routing"][-1])

    def kill(self, program: str) -> None:
        """Kill -9 a router."""
        self._routers[program].kill()

    # Looking

    def record(self, family: str = FAMILY) -> AuthorityRecord:
        """Who has authority."""
        return self._store.standing(family).record

    def chain(self) -> Sequence[Entry]:
        """The whole audit chain."""
        return tuple(self._chain.entries())

    def letters(self, cause: str) -> Sequence[Letter]:
        """Open dead letters of a cause, oldest first."""
        return in_order(LetterIndex(self.stage.dynamodb, STACK).chosen(Choice(cause=cause)))

    def rewrite(self, entry: Entry, reason: str) -> None:
        """Change an entry of the audit chain in the table itself."""
        self.stage.dynamodb.update_item(
            TableName=naming.control_table_name(STACK),
            Key={"pk": {"S": PARTITION}, "sk": {"S": f"{entry.sequence:012d}"}},
            UpdateExpression="SET reason = :reason",
            ExpressionAttributeValues={":reason": {"S": reason}},
        )

    def rows(self) -> Mapping[str, RouterRow]:
        """What each router says of the moving family, by its name."""
        return {one.row.router: one.row for one in self._store.routers(FAMILY, datetime.now(UTC))}

    def log(self, name: str) -> Path:
        """Log file of a program of the fleet."""
        return self.scene.places.logs / f"{name}.log"

    def says(self, name: str, text: str, times: int = 1) -> None:
        """Wait until a program has logged a text so often."""
        eventually(lambda: times_said(self.log(name), text) >= times, SETTLED_WITHIN_S, f"{name} says {text!r}")

    def consumers(self, queue: str) -> int | None:
        """How many consume a queue on RabbitMQ; None where it is not there."""
        return self._declared(queue, "consumer_count")

    def waiting(self, queue: str) -> int | None:
        """How many messages are ready in a queue on RabbitMQ; None where it is not there."""
        return self._declared(queue, "message_count")

    def take(self, queue: str) -> list[pika.BasicProperties]:
        """Take all that waits in a queue on RabbitMQ; returns what stands beside the bodies."""
        found: list[pika.BasicProperties] = []
        with self._channel() as channel:
            while True:
                method, properties, _ = channel.basic_get(queue, auto_ack=True)
                if method is None:
                    return found
                found.append(properties)

    def mislead(self, notification: Mapping[str, Any], headers: Mapping[str, Any]) -> None:
        """Let a message reach the queue that the monolith consumes, as a binding does that should not be there."""
        body = base64.b64decode(notification["body_base64"])
        properties = pika.BasicProperties(headers=dict(headers), content_type="application/json", delivery_mode=2)
        with self._channel() as channel:
            channel.confirm_delivery()
            channel.exchange_declare("mistake", "fanout")
            channel.queue_bind(QUEUES[FAMILY][1], "mistake")
            channel.basic_publish("mistake", notification["routing_key"], body, properties, mandatory=True)
        line = {"id": notification["id"], "type": notification["type"], "key": json.loads(body)["object_id"]}
        self._own_log.write_text(f"{json.dumps(line)}\n", "utf-8")

    def journalled(self, stretch: Stretch) -> Sequence[str]:
        """The stretch's messages of the moving family, as the monolith has processed them."""
        return [row[0] for row in self._ask("SELECT webhook_id FROM journal ORDER BY id") if row[0] in stretch.keys]

    def monolith_webhooks(self) -> Counter[str]:
        """How many webhooks of each message the monolith has for its partner."""
        return Counter(json.loads(row[0])["X-Webhook-Id"] for row in self._ask("SELECT headers FROM outgoing_webhooks"))

    def acted(self, stretch: Stretch) -> list[str]:
        """Whose webhook left, or is to leave, of each message of the moving family that has one, as published."""
        legacy, new = self.monolith_webhooks(), set(map(message_of, self.partner_webhooks()))
        sides = (
            "both" if one in legacy and one in new else "legacy" if one in legacy else "new" if one in new else ""
            for one in stretch.keys
        )
        return [side for side in sides if side]

    def partner_webhooks(self) -> Counter[str]:
        """What the partner has received of the new side: effect id to number of times."""
        lines = self.scene.places.received.read_text("utf-8").splitlines()
        return Counter(json.loads(line)["effect_id"] for line in lines)

    def _ask(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.scene.places.database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def _settled(self, wanted: frozenset[str]) -> bool:
        """Like `Stage.judged` and the outlets' own state, in one look at the ledger."""
        pages = self.stage.dynamodb.get_paginator("scan").paginate(
            TableName=naming.ledger_table_name(STACK),
            ConsistentRead=True,
            ProjectionExpression="pk, verdict, comparison, outlet",
        )
        items = {item["pk"]["S"]: item for page in pages for item in page["Items"]}
        due = any(item.get("comparison", {}).get("S") == "due" for item in items.values())
        waiting = any(item.get("outlet", {}).get("S") in ("pending", "waiting") for item in items.values())
        return not due and not waiting and all("verdict" in items.get(one, {}) for one in wanted)

    def _declared(self, queue: str, count: str) -> int | None:
        with self._channel() as channel:
            try:
                return int(getattr(channel.queue_declare(queue, passive=True).method, count))
            except ChannelClosedByBroker:
                return None

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        with closing(pika.BlockingConnection(pika.URLParameters(self.scene.node.amqp_url))) as connection:
            yield connection.channel()


def message_of(effect: str) -> str:
    """Id of the message that an effect, by its id, is one of."""
    return read_effect_id(effect)[0]
