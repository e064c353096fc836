"""A deployment as on-call finds it: dead letters in their index, queues, and workers that answer when time passes."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from msgspec import structs

from contracts import naming
from contracts.authority import Authority, AuthorityRecord
from contracts.claim import write_pointer
from contracts.control_item import write_authority
from contracts.effect import body_digest
from contracts.envelope import Stamp, carried_digest, read_envelope, write_envelope
from contracts.letter import LetterContent, letter_id
from contracts.parked import Parked, write_parked
from contracts.registry import FAMILIES, family_of
from contracts.return_message import Returned, return_group, write_return
from ops.letter import Choice, Letter
from ops.letter_index import OPEN_INDEX
from ops.plan_file import Plan
from ops.replay_bootstrap import Desk, desk_over
from ops.replay_course import Progress
from ops.replay_plan import Weighed
from ops.replay_planning import Wish, make_plan
from ops.replay_run import ReplayRun, Surroundings
from tests.fakes.claims import BUCKET, MemoryBucket, MemoryClaimStore
from tests.fakes.clock import FakeClock
from tests.fakes.key import static_sealer
from tests.fakes.message import payin, translated
from tests.fakes.table import REGION, moto_alone
from workers.dead_letter import read_dead_letter
from workers.port import Occurrence
from workers.sqs import REPLAY_ATTRIBUTE, Received
from workers.store.letters import LetterStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

STACK = "unit"
TAPPED = Stamp("legacy", 0)
SEEN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

Behave = Callable[[str, int], str]
"""What a worker does with a message, by its id and how often it has come: `done`, a cause to dead-letter it with, or
`silent`."""


@dataclass
class Sent:
    """One message as a worker got it."""

    id: str
    group: str | None
    body: str
    attributes: Mapping[str, str]


@dataclass
class Scene:
    """Everything around one deployment's letters."""

    dynamodb: "DynamoDBClient"
    sqs: "SQSClient"
    clock: FakeClock = field(default_factory=FakeClock)
    behave: Behave = lambda _, __: "done"
    received: list[Sent] = field(default_factory=list)
    effects: list[str] = field(default_factory=list)
    """Ids of messages that were processed, once each time that it was done."""
    interrupted: bool = False
    bucket: MemoryBucket = field(default_factory=MemoryBucket)
    shown: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sealer = static_sealer()
        self.store = LetterStore(self.dynamodb, self.sealer, naming.letters_table_name(STACK))
        self.desk: Desk = desk_over(
            self.dynamodb, STACK, lambda: self.store, lambda: MemoryClaimStore(self.bucket), self.clock
        )

    # What happened before

    def letter(
        self,
        message_id: str,
        key: str = "p1",
        *,
        cause: str = "model:amount",
        stamp: Stamp = TAPPED,
        at: datetime | None = None,
        type_name: str = "payin.create",
        body: bytes | None = None,
        replay: str | None = None,
        **fields: Any,
    ) -> str:
        """A worker has given up on a message; returns its letter's id."""
        body = payin(message_id, key, type_name=type_name, **fields) if body is None else body
        entry = translated(type_name, body)
        envelope = write_envelope(structs.replace(read_envelope(entry.envelope), stamp=stamp))
        attributes = {"envelope": envelope, "type": entry.type, "id": entry.id}
        if entry.deposit is not None:
            self.bucket.objects[entry.deposit.key] = entry.deposit.body
            entry = structs.replace(entry, body=write_pointer(BUCKET, entry.deposit.key))
        content = LetterContent(entry.body, attributes, entry.group)
        self.seen = max(getattr(self, "seen", SEEN), SEEN) + timedelta(seconds=1)
        return self._index(content, cause, at or self.seen, 5, replay)

    def parked(self, body: bytes, cause: str = "unknown-type", *, stamp: Stamp | None = None, **facts: Any) -> str:
        """The bridge could not read a message; returns its letter's id."""
        given = {"exchange": "notifications", "routing_key": "payin.create", "properties": {}, **facts}
        parked = Parked(body, cause, "strangler.tap.payin", "2026-11-21T09:00:00+00:00", stamp=stamp, **given)
        identity = letter_id("invalid", None, body_digest(body))
        self.store.index(
            Occurrence(
                letter_id=identity,
                source="invalid",
                queue=naming.invalid_queue_name(STACK),
                cause=cause,
                at=SEEN,
                attempts=1,
                body_digest=body_digest(body),
                delivery=identity,
                content=LetterContent(write_parked(parked), {"type": "strangler.parked"}, None),
                stamp=stamp,
            )
        )
        return identity

    def undelivered(self, message_id: str, ordinal: str = "1") -> str:
        """A partner has not taken a webhook for days; returns its letter's id."""
        effect = f"{message_id}:{ordinal}"
        body = b'{"hook":true}'
        identity = letter_id("sqs", effect, body_digest(body))
        self.ledger(message_id, given_up={"SS": [ordinal]}, candidate_ending={"S": "done"}, family={"S": "payin"})
        self.store.index(
            Occurrence(
                letter_id=identity,
                source="sqs",
                queue="webhook",
                cause="webhook-undeliverable:payin.booked",
                at=SEEN,
                attempts=80,
                body_digest=body_digest(body),
                delivery=effect,
                family="payin",
                type="payin.create",
                message_id=message_id,
                business_key="p1",
                effect=effect,
                content=LetterContent(body.decode(), {"effect": effect}, None),
            )
        )
        return identity

    def undelivered_return(self, returned: Returned, key: str = "p1", *, replay: str | None = None) -> str:
        """RabbitMQ has not taken what was to go back; returns its letter's id."""
        self.seen = max(getattr(self, "seen", SEEN), SEEN) + timedelta(seconds=1)
        record = Received(
            record_id=f"{key}-{self.seen.isoformat()}",
            receipt="",
            receives=1000,
            group=return_group("payin", key),
            body=write_return(returned),
            attributes={} if replay is None else {REPLAY_ATTRIBUTE: replay},
        )
        occurrence = read_dead_letter(record, naming.return_dead_letter_queue_name(STACK), self.seen)
        self.store.index(occurrence)
        return occurrence.letter_id

    def ledger(self, message_id: str, **attributes: Any) -> None:
        """What the ledger says of a message."""
        self.dynamodb.put_item(TableName=naming.ledger_table_name(STACK), Item={"pk": {"S": message_id}, **attributes})

    def done(self, message_id: str, body: bytes, authority: Authority = "legacy") -> None:
        """The message was processed long ago, by such a stamp."""
        told = {"candidate_ending": {"S": "done"}, "authority": {"S": authority}}
        self.ledger(message_id, **told, body_digest={"S": body_digest(body)})

    def decide(self, record: AuthorityRecord) -> None:
        """Authority over a family is this."""
        item = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in write_authority(record).items()
        }
        self.dynamodb.put_item(TableName=naming.control_table_name(STACK), Item=item)

    # What on-call does

    def plan(self, choice: Choice | None = None, **wishes: Any) -> tuple[Plan | None, Weighed]:
        """Plan for all open letters that a choice takes."""
        given = {"limit": None, "rate_per_s": 10.0, "max_failures": "5", "rehome": False, **wishes}
        wish = Wish(STACK, "arn:aws:iam::1:user/oncall", "mended", "OPS-1", {}, **given)
        named = [one.letter_id for one in self.desk.letters.chosen(choice or Choice(), ("open", "replaying"))]
        letters = list(self.desk.letters.found(named).values())
        running = frozenset(one.run for one in self.desk.runs.all() if not one.ended)
        return make_plan(
            letters, wish, self.desk.families, self.desk.opener, self.desk.record, running, self.desk.now()
        )

    def planned(self, **wishes: Any) -> Plan:
        """A plan for all open letters, which there is."""
        plan, _ = self.plan(**wishes)
        assert plan is not None
        return plan

    def run(self, plan: Plan, *, timeout_s: float = 30, **replaced: Any) -> Progress:
        """Run a plan as `strangler replay run --execute` does, against workers that work while it waits."""
        self.desk.runs.begin(plan, "arn:aws:iam::1:user/oncall", self.desk.now())
        around = self.desk.surroundings(plan, self.sqs, lambda: self.interrupted, self.shown.append, self.wait)
        return ReplayRun(plan, replace(around, **replaced), answer_timeout_s=timeout_s).execute()

    def around(self, plan: Plan) -> Surroundings:
        """What a run would talk to, for a test to replace some of it."""
        return self.desk.surroundings(plan, self.sqs, lambda: self.interrupted, self.shown.append, self.wait)

    def found(self, identity: str) -> Letter:
        """A letter as it is now."""
        return self.desk.letters.found([identity])[identity]

    # What the workers do meanwhile

    def wait(self, seconds: float) -> None:
        """Time passes; workers take what lies in their queues."""
        self.clock.advance(seconds)
        self.work()

    def work(self) -> None:
        """One round of all families' workers."""
        for family in FAMILIES:
            url = self.url(naming.queue_name(STACK, family.name, ordered=family.ordered))
            while messages := self.receive(url):
                for message in messages:
                    self._process(message)

    def url(self, queue: str) -> str:
        """Of a queue."""
        return self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]

    def receive(self, url: str) -> Sequence[Any]:
        """Take messages out of a queue, for good."""
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def _process(self, message: Any) -> None:
        attributes = {name: one["StringValue"] for name, one in message["MessageAttributes"].items()}
        sent = Sent(attributes["id"], message["Attributes"].get("MessageGroupId"), message["Body"], attributes)
        self.received.append(sent)
        behaviour = self.behave(sent.id, sum(one.id == sent.id for one in self.received))
        if behaviour == "silent":
            return
        if behaviour != "done":
            content = LetterContent(sent.body, attributes, sent.group)
            self._index(content, behaviour, self.desk.now(), 5, attributes.get("replay"), message["MessageId"])
            return
        envelope = read_envelope(attributes["envelope"])
        digest = carried_digest(sent.body, envelope)
        known = self.dynamodb.get_item(TableName=naming.ledger_table_name(STACK), Key={"pk": {"S": sent.id}})
        if known.get("Item", {}).get("candidate_ending", {}).get("S") != "done":
            self.effects.append(sent.id)
            replayed = {"replay": {"S": attributes["replay"]}} if "replay" in attributes else {}
            stamped = {"authority": {"S": envelope.stamp.authority}}
            self.ledger(sent.id, candidate_ending={"S": "done"}, body_digest={"S": digest}, **stamped, **replayed)

    def _index(
        self,
        content: LetterContent,
        cause: str,
        at: datetime,
        attempts: int,
        replay: str | None,
        delivery: str | None = None,
    ) -> str:
        envelope = read_envelope(content.attributes["envelope"])
        digest = carried_digest(content.body, envelope)
        family = family_of(envelope.type)
        identity = letter_id("sqs", envelope.id, digest)
        self.store.index(
            Occurrence(
                letter_id=identity,
                source="sqs",
                queue=naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered),
                cause=cause,
                at=at,
                attempts=attempts,
                body_digest=digest,
                delivery=delivery or json.dumps([identity, at.isoformat()]),
                content=content,
                family=family.name,
                type=envelope.type,
                message_id=envelope.id,
                business_key=envelope.subject,
                stamp=envelope.stamp,
                replay=replay,
            )
        )
        return identity


