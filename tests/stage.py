"""A scene that runs, and what a test does on it: publish, wait for verdicts, look into every place a message can end.

What is published here is kept as the monolith's publisher keeps it, so that the independent audit accounts for it too.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pika
from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider
from pika.adapters.blocking_connection import BlockingChannel

from bridge import amqp_field
from contracts import naming
from contracts.envelope import Envelope, decode_body, read_envelope
from contracts.letter import LetterContent
from contracts.parked import Parked, read_parked
from contracts.registry import FAMILIES
from contracts.verdict import Verdict
from infra.local.process import Child
from ops.audit import Side, read_monolith, read_records
from ops.demo.scene import STACK, Scene
from ops.ledger import Ledger, LedgerEntry, Timing
from tests.patience import eventually
from workers.store.letters import LetterStore
from workers.store.sealing import EnvelopeSealer

REPOSITORY = Path(__file__).parents[1]
SETTLED_WITHIN_S = 90.0
"""Far more than it takes; a slow machine is no failure."""
CASE_HEADER = "x-case"
"""Header by which a test knows its message again, wherever it ends."""


@dataclass(frozen=True, slots=True)
class Post:
    """One message as a test publishes it."""

    exchange: str
    routing_key: str
    body: bytes = field(repr=False)
    properties: Mapping[str, Any]
    headers: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message in a dead-letter queue on SQS."""

    queue: str
    text: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    group: str | None

    @property
    def cause(self) -> str | None:
        """Why it lies there."""
        return self.attributes.get("cause")

    @property
    def envelope(self) -> Envelope:
        """What travelled beside the body."""
        return read_envelope(self.attributes["envelope"])

    @property
    def body(self) -> bytes:
        """The legacy body; of a claim only the pointer to it."""
        encoding = self.envelope.body_encoding
        return self.text.encode() if encoding == "claim" else decode_body(self.text, encoding)


@dataclass(frozen=True, slots=True)
class Books:
    """How often each of some messages stands in either side's journal."""

    legacy: Mapping[str, int]
    new: Mapping[str, int]


