"""RabbitMQ's own shovel on a node of ours: the plugin that moves messages from queue to queue within the broker.

It is enabled for that node alone (its own enabled_plugins file, read at its start), and driven by rabbitmqctl with the
node's own environment: name, cookie and name server are those of no other broker of the machine.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from infra.local.process import LocalProgramError
from infra.local.rabbitmq import RabbitNode, rabbitmq_server

PLUGIN = "rabbitmq_shovel"
_NAME = "bench"
_WITHIN_S = 60.0
_MISSING = (
    f"RabbitMQ has no plugin {PLUGIN}, or cannot load it. It comes with RabbitMQ, in its folder `plugins`, or as a "
    "package of its own (`rabbitmq-plugins list` tells what there is): install it for the version that runs here"
)


class ShovelNode:
    """A running node as one that shovels. It has to be a program of this machine, for its plugins are a file of its."""

    def __init__(self, node: RabbitNode) -> None:
        """Enable the plugin; restarts the node. Raises LocalProgramError where there is none."""
        self._data = node.folder / "rabbitmq"
        (self._data / "plugins").write_text(f"[{PLUGIN}].\n", "utf-8")
        node.restart()
        if self._run("rabbitmq-plugins", "is_enabled", PLUGIN).returncode != 0:
            raise LocalProgramError(_MISSING)

    @property
    def pid(self) -> int:
        """Process id of the Erlang VM, which is the broker and its shovels."""
        return int((self._data / "pid").read_text("ascii"))

    @contextlib.contextmanager
    def shovelling(self, source: str, target: str, *, prefetch: int, uri: str) -> Iterator[None]:
        """Move what is in one queue to another for as long as the block lasts, each acknowledged once confirmed.

        Args:
            source: a queue that is there.
            target: another; published to by its name.
            prefetch: messages that may be under way.
            uri: both ends; `amqp://` is the node itself, without a socket between.
        """
        definition = {
            "src-protocol": "amqp091",
            "src-uri": uri,
            "src-queue": source,
            "src-prefetch-count": prefetch,
            "dest-protocol": "amqp091",
            "dest-uri": uri,
            "dest-queue": target,
            "ack-mode": "on-confirm",
        }
        self._control("set_parameter", "shovel", _NAME, json.dumps(definition))
        try:
            yield
        finally:
            self._control("clear_parameter", "shovel", _NAME)

    def _control(self, *arguments: str) -> None:
        done = self._run("rabbitmqctl", *arguments)
        if done.returncode != 0:
            raise LocalProgramError(
                f"rabbitmqctl {arguments[0]} {arguments[1]}: {(done.stderr or done.stdout).strip()}"
            )

    def _run(self, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        program = rabbitmq_server().with_name(tool)
        if not program.exists():
            raise LocalProgramError(f"{program} is missing: RabbitMQ's tools have to stand beside rabbitmq-server")
        command = [str(program), "--quiet", *arguments]
        environment = self._environment()
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_WITHIN_S, check=False)

    def _environment(self) -> dict[str, str]:
        """The node's own (proc(5)): by it the tools find this node, and no other."""
        told = Path(f"/proc/{self.pid}/environ").read_text("utf-8").split("\0")
        return dict(one.split("=", 1) for one in told if "=" in one)