@contextmanager
def scene() -> Iterator[Scene]:
    """A scene on moto."""
    with moto_alone():
        config = Config(retries={"total_max_attempts": 1})
        dynamodb = boto3.client("dynamodb", region_name=REGION, config=config)
        sqs = boto3.client("sqs", region_name=REGION, config=config)
        create(dynamodb, sqs)
        yield Scene(dynamodb, sqs)


def create(dynamodb: "DynamoDBClient", sqs: "SQSClient", *, ledger: bool = True, families: bool = True) -> None:
    """Tables and queues of a deployment."""
    _table(dynamodb, naming.letters_table_name(STACK), ("pk",), {OPEN_INDEX: ("state", "last_seen")})
    _table(dynamodb, naming.control_table_name(STACK), ("pk", "sk"), {})
    if ledger:
        _table(dynamodb, naming.ledger_table_name(STACK), ("pk",), {})
    names = [naming.return_queue_name(STACK)]
    if families:
        names += [naming.queue_name(STACK, one.name, ordered=one.ordered) for one in FAMILIES]
    for name in names:
        sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})


def _table(client: "DynamoDBClient", name: str, keys: tuple[str, ...], indexes: Mapping[str, tuple[str, str]]) -> None:
    def schema(names: tuple[str, ...]) -> Any:
        return [{"AttributeName": one, "KeyType": kind} for one, kind in zip(names, ("HASH", "RANGE"), strict=False)]

    request: Any = {
        "TableName": name,
        "KeySchema": schema(keys),
        "AttributeDefinitions": [
            {"AttributeName": one, "AttributeType": "S"}
            for one in dict.fromkeys((*keys, *(part for index in indexes.values() for part in index)))
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            {"IndexName": index, "KeySchema": schema(names), "Projection": {"ProjectionType": "ALL"}}
            for index, names in indexes.items()
        ]
    client.create_table(**request)