class Stage:
    """A scene in a test's hands."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.published = scene.places.folder / "all-published.ndjson"
        session = scene.session()
        self.dynamodb: Any = session.client("dynamodb")
        self.sqs: Any = session.client("sqs")
        self.logs: Any = session.client("logs")
        self.functions: Any = session.client("lambda")
        self.ledger = Ledger(self.dynamodb, STACK)
        self._kept = LetterStore(self.dynamodb, self._sealer(session), naming.letters_table_name(STACK))

    # Publishing

    def begin(self, messages: int, *, seed: int, rate: float = 0) -> Child:
        """Let the monolith's own publisher begin; one at a time."""
        self.scene.places.published.unlink(missing_ok=True)
        return self.scene.publish(messages, seed, rate)

    def published_so_far(self) -> list[dict[str, Any]]:
        """What the publisher that runs has logged."""
        log = self.scene.places.published
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        return [json.loads(line) for line in lines]

    def finish(self, publisher: Child) -> list[dict[str, Any]]:
        """Wait until the publisher has ended well; returns its log: id, type, key, copies."""
        eventually(lambda: publisher.ended, SETTLED_WITHIN_S, "the publisher ends")
        assert publisher.code == 0, publisher.log.read_text("utf-8")
        lines = self.published_so_far()
        self._keep(lines)
        return lines

    def perform(self, messages: int, *, seed: int) -> list[dict[str, Any]]:
        """Publish as the monolith does and wait until all is judged; returns the publisher's log."""
        lines = self.finish(self.begin(messages, seed=seed))
        self.judged(line["id"] for line in lines)
        return lines

    def post(self, posts: Iterable[Post]) -> None:
        """Publish messages of the test's own making, confirmed, in this order."""
        with self._channel() as channel:
            channel.confirm_delivery()
            for post in posts:
                properties = pika.BasicProperties(headers=dict(post.headers), **post.properties)
                channel.basic_publish(post.exchange, post.routing_key, post.body, properties, mandatory=True)

    def account_for(self, message_id: str, type_name: str, key: str) -> None:
        """Let the audit expect a message of the test's own making on both sides."""
        self._keep([{"id": message_id, "type": type_name, "key": key}])

    # Waiting

    def judged(self, message_ids: Iterable[str]) -> Mapping[str, Verdict]:
        """Wait until all these messages are judged and nothing is due; returns their verdicts."""
        wanted = frozenset(message_ids)

        def settled() -> Mapping[str, Timing] | None:
            found = {one.message_id: one for one in self.ledger.timings() if one.message_id in wanted}
            missing = len(wanted) - sum(one.verdict is not None and not one.due for one in found.values())
            return None if missing else found

        found = eventually(settled, SETTLED_WITHIN_S, f"{len(wanted)} messages are judged") or {}
        return {one.message_id: one.verdict for one in found.values() if one.verdict is not None}

    # Looking

    def entry(self, message_id: str) -> LedgerEntry | None:
        """A message's ledger entry."""
        return self.ledger.entry(message_id)

    def sides(self) -> tuple[Side, Side]:
        """The monolith's rows, and ours."""
        records = naming.records_table_name(STACK)
        return read_monolith(self.scene.places.database), read_records(self.dynamodb, records)

    def books(self, message_ids: Iterable[str]) -> Books:
        """How often each of these messages is journalled."""
        wanted = frozenset(message_ids)
        legacy, new = ({one: side.journal[one] for one in wanted} for side in self.sides())
        return Books(legacy, new)

    def items(self, table: str) -> Iterator[dict[str, Any]]:
        """All items of a table, read consistently."""
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
            yield from page["Items"]

    def waiting(self, queue: str) -> int:
        """How many messages an SQS queue holds, those in somebody's hands included."""
        url = self.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=counts)["Attributes"]
        return sum(int(found[name]) for name in counts)

    def letters(self) -> Sequence[Letter]:
        """All that workers have given up on, as the index of dead letters keeps it."""
        opened = ((item, self._content(item)) for item in self._indexed("sqs"))
        return tuple(
            Letter(
                queue=item["queue"]["S"],
                text=content.body,
                attributes={**content.attributes, "cause": item["cause"]["S"]},
                group=content.group,
            )
            for item, content in opened
        )

    def letters_of(self, message_ids: Iterable[str]) -> list[Letter]:
        """Dead letters of these messages."""
        wanted = frozenset(message_ids)
        return [letter for letter in self.letters() if letter.attributes.get("id") in wanted]

    def parked(self) -> Sequence[Parked]:
        """All that the Invalid Message Channel has got, as the index of dead letters keeps it."""
        return tuple(read_parked(self._content(item).body) for item in self._indexed("invalid"))

    def logged(self, function: str) -> str:
        """All that a function has logged."""
        return "\n".join(self.log_lines(f"/aws/lambda/{function}"))

    def log_lines(self, group: str) -> Iterator[str]:
        """The lines of a log group."""
        for page in self.logs.get_paginator("filter_log_events").paginate(logGroupName=group):
            yield from (event["message"] for event in page["events"])

    def log_groups(self) -> list[str]:
        """Names of all log groups."""
        pages = self.logs.get_paginator("describe_log_groups").paginate()
        return [group["logGroupName"] for page in pages for group in page["logGroups"]]

    def shipper_log(self) -> str:
        """All that the shipper has logged, restarts included."""
        return (self.scene.places.logs / "shipper.log").read_text("utf-8")

    # Doing

    def recycle(self) -> None:
        """Replace all processes of all functions, as a new deployment does: what they had cached is gone."""
        names = [naming.family_function_name(STACK, family.name) for family in FAMILIES]
        for name in [*names, naming.control_function_name(STACK), naming.judge_function_name(STACK)]:
            memory_mib = self.functions.get_function_configuration(FunctionName=name)["MemorySize"]
            self.functions.update_function_configuration(FunctionName=name, MemorySize=memory_mib)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program of ours as the operator of this deployment."""
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=REPOSITORY,
            env={**self.scene.environment, "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def audit(self, database: Path | None = None) -> tuple[int, dict[str, Any]]:
        """Run the independent audit over all that was published here: exit code and finding."""
        places = ["--published", str(self.published), "--database", str(database or self.scene.places.database)]
        done = self.run("ops.audit", *places, "--stack", STACK)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, json.loads(done.stdout)

    def _keep(self, lines: Iterable[Mapping[str, Any]]) -> None:
        with self.published.open("a", encoding="utf-8") as file:
            file.writelines(f"{json.dumps(line)}\n" for line in lines)

    def _sealer(self, session: boto3.Session) -> EnvelopeSealer:
        """Opens what the deployment has sealed; as root, who may do everything."""
        stacks = session.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
        provider = StrictAwsKmsMasterKeyProvider(key_ids=[outputs["SealKeyArn"]], botocore_session=session._session)
        return EnvelopeSealer(provider)

    def _indexed(self, source: str) -> Iterator[dict[str, Any]]:
        items = self.items(naming.letters_table_name(STACK))
        return (item for item in items if item.get("source", {}).get("S") == source)

    def _content(self, item: Mapping[str, Any]) -> LetterContent:
        content = self._kept.content(item["pk"]["S"])
        assert content is not None
        return content

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        amqp_field.mend()  # pika alone could not publish a double
        connection = pika.BlockingConnection(pika.URLParameters(self.scene.node.amqp_url))
        try:
            yield connection.channel()
        finally:
            connection.close()


def once(message_ids: Iterable[str]) -> Books:
    """What the books look like when each message is in both journals exactly once."""
    each = dict.fromkeys(message_ids, 1)
    return Books(each, each)


def disagreements(verdicts: Mapping[str, Verdict]) -> Counter[Verdict]:
    """Number of messages by verdict, agreement left out: empty where both sides agree on everything."""
    return Counter(verdict for verdict in verdicts.values() if verdict not in (Verdict.MATCH, Verdict.MATCH_BY_RULE))


def printed(php: Sequence[str], messages: int, seed: int) -> list[dict[str, Any]]:
    """Notifications as the monolith would publish them (id, type, key in the body), without publishing any."""
    command = [*php, str(REPOSITORY / "legacy/monolith/bin/publish.php"), "--messages", str(messages)]
    done = subprocess.run(
        [*command, "--seed", str(seed), "--print"], capture_output=True, check=True, timeout=60, env=dict(os.environ)
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
