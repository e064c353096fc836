"""A private RabbitMQ node, always the real thing: tests and the demo neither share a broker nor stub one.

Where a Docker engine answers it is a container, else a program of this machine, started past the wrapper that Debian
puts around it (which switches to another user and to the one system-wide node): own node name, ports, name server
(epmd), cookie and folder, so that several stand side by side and beside the system's own, for root as for others, and
in a chroot that knows no host names.
"""

import secrets
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol, Self

from infra.local.process import Child, LocalProgramError, NotReadyError, free_ports, listen

_PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"  # AMQP 0-9-1, 4.2.2; the answer is a METHOD frame, which begins with 1
_STOP_GRACE_S = 20.0
_POLL_S = 0.05
_DEBIAN_PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")

# RabbitMQ and Erlang look these up; a chroot without /etc/hosts does not know even "localhost".
_NAMES = '{host, {127,0,0,1}, ["localhost"]}.\n{lookup, [file, native]}.\n'

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = {user}
default_pass = {password}
disk_free_limit.absolute = 10MB
vm_memory_high_watermark.absolute = 1GB
"""

_TLS = """\
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {tls.ca_file}
ssl_options.certfile = {tls.certificate_file}
ssl_options.keyfile = {tls.key_file}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
"""


@dataclass(frozen=True, slots=True)
class NodeTls:
    """What a node shows of itself over TLS, and whose client certificates it takes; it asks everybody for one."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


class _Broker(Protocol):
    """How a node runs: as a program or in a container."""

    def start(self) -> None:
        """Start it on its folder or container; what was durable before is there again."""

    def stop(self) -> None:
        """Stop it in good order and keep what is durable."""

    def remove(self) -> None:
        """Stop it and keep nothing; may be called at any time, twice."""

    def failure(self, reason: str) -> NotReadyError:
        """The error to raise when it does not answer."""


