"""A ledger and queues as a deployment has them, in moto, and the command line over them.

Entries are written by the workers' own stores.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from contracts import naming
from contracts.difference import Difference
from contracts.judge import Judgement
from contracts.liveness import Fate, Liveness
from contracts.registry import FAMILIES, type_named
from contracts.rule import Rule
from contracts.verdict import AGREED, Verdict
from ops.cli import main
from ops.session import open_session
from tests.fakes.fleet import create_control_table
from workers.store.fates import FateStore
from workers.store.verdicts import VerdictStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

STACK = "unit"
JUDGED_AT = datetime(2026, 11, 21, 10, 0, 2, tzinfo=UTC)

Judge = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Strangler = Callable[..., Ended]


@pytest.fixture
def strangler(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], aws: None) -> Strangler:
    monkeypatch.setenv("STRANGLER_STACK", STACK)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["strangler", *arguments])
        code = main()
        return Ended(code, *capsys.readouterr())

    return run


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_CA_BUNDLE", "AWS_SESSION_TOKEN", "STRANGLER_STACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "unit")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unit")
    open_session.cache_clear()
    with mock_aws():
        yield
    open_session.cache_clear()


@pytest.fixture
def dynamodb(aws: None) -> "DynamoDBClient":
    """A client, and the tables of ledger and control."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=naming.ledger_table_name(STACK),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "verdict_of", "AttributeType": "S"},
            {"AttributeName": "judged_at", "AttributeType": "S"},
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "verdicts",
                "KeySchema": [
                    {"AttributeName": "verdict_of", "KeyType": "HASH"},
                    {"AttributeName": "judged_at", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["groups", "rules", "type", "verdict"]},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    create_control_table(client, STACK)
    return client


@pytest.fixture
def sqs(aws: None) -> "SQSClient":
    """A client, and every queue of a deployment."""
    client = boto3.client("sqs")
    names = [naming.outcome_queue_name(STACK), naming.outcome_dead_letter_queue_name(STACK)]
    names.append(naming.judge_dead_letter_queue_name(STACK))
    for family in FAMILIES:
        names.append(naming.queue_name(STACK, family.name, ordered=family.ordered))
        names.append(naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered))
    for name in names:
        client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})
    return client


@pytest.fixture
def judged(dynamodb: "DynamoDBClient") -> Judge:
    """Writes entries of which both sides are known, with verdicts, and counts of mutants, as the judge writes them."""

    def write(
        message_id: str,
        verdict: Verdict | None,
        differences: Sequence[Difference] = (),
        *,
        type_name: str = "payin.create",
        rules: Sequence[Rule] = (),
        tried: bool = True,
        **attributes: Any,
    ) -> None:
        item: dict[str, Any] = {
            "pk": {"S": message_id},
            "type": {"S": type_name},
            "family": {"S": type_name.split(".", 1)[0]},
            "business_key": {"S": "8513424"},
            "received_at": {"S": "2026-11-21T10:00:00.500+00:00"},
            "processed_at": {"S": "2026-11-21T10:00:01.000+00:00"},
            "epoch": {"N": "3"},
            "candidate": {"B": b"sealed"},
            "candidate_ending": {"S": "done"},
            "control_attempt_1": {"B": b"sealed"},
            "control_seen": {"S": "yes"},
            "comparison": {"S": "due"},
            "revision": {"N": "2"},
        }
        dynamodb.put_item(TableName=naming.ledger_table_name(STACK), Item=item | attributes)
        if verdict is not None:
            judgement = Judgement(verdict, tuple(differences), tuple(rules))
            store = VerdictStore(dynamodb, naming.ledger_table_name(STACK))
            assert store.write(message_id, 2, type_named(type_name), judgement, JUDGED_AT)
            if tried and verdict in AGREED:
                counts(dynamodb, "killed", type_name=type_name)

    return write


def counts(client: "DynamoDBClient", fate: Fate, count: int = 1, *, type_name: str = "payin.create") -> None:
    """What the judge has counted of mutants just now."""
    liveness = Liveness(Counter({(type_name, "one cent", "row:payins.net", fate): count}))
    FateStore(client, naming.control_table_name(STACK)).add(type_named(type_name), liveness, JUDGED_AT)


@pytest.fixture
def fee() -> Difference:
    """A difference in a plain field."""
    return Difference("row:payins.fee", "value", '"9.9"', '"9.9"', "0.13", "0.12")


@pytest.fixture
def name() -> Difference:
    """A difference in a personal field."""
    return Difference("row:payins.debtor_name", "value", '"a"', '"a"', "Zoé Planted", "Zoe Planted")


@pytest.fixture
def rule() -> Rule:
    return Rule("row:payins.recorded_at", "time within", "clocks", "payments", date(2027, 12, 31), 3600)
