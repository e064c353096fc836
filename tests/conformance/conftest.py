"""What the real adapters run against: moto for AWS, and one RabbitMQ node of the session's own."""

from collections.abc import Iterator

import pytest

from infra.local.rabbitmq import RabbitNode


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    """A RabbitMQ node. One that is not installed is an error: a silent skip would look like a pass."""
    with RabbitNode(tmp_path_factory.mktemp("rabbit"), prefer="program") as node:
        yield node


@pytest.fixture
def amqp_url(rabbit: RabbitNode) -> str:
    """URL of the node, with user and password."""
    return rabbit.amqp_url
