"""What runs only where a Docker engine answers. Elsewhere each test says so, by name and with its reason."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from infra.local.container import docker_answers
from infra.local.php import ContainerPhp
from infra.local.rabbitmq import RabbitNode

pytestmark = pytest.mark.skipif(not docker_answers(), reason="Docker only: no Docker engine answers on this machine")


def test_a_broker_in_a_container_restarts_under_the_same_address(tmp_path: Path) -> None:
    with RabbitNode(tmp_path, prefer="docker") as node:
        url = node.amqp_url
        node.restart()
        assert node.amqp_url == url


def test_php_in_a_container_prints_the_publishers_scenario(tmp_path: Path) -> None:
    environment = {"WEBHOOK_SECRET": "a secret of the tests", "PATH": os.environ["PATH"]}
    options = ["--messages", "5", "--seed", "7", "--print"]
    command = ContainerPhp(tmp_path).command("publish.php", options, environment)
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=170)
    assert len({json.loads(line)["id"] for line in printed.stdout.splitlines()}) == 5
