"""Both ends of a bridge, with all that has to be there: a real broker, and an AWS with queues and tables alone.

A test module takes these fixtures with `pytest_plugins = ("tests.fixtures_bridge",)`, and imports nothing from here.
"""

from collections.abc import Iterator

import pika
import pytest

from contracts import naming
from contracts.registry import FAMILIES
from infra.local.aws import EmbeddedAws
from infra.local.rabbitmq import RabbitNode
from tests.bridge_site import STACK


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    """A broker with the monolith's exchanges and queues."""
    with RabbitNode(tmp_path_factory.mktemp("node")) as node:
        connection = pika.BlockingConnection(pika.URLParameters(node.amqp_url))
        channel = connection.channel()
        for family in FAMILIES:
            for one in family.types:
                channel.exchange_declare(one.origin.exchange, "topic", durable=True)
            channel.queue_declare(family.legacy_queue, durable=True)
        connection.close()
        yield node


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An AWS with the deployment's queues and the router's tables."""
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as aws:
        sqs = aws.session().client("sqs")
        for name in (
            *(naming.queue_name(STACK, family.name, ordered=family.ordered) for family in FAMILIES),
            naming.outcome_queue_name(STACK),
            naming.invalid_queue_name(STACK),
            naming.return_queue_name(STACK),
        ):
            sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if name.endswith(".fifo") else {})
        dynamodb = aws.session().client("dynamodb")
        for table, keys in (
            (naming.control_table_name(STACK), ("pk", "sk")),
            (naming.ledger_table_name(STACK), ("pk",)),
        ):
            dynamodb.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
                KeySchema=[{"AttributeName": n, "KeyType": t} for n, t in zip(keys, ("HASH", "RANGE"), strict=False)],  # type: ignore[typeddict-item]
            )
        yield aws
