"""The private RabbitMQ node: tests stop, restart and cut it, so it has to be what it says."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pika
import pytest
from pika.exceptions import ProbableAuthenticationError

from infra.local.process import LocalProgramError, NotReadyError, PortTakenError
from infra.local.rabbitmq import RabbitNode

DURABLE = pika.BasicProperties(delivery_mode=2)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    with RabbitNode(tmp_path_factory.mktemp("node"), prefer="program") as node:
        yield node


def _connect(url: str) -> pika.BlockingConnection:
    return pika.BlockingConnection(pika.URLParameters(url))


def test_a_durable_message_survives_a_restart_and_a_connection_does_not(node: RabbitNode) -> None:
    before = _connect(node.amqp_url)
    channel = before.channel()
    channel.confirm_delivery()
    channel.queue_declare("kept", durable=True)
    channel.basic_publish("", "kept", b"payment", DURABLE)

    node.restart()

    with pytest.raises(pika.exceptions.AMQPConnectionError):
        before.process_data_events(time_limit=5)
    after = _connect(node.amqp_url)
    _, _, body = after.channel().basic_get("kept", auto_ack=True)
    after.close()
    assert body == b"payment"


def test_nobody_gets_in_without_the_password_of_this_node(node: RabbitNode) -> None:
    with pytest.raises(ProbableAuthenticationError):
        _connect(f"amqp://guest:guest@127.0.0.1:{node.port}/%2F")


def test_two_stand_side_by_side_and_one_leaves_nothing_but_its_log(node: RabbitNode, tmp_path: Path) -> None:
    with RabbitNode(tmp_path, prefer="program") as second:
        connection = _connect(second.amqp_url)
        connection.channel().queue_declare("only-here")
        connection.close()
        mine = _connect(node.amqp_url)
        with pytest.raises(pika.exceptions.ChannelClosedByBroker, match="NOT_FOUND"):
            mine.channel().queue_declare("only-here", passive=True)
        mine.close()
    assert [path.name for path in tmp_path.iterdir()] == ["rabbitmq.log"]
    assert not [line for line in _processes() if f"strangler-{second.port}@" in line]


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} of 127.0.0.1 .*Address already in use"):
            RabbitNode(tmp_path, port=port, prefer="program").start()


def test_a_node_that_does_not_come_up_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.rabbitmq._CONFIGURATION", "no_such_setting = 1\n")
    with pytest.raises(NotReadyError, match=r"(?s)ended with code 1; log .*failed_to_prepare_configuration"):
        RabbitNode(tmp_path, prefer="program").start()
    assert [path.name for path in tmp_path.iterdir()] == ["rabbitmq.log"]


def test_a_machine_without_rabbitmq_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.local.rabbitmq._DEBIAN_PROGRAM", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalProgramError, match="RabbitMQ is not installed"):
        RabbitNode(tmp_path, prefer="program").start()


def test_a_node_that_was_not_started_cannot_be_restarted(tmp_path: Path) -> None:
    with pytest.raises(LocalProgramError, match="before it was started"):
        RabbitNode(tmp_path).restart()


def _processes() -> list[str]:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it has just ended
    return lines
