"""A RabbitMQ node with the monolith's consumers on it, in a test's hands: start one, publish to its queue, look."""

import json
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel

from bridge import amqp_field
from contracts import naming
from infra.local.process import Child
from infra.local.rabbitmq import RabbitNode
from tests.patience import eventually

BIN = Path(__file__).parents[1] / "legacy" / "monolith" / "bin"
WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Found:
    """A message as it was taken from a queue."""

    body: bytes
    properties: pika.BasicProperties
    redelivered: bool

    @property
    def headers(self) -> Mapping[str, Any]:
        """Empty where there are none."""
        return self.properties.headers or {}


class Yard:
    """One monolith with a database of its own, on a node that others may share."""

    def __init__(self, node: RabbitNode, php: Sequence[str], folder: Path) -> None:
        self.node = node
        self.database = folder / "monolith.sqlite"
        self.environment = {"AMQP_URL": node.amqp_url, "MONOLITH_DSN": f"sqlite:{self.database}"}
        self._php = php
        self._folder = folder
        self.run("setup.php")

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the monolith's programs to its end."""
        command = [*self._php, str(BIN / program), *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )
        assert done.returncode == 0, done.stderr
        return done

    def consumer(self, family: str, queue: str | None = None) -> Child:
        """Start a consumer; returns at once."""
        options = ["--family", family, *(["--queue", queue] if queue else [])]
        command = [*self._php, str(BIN / "consume.php"), *options]
        log = self._folder / f"{family}.log"
        return Child(f"consumer of {family}", command, environment=self.environment, folder=self._folder, log=log)

    def says(self, consumer: Child, text: str) -> None:
        """Wait until a consumer has logged a text."""
        eventually(lambda: text in consumer.log.read_text("utf-8"), WITHIN_S, f"{consumer.name} says {text!r}")

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """A channel with confirms, for as long as the block lasts."""
        amqp_field.mend()  # pika alone could neither read nor write a double
        connection = pika.BlockingConnection(pika.URLParameters(self.node.amqp_url))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel
        finally:
            connection.close()

    def declare(self, *queues: str) -> None:
        """Make durable queues, empty ones."""
        with self.channel() as channel:
            for queue in queues:
                channel.queue_declare(queue, durable=True)
                channel.queue_purge(queue)

    def publish(self, queue: str, body: bytes, headers: Mapping[str, Any] | None = None, **properties: Any) -> None:
        """Put a message into a queue."""
        with self.channel() as channel:
            chosen = pika.BasicProperties(headers=None if headers is None else dict(headers), **properties)
            channel.basic_publish("", queue, body, chosen, mandatory=True)

    def ready(self, queue: str) -> int:
        """How many messages wait in a queue and are in nobody's hands."""
        with self.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)

    def take(self, queue: str) -> list[Found]:
        """Take all that waits in a queue."""
        found: list[Found] = []
        with self.channel() as channel:
            while True:
                method, properties, body = channel.basic_get(queue, auto_ack=True)
                if method is None:
                    return found
                found.append(Found(body, properties, method.redelivered))

    def outcomes(self, count: int) -> list[dict[str, Any]]:
        """Wait for outcomes, and take them."""
        eventually(lambda: self.ready(naming.OUTCOME_QUEUE) >= count, WITHIN_S, f"{count} outcomes")
        return [json.loads(one.body) for one in self.take(naming.OUTCOME_QUEUE)]

    def rows(self, sql: str) -> list[Any]:
        """Ask the monolith's database."""
        with sqlite3.connect(self.database) as connection:
            return connection.execute(sql).fetchall()
