"""RabbitMQ in a container, for machines with a Docker engine.

Not run where this was written, for want of an engine: `make test` on a machine with Docker is its proof.
"""

import os
from pathlib import Path

import docker  # type: ignore[import-untyped]
from docker.constants import DEFAULT_UNIX_SOCKET  # type: ignore[import-untyped]
from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer

from infra.local.process import NotReadyError

_IMAGE = "rabbitmq:4-alpine"
_AMQP_PORT = "5672/tcp"
_PING_TIMEOUT_S = 2
_STOP_GRACE_S = 20


def docker_answers() -> bool:
    """Whether a Docker engine can be reached with the settings of the environment."""
    host = os.environ.get("DOCKER_HOST") or DEFAULT_UNIX_SOCKET.replace("http+", "")
    if host.startswith("unix://") and not Path(host.removeprefix("unix://")).exists():
        return False  # the engine's client would find out as well, and leave a socket open
    try:
        return bool(docker.from_env(timeout=_PING_TIMEOUT_S).ping())
    except DockerException:
        return False


class RabbitContainer:
    """The node in a container, published on `port` of 127.0.0.1."""

    def __init__(self, port: int, user: str, password: str) -> None:
        container = DockerContainer(_IMAGE)
        container.with_env("RABBITMQ_DEFAULT_USER", user).with_env("RABBITMQ_DEFAULT_PASS", password)
        container.ports[_AMQP_PORT] = ("127.0.0.1", port)  # type: ignore[assignment]  # as docker-py documents it
        self._container = container
        self._started = False

    def start(self) -> None:
        """Create the container, or start the stopped one again."""
        try:
            if self._started:
                self._container.get_wrapped_container().start()
            else:
                self._container.start()
                self._started = True
        except DockerException as error:
            raise self.failure(str(error)) from error

    def stop(self) -> None:
        """Stop the container and keep it, so that durable messages stay."""
        self._container.get_wrapped_container().stop(timeout=_STOP_GRACE_S)

    def remove(self) -> None:
        """Remove the container and its data."""
        self._container.stop()

    def failure(self, reason: str) -> NotReadyError:
        """The error; the engine keeps the log."""
        return NotReadyError(f"RabbitMQ's container {reason}; image {_IMAGE}")
