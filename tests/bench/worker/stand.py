"""The embedded AWS with our stack and the textbook's tables in it, and the meter before it."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import write_authority
from contracts.envelope import Stamp
from contracts.registry import PAYIN
from infra.deploy import Deployment, deploy
from infra.local.aws import EmbeddedAws
from infra.synthesis import synthesise
from tests.bench.worker.meter import Meter

STACK = "bench"
LIVE = Stamp("new", 1)
"""The new side has authority: all that a worker can do is done, and effects are to leave."""
_CLIENT = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@dataclass(frozen=True, slots=True)
class Stand:
    """Where everybody is measured."""

    meter: Meter
    session: boto3.Session
    environment: Mapping[str, str]
    """By which any SDK comes to the meter."""

    def function_variables(self, function: str) -> dict[str, str]:
        """Environment of one of our functions, as the template has it."""
        found = self.session.client("lambda").get_function_configuration(FunctionName=function)
        return {**self.environment, **found["Environment"]["Variables"], "WEBHOOK_ORIGIN": self.meter.url}

    def textbook_variables(self, *, leaves: bool) -> dict[str, str]:
        """Environment of the textbook's function. Args: leaves: whether its effects do."""
        ours = self.function_variables(naming.family_function_name(STACK, PAYIN.name))
        found = {
            **self.environment,
            "TABLE": _textbook_table(leaves=leaves),
            "IDEMPOTENCY_TABLE": _idempotency_table(leaves=leaves),
            "KEY_ARN": ours["SEAL_KEY_ARN"],
            "POWERTOOLS_SERVICE_NAME": "textbook",
            "POWERTOOLS_METRICS_NAMESPACE": STACK,
            "LOG_LEVEL": "INFO",
        }
        if leaves:
            found |= {
                "EVENT_BUS": naming.event_bus_name(STACK),
                "RETURN_QUEUE_URL": ours["RETURN_QUEUE_URL"],
                "PARTNER": self.meter.url,
            }
        return found

    def ours_done(self) -> tuple[int, int, int]:
        """Messages processed, items of payments, messages whose effects have left: all there are."""
        ledger, records = naming.ledger_table_name(STACK), naming.records_table_name(STACK)
        return (
            self._count(ledger, "candidate_ending", "done"),
            self._count(records, "table", "payins"),
            self._count(ledger, "outlet", "left"),
        )

    def textbook_done(self, *, leaves: bool) -> tuple[int, int]:
        """Messages processed, items of payments: all there are."""
        return (
            self._count(_idempotency_table(leaves=leaves), "status", "COMPLETED"),
            self._count(_textbook_table(leaves=leaves)),
        )

    def take_returned(self) -> int:
        """How many follow-up messages wait for RabbitMQ; none are left."""
        sqs = self.session.client("sqs")
        url = sqs.get_queue_url(QueueName=naming.return_queue_name(STACK))["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
        sqs.purge_queue(QueueUrl=url)
        return int(found["ApproximateNumberOfMessages"])

    def _count(self, table: str, name: str | None = None, value: str = "") -> int:
        condition: dict[str, Any] = {}
        if name is not None:
            condition = {
                "FilterExpression": "#name = :value",
                "ExpressionAttributeNames": {"#name": name},
                "ExpressionAttributeValues": {":value": {"S": value}},
            }
        pages = self.session.client("dynamodb").get_paginator("scan")
        return sum(page["Count"] for page in pages.paginate(TableName=table, Select="COUNT", **condition))


@contextlib.contextmanager
def standing(folder: Path, package: Path) -> Iterator[Stand]:
    """Deploy our stack, with nothing that would work by itself. Args: package: of our functions."""
    with EmbeddedAws(folder) as aws, Meter(aws.port, Path(aws.environment["AWS_CA_BUNDLE"])) as meter:
        session = aws.session()
        secret = session.client("secretsmanager").create_secret(Name="webhooks", SecretString="not a real secret")
        parameters = {"WebhookSecretArn": secret["ARN"], "WorkerConcurrency": "2"}
        deploy(Deployment(STACK, synthesise(disposable=True), package, parameters), session)
        _let_rest(session)
        _make_live(session)
        for leaves in (False, True):
            _create_table(session, _textbook_table(leaves=leaves), "pk")
            _create_table(session, _idempotency_table(leaves=leaves), "id")
        environment = {name: aws.environment[name] for name in _CLIENT}
        environment |= {"AWS_ENDPOINT_URL": meter.url, "AWS_EC2_METADATA_DISABLED": "true", "PATH": os.defpath}
        yield Stand(meter, session, environment)


def _let_rest(session: boto3.Session) -> None:
    """No deployed function may take what is measured here, or the CPU that measures it."""
    functions = session.client("lambda")
    for mapping in functions.list_event_source_mappings()["EventSourceMappings"]:
        functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    events = session.client("events")
    for rule in events.list_rules()["Rules"]:
        events.disable_rule(Name=rule["Name"])


def _make_live(session: boto3.Session) -> None:
    record = AuthorityRecord(PAYIN.name, stage="live", epoch=LIVE.epoch, stamp_epoch=LIVE.epoch)
    session.resource("dynamodb").Table(naming.control_table_name(STACK)).put_item(Item=dict(write_authority(record)))


def _create_table(session: boto3.Session, name: str, key: str) -> None:
    session.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _textbook_table(*, leaves: bool) -> str:
    return f"textbook-{'leaves-' if leaves else ''}payins"


def _idempotency_table(*, leaves: bool) -> str:
    return f"textbook-{'leaves-' if leaves else ''}idempotency"