class RabbitNode:
    """A node with one user, on 127.0.0.1; its data goes with it. Port 0 takes a free one.

    Raises PortTakenError, NotReadyError, or LocalProgramError when RabbitMQ is not installed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        prefer: Literal["docker", "program"] = "docker",
        ready_within_s: float = 60.0,
        tls: NodeTls | None = None,
    ) -> None:
        """Args: tls: listens for it, too, on `tls_port`; as a program only."""
        self.folder = folder
        self.log = folder / "rabbitmq.log"
        self.port = port
        self.user = "strangler"
        self.password = secrets.token_urlsafe(12)
        self._prefer = "program" if tls else prefer
        self._tls = tls
        self.tls_port = 0
        self._ready_within_s = ready_within_s
        self._broker: _Broker | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def amqp_url(self) -> str:
        """URL with user and password, virtual host `/`."""
        return f"amqp://{self.user}:{self.password}@127.0.0.1:{self.port}/%2F"

    def start(self) -> None:
        """Start it and wait until it speaks AMQP."""
        with listen(self.port) as listener:
            self.port = listener.getsockname()[1]
            self._broker = self._choose()  # takes further ports, so not before this one is ours
        self._start(self._broker)

    def restart(self) -> None:
        """Stop the node in good order and start it again: connections break, durable messages stay."""
        if self._broker is None:
            raise LocalProgramError("RabbitMQ cannot be restarted before it was started")
        self._broker.stop()
        self._start(self._broker)

    def stop(self) -> None:
        """Stop it and remove its data but the log; may be called twice."""
        if self._broker is not None:
            self._broker.remove()
            self._broker = None

    def _choose(self) -> _Broker:
        if self._prefer == "docker":
            # Half a second of imports that a machine without an engine is spared.
            from infra.local.container import RabbitContainer, docker_answers  # noqa: PLC0415

            if docker_answers():
                return RabbitContainer(self.port, self.user, self.password)
        if self._tls is not None:
            (self.tls_port,) = free_ports(1)
        tls = "" if self._tls is None else _TLS.format(port=self.tls_port, tls=self._tls)
        return _Program(self.folder, self.log, self.port, self.user, self.password, tls)

    def _start(self, broker: _Broker) -> None:
        try:
            broker.start()
            deadline = time.monotonic() + self._ready_within_s
            while not _speaks_amqp(self.port):
                if time.monotonic() > deadline:
                    raise broker.failure(f"did not answer on port {self.port} within {self._ready_within_s:.0f} s")
                if isinstance(broker, _Program) and broker.ended:
                    raise broker.failure("ended")
                time.sleep(_POLL_S)
        except LocalProgramError:
            self.stop()
            raise


class _Program:
    """The node as a program of this machine, with a name server of its own."""

    def __init__(self, folder: Path, log: Path, port: int, user: str, password: str, tls: str) -> None:
        self._data = folder / "rabbitmq"
        self._log = log
        self._program = rabbitmq_server()
        self._children: list[Child] = []
        distribution_port, name_server_port = free_ports(2)
        self._environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self._data),  # the Erlang cookie
            "LANG": "C.UTF-8",
            "ERL_INETRC": str(self._data / "names"),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(name_server_port),
            "ERL_MAX_PORTS": "4096",
            "RABBITMQ_NODENAME": f"strangler-{port}@localhost",
            "RABBITMQ_DIST_PORT": str(distribution_port),
            "RABBITMQ_CONFIG_FILE": str(self._data / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self._data / "none"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self._data / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._data / "plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self._data / "config"),
            "RABBITMQ_SCHEMA_DIR": str(self._data / "schema"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(self._data / "expanded"),
            "RABBITMQ_MNESIA_BASE": str(self._data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self._data),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG": "warning",
            "RABBITMQ_PID_FILE": str(self._data / "pid"),
            "RABBITMQ_MAX_NUMBER_OF_PROCESSES": "65536",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +SDio 4 +A 4 -start_epmd false"
            " -kernel inet_dist_use_interface {127,0,0,1}",
            "detached": "1",  # rabbitmq-server: become the Erlang VM instead of a shell that waits for it
        }
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(parents=True)
        (self._data / "names").write_text(_NAMES, "utf-8")
        (self._data / "plugins").write_text("[rabbitmq_auth_mechanism_ssl].\n" if tls else "[].\n", "utf-8")
        (self._data / "rabbitmq.conf").write_text(
            _CONFIGURATION.format(port=port, user=user, password=password) + tls, "utf-8"
        )

    @property
    def ended(self) -> bool:
        """Whether one of its programs has ended."""
        return any(child.ended for child in self._children)

    def start(self) -> None:
        """Start the name server, then the node."""
        name_server = self._environment["ERL_EPMD_PORT"]
        self._run("epmd", ["epmd", "-port", name_server, "-address", "127.0.0.1"])
        self._run("RabbitMQ", [str(self._program)])

    def _run(self, name: str, command: list[str]) -> None:
        child = Child(name, command, environment=self._environment, folder=self._data, log=self._log)
        self._children.append(child)

    def stop(self) -> None:
        """Stop the node, then its name server."""
        while self._children:
            self._children.pop().stop(_STOP_GRACE_S)

    def remove(self) -> None:
        """Stop both at once and remove their folder."""
        while self._children:
            self._children.pop().kill()
        shutil.rmtree(self._data, ignore_errors=True)

    def failure(self, reason: str) -> NotReadyError:
        """The error with the end of the log."""
        ended = [child for child in self._children if child.ended]
        return (ended or self._children)[-1].not_ready(reason)


def rabbitmq_server() -> Path:
    """The program that starts a node; raises LocalProgramError when there is none."""
    found = _DEBIAN_PROGRAM if _DEBIAN_PROGRAM.exists() else shutil.which("rabbitmq-server")
    if found is None:
        raise LocalProgramError("RabbitMQ is not installed; `python -m infra.local.programs` says what to install")
    return Path(found)


def _speaks_amqp(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(_PROTOCOL_HEADER)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False
