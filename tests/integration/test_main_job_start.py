"""A shipper that cannot start says why in one line, without a traceback or a password, and with its own exit code."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.process import free_ports
from infra.local.rabbitmq import RabbitNode
from tests.stage import REPOSITORY

UNREACHABLE, REFUSED = 69, 77
"""Of sysexits.h, as `python -m bridge` documents them."""
WITHIN_S = 60


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    """A broker on which the monolith was never set up."""
    with RabbitNode(tmp_path_factory.mktemp("bare")) as node:
        yield node


def ship(amqp_url: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", "ship"],
        cwd=REPOSITORY,
        env={
            "PATH": str(Path(sys.executable).parent),
            "AMQP_URL": amqp_url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "STRANGLER_JOURNAL": str(folder),
        },
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_an_unreachable_broker_is_named(tmp_path: Path) -> None:
    [port] = free_ports(1)

    done = ship(f"amqp://someone:s3cr3t@127.0.0.1:{port}/%2F", tmp_path)

    assert done.returncode == UNREACHABLE
    [line] = done.stderr.splitlines()
    assert line.startswith(f"strangler bridge ship: RabbitMQ at 127.0.0.1:{port}/%2F cannot be reached")
    assert "s3cr3t" not in done.stderr + done.stdout


def test_wrong_credentials_are_told_apart_and_not_shown(node: RabbitNode, tmp_path: Path) -> None:
    done = ship(f"amqp://someone:s3cr3t@127.0.0.1:{node.port}/%2F", tmp_path)

    assert done.returncode == REFUSED
    [line] = done.stderr.splitlines()
    assert line == (
        f"strangler bridge ship: RabbitMQ at 127.0.0.1:{node.port}/%2F refuses our user or password (AMQP_URL)"
    )


def test_a_missing_exchange_is_named(node: RabbitNode, tmp_path: Path) -> None:
    done = ship(node.amqp_url, tmp_path)

    assert done.returncode == REFUSED
    [line] = done.stderr.splitlines()
    assert line.startswith(f"strangler bridge ship: RabbitMQ at 127.0.0.1:{node.port}/%2F: NOT_FOUND")
    assert "exchange 'notifications'" in line
    assert node.password not in done.stderr + done.stdout
