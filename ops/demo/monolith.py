"""The monolith of the demo: its own setup, consumers and publisher, as PHP processes."""

import os
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from contracts import naming
from contracts.registry import FAMILIES
from infra.local.php import Php
from infra.local.process import Child
from ops.demo.fleet import stop_together, times_said, wait_for_end, wait_until

_REPOSITORY = Path(__file__).resolve().parents[2]
_CONSUMING = ": consuming"


class Monolith:
    """The PHP application with its database."""

    def __init__(self, php: Php, amqp_url: str, database: Path, secret: str, logs: Path) -> None:
        """Args: database: SQLite file. secret: with which webhooks are signed."""
        self._php = php
        self._logs = logs
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "MONOLITH_DSN": f"sqlite:{database}",
            "AMQP_URL": amqp_url,
            "WEBHOOK_SECRET": secret,
        }
        self._children: list[Child] = []
        self._consumers: list[Child] = []

    @property
    def state_command(self) -> str:
        """Program that exports the rows of a family, as `strangler compare state` runs it; `{family}` is filled in."""
        command = self._php.command("state.php", ["--family", "{family}"], self._environment)
        variables = [f"{name}={value}" for name, value in self._environment.items()]
        return shlex.join(["env", *variables, *command])

    def set_up(self) -> None:
        """Create tables, exchanges and queues. Raises NotReadyError."""
        with self._start("setup", "setup.php", []) as setup:
            wait_for_end(setup)

    def consume(self, *, routed: bool = False) -> None:
        """Start one consumer for each family, on its own queue or on the one that the router fills."""
        begun = []
        for family in FAMILIES:
            queue = ["--queue", naming.legacy_queue_name(family.name)] if routed else []
            name = f"consume-{family.name}"
            said = times_said(self._logs / f"{name}.log", _CONSUMING)
            begun.append((self._start(name, "consume.php", ["--family", family.name, *queue]), said))
        for consumer, said in begun:
            self._consumers.append(consumer)
            wait_until(consumer, partial(_has_begun, consumer, said))

    def leave(self) -> None:
        """Let every consumer finish what it has in hand, and give the rest back."""
        stop_together(self._consumers)
        self._consumers.clear()

    def publish(
        self, messages: int, seed: int, rate: float, log: Path, reserve: tuple[int, Path] | None = None
    ) -> Child:
        """Let the application's own publisher begin. Args: reserve: that many deliveries wait until a file is there."""
        options = ["--messages", str(messages), "--seed", str(seed), "--log", str(log), "--rate", str(rate)]
        if reserve is not None:
            options += ["--reserve", str(reserve[0]), "--until", str(reserve[1])]
        publisher = self._start("publish", "publish.php", options)
        self._children.append(publisher)
        return publisher

    def stop(self) -> None:
        """Stop whatever runs."""
        self.leave()
        for child in self._children:
            child.stop()

    def _start(self, name: str, script: str, options: Sequence[str]) -> Child:
        command = self._php.command(script, options, self._environment)
        environment: Mapping[str, str] = self._environment
        log = self._logs / f"{name}.log"
        return Child(f"php {script}", command, environment=environment, folder=_REPOSITORY, log=log)


def _has_begun(consumer: Child, said: int) -> bool:
    return times_said(consumer.log, _CONSUMING) > said
