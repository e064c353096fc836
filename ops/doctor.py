"""Checks whether this machine has what the product needs, and says what to do where it has not.

Each check stands for itself: one that fails keeps no other from being made. What only some commands need, or what is
replaced by something else where it is missing, is optional.
"""

import importlib.util
import os
import platform
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from bridge.amqp_settings import describe
from infra.local.process import LocalProgramError
from infra.local.programs import missing_packages, node
from infra.local.rabbitmq import rabbitmq_server
from ops.fault import CommandError
from ops.session import who_am_i

_OLDEST, _NEWEST = (3, 11), (3, 13)  # pyproject.toml, requires-python
_PHP_EXTENSIONS = ("amqp", "mbstring", "pcntl", "pdo_sqlite")
_OLDEST_PHP = (8, 2)
_INSTALL = "`make install` installs it where that is possible without asking"
_TIMEOUT_S = 5.0
_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"  # AMQP 0-9-1, 4.2.2


class State(StrEnum):
    """What a check found."""

    FINE = "fine"
    OPTIONAL = "optional"
    """Not there, and nothing is wrong with that."""
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: State
    found: str
    remedy: str = ""
    """What to do; empty where nothing has to be done."""


def examine(environment: Mapping[str, str] = os.environ) -> Iterable[Check]:
    """Make all checks, one after another; the last ones ask AWS and RabbitMQ and take up to some seconds."""
    yield check_python(sys.version_info[:2])
    yield check_rabbitmq()
    yield check_php(_output)
    yield check_php_packages()
    yield check_node()
    yield check_docker()
    yield check_aws(environment)
    yield check_amqp(environment.get("AMQP_URL", ""))


def check_python(version: tuple[int, int]) -> Check:
    """The interpreter that runs us."""
    found = f"{platform.python_implementation()} {platform.python_version()}"
    if _OLDEST <= version <= _NEWEST:
        return Check("Python", State.FINE, found)
    return Check("Python", State.MISSING, found, "install Python 3.11, 3.12 or 3.13, remove .venv, then `make install`")


def check_rabbitmq() -> Check:
    """The program; Docker's image stands in for it where an engine answers."""
    try:
        return Check("RabbitMQ", State.FINE, str(rabbitmq_server()))
    except LocalProgramError:
        return Check("RabbitMQ", State.MISSING, "no program rabbitmq-server", f"{_INSTALL}; or start a Docker engine")


def check_php(output: Callable[[list[str]], str | None]) -> Check:
    """The interpreter with the extensions that monolith and recorder load. `output`: what a command prints, or None."""
    version = output(["php", "-r", "echo PHP_VERSION;"])
    modules = output(["php", "-m"])
    if version is None or modules is None:
        return Check("PHP", State.MISSING, "no program php, or it does not start", _INSTALL)
    if tuple(map(int, version.split(".")[:2])) < _OLDEST_PHP:
        return Check("PHP", State.MISSING, f"PHP {version}", "install PHP 8.2 or newer")
    absent = sorted(set(_PHP_EXTENSIONS) - set(modules.lower().split()))
    if absent:
        return Check("PHP", State.MISSING, f"PHP {version} without {', '.join(absent)}", f"enable them, or {_INSTALL}")
    return Check("PHP", State.FINE, f"PHP {version} with {', '.join(_PHP_EXTENSIONS)}")


def check_php_packages() -> Check:
    """Debian's packages, PHP libraries among them."""
    missing = missing_packages()
    if missing:
        return Check("packages", State.MISSING, f"not installed: {' '.join(missing)}", _INSTALL)
    return Check("packages", State.FINE, "all of legacy/packages.txt and rabbitmq-server")


def check_node() -> Check:
    """Node, with which CDK makes the template."""
    try:
        return Check("Node for CDK", State.FINE, str(node()))
    except LocalProgramError as error:
        return Check("Node for CDK", State.MISSING, str(error), "`make install`; needed by demo and deploy")


def check_docker() -> Check:
    """A container engine. Nothing needs it."""
    without = "no engine answers; RabbitMQ runs as a program instead"
    if importlib.util.find_spec("docker") is None or importlib.util.find_spec("testcontainers") is None:
        return Check("Docker", State.OPTIONAL, "the Python packages for it are not installed; nothing needs them")
    from infra.local.container import docker_answers  # noqa: PLC0415  # an optional dependency

    return (
        Check("Docker", State.FINE, "an engine answers")
        if docker_answers()
        else Check("Docker", State.OPTIONAL, without)
    )


def check_aws(environment: Mapping[str, str]) -> Check:
    """Credentials, and whether the endpoint accepts them. The demo brings its own AWS and needs none."""
    endpoint = environment.get("AWS_ENDPOINT_URL", "the region's own endpoints")
    try:
        identity = who_am_i()
    except CommandError as error:
        return Check("AWS", State.MISSING, str(error), "needed by status, compare, messages and deploy; not by demo")
    if identity is None:
        return Check("AWS", State.OPTIONAL, "no credentials are set; only `strangler demo` works without")
    return Check("AWS", State.FINE, f"{identity} at {endpoint}")


def check_amqp(url: str) -> Check:
    """Whether something speaks AMQP at AMQP_URL. Neither logs in nor declares anything."""
    if not url:
        return Check("AMQP_URL", State.OPTIONAL, "not set; only `strangler bridge` needs it")
    shape = "expected amqp://user:password@host:port/vhost or amqps://…"
    try:
        parts = urlsplit(url)
        where, host, port = describe(url), parts.hostname, parts.port
    except ValueError:
        return Check("AMQP_URL", State.MISSING, "not a URL", shape)
    if parts.scheme not in ("amqp", "amqps") or not host:
        return Check("AMQP_URL", State.MISSING, "not an AMQP URL", shape)
    tls = parts.scheme == "amqps"
    try:
        speaks = _speaks_amqp(host, port or (5671 if tls else 5672), tls=tls)
    except OSError as error:
        reason = f"RabbitMQ at {where} cannot be reached: {error.strerror or error}"
        return Check("AMQP_URL", State.MISSING, reason, "check host and port, and that the broker runs")
    if not speaks:
        return Check("AMQP_URL", State.MISSING, f"what listens at {where} does not speak AMQP 0-9-1", "check the port")
    return Check("AMQP_URL", State.FINE, f"RabbitMQ answers at {where} (user and password are not tried)")


def _speaks_amqp(host: str, port: int, *, tls: bool) -> bool:
    """A broker answers the header with Connection.Start, whose frame begins with 1 (METHOD)."""
    with socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain:
        if not tls:
            return _greets(plain)
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as wrapped:
            return _greets(wrapped)


def _greets(connection: socket.socket) -> bool:
    connection.sendall(_PROTOCOL_HEADER)
    return connection.recv(1) == b"\x01"


def _output(command: list[str]) -> str | None:
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  # ours
            [program, *command[1:]], capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
