"""What a running bridge says of itself, while its broker comes and goes."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pika
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.amqp_connection import AmqpConnection
from bridge.amqp_settings import AmqpSettings
from bridge.port import Outgoing, SourceLostError
from contracts import naming
from contracts.registry import PAYIN
from infra.local.aws import EmbeddedAws
from infra.local.process import free_ports
from infra.local.rabbitmq import RabbitNode
from tests.bridge_site import STACK
from tests.fakes.message import payin
from tests.patience import eventually
from tests.stage import REPOSITORY

pytest_plugins = ("tests.fixtures_bridge",)

WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Running:
    """A process of the bridge, and where it listens."""

    process: subprocess.Popen[str]
    port: int

    def get(self, path: str) -> tuple[int, str]:
        """Status and body; status 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def reasons(self) -> list[str]:
        status, body = self.get("/ready")
        return [one["reason"] for one in json.loads(body)["reasons"]] if status else ["silent"]

    def value(self, name: str) -> float:
        """A metric that has no labels, or that is summed up."""
        found = [
            sample.value
            for family in text_string_to_metric_families(self.get("/metrics")[1])
            for sample in family.samples
            if sample.name == f"strangler_bridge_{name}"
        ]
        return sum(found) if found else -1


@contextmanager
def running(command: str, node: RabbitNode, aws: EmbeddedAws, folder: Path) -> Iterator[Running]:
    [port] = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, "-m", "bridge", command],
        cwd=REPOSITORY,
        env={
            "PATH": os.defpath,
            **aws.environment,
            "AMQP_URL": node.amqp_url,
            "STRANGLER_STACK": STACK,
            "STRANGLER_LISTEN": f"127.0.0.1:{port}",
            "STRANGLER_JOURNAL": str(folder / "journal"),
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield Running(process, port)
    finally:
        process.kill()
        process.communicate()


def publish(node: RabbitNode, webhook_id: str) -> None:
    one = PAYIN.types[0]
    connection = pika.BlockingConnection(pika.URLParameters(node.amqp_url))
    connection.channel().basic_publish(
        one.origin.exchange, one.origin.routing_key or "", payin(webhook_id), pika.BasicProperties(delivery_mode=2)
    )
    connection.close()


def test_a_shipper_is_ready_while_it_ships_and_lives_without_its_broker(
    node: RabbitNode, aws: EmbeddedAws, tmp_path: Path
) -> None:
    with running("ship", node, aws, tmp_path) as shipper:
        eventually(lambda: shipper.get("/ready")[0] == 200, WITHIN_S, "the shipper is ready")
        assert shipper.value("connected") == 1
        publish(node, "w1")
        eventually(lambda: shipper.value("shipped_total") == 1, WITHIN_S, "the shipper has shipped")
        assert shipper.value("in_hand") == 0
        node.restart()
        eventually(lambda: shipper.value("reconnected_total") == 1, WITHIN_S, "the shipper is back")
        eventually(lambda: shipper.get("/ready")[0] == 200, WITHIN_S, "the shipper is ready again")
        shipper.process.send_signal(signal.SIGTERM)
        _, log = shipper.process.communicate(timeout=WITHIN_S)
        assert shipper.process.returncode == 0
        assert '"message": "listening"' in log
        assert shipper.get("/live")[0] == 0, "nobody listens any more"


def test_a_router_is_ready_once_it_knows_what_is_decided(node: RabbitNode, aws: EmbeddedAws, tmp_path: Path) -> None:
    with running("route", node, aws, tmp_path) as router:
        eventually(lambda: router.get("/ready")[0] == 200, WITHIN_S, "the router is ready")
        assert router.value("active") >= 1
        assert router.value("epoch") >= 0


def test_a_shipper_that_cannot_send_says_which_queue_is_stuck_by_its_metrics(
    node: RabbitNode, aws: EmbeddedAws, tmp_path: Path
) -> None:
    aws.fail("sqs", "SendMessageBatch", error="AccessDenied", status=403)
    try:
        with running("ship", node, aws, tmp_path) as shipper:
            eventually(lambda: shipper.get("/ready")[0] == 200, WITHIN_S, "the shipper is ready")
            publish(node, "w2")
            eventually(lambda: shipper.value("paused") == 1, WITHIN_S, "the shipper pauses")
            tap = naming.tap_queue_name("payin")
            assert f'strangler_bridge_paused{{queue="{tap}",reason="denied"}} 1.0' in shipper.get("/metrics")[1]
            assert shipper.get("/live")[0] == 200
    finally:
        aws.heal()


def test_a_broker_that_blocks_publishes_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, aws: EmbeddedAws
) -> None:
    monkeypatch.setattr(
        "infra.local.rabbitmq._CONFIGURATION",
        "listeners.tcp.1 = 127.0.0.1:{port}\ndefault_user = {user}\ndefault_pass = {password}\n"
        "vm_memory_high_watermark.absolute = 1MB\n",
    )
    told: list[bool] = []
    blocked = threading.Event()

    def hear(one: bool) -> None:  # noqa: FBT001  # as the bridge tells it
        told.append(one)
        if one:
            blocked.set()

    def publish_one(connection: AmqpConnection) -> None:
        with suppress(SourceLostError):  # the node is stopped
            connection.publish(Outgoing("", "nowhere", b"{}"))

    with RabbitNode(tmp_path, prefer="program") as node:
        connection = AmqpConnection(AmqpSettings((node.amqp_url,)), on_blocked=hear)
        publishing = threading.Thread(target=publish_one, args=(connection,), daemon=True)
        publishing.start()
        assert blocked.wait(WITHIN_S)
    publishing.join(WITHIN_S)
    connection.close()
    assert told == [False, True]
