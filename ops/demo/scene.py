"""The scene of the demo: RabbitMQ, AWS, the deployment, the monolith, a partner and the bridge, as processes."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3

from contracts import naming
from contracts.registry import FAMILIES
from infra.deploy import Deployment, deploy
from infra.local.aws import EmbeddedAws
from infra.local.php import find_php
from infra.local.process import Child, NotReadyError
from infra.local.rabbitmq import RabbitNode
from infra.package import Patch, Target, build
from infra.synthesis import synthesise
from ops.demo.fleet import LAUNCHER, Fleet, wait_until
from ops.demo.follow_up import FollowUps
from ops.demo.monolith import Monolith

STACK = "strangler"
_REPOSITORY = Path(__file__).resolve().parents[2]
_WORKER_CONCURRENCY = 2
_LISTENING = "listening on "
_LOOK_AGAIN_S = 1.0
_RETURNED_WITHIN_S = 90.0
"""What a returner that was killed had in hand is seen again by the next one after some time."""


@dataclass(frozen=True, slots=True)
class Places:
    """Files of one run."""

    folder: Path

    @property
    def published(self) -> Path:
        """The publisher's own log."""
        return self.folder / "published.ndjson"

    @property
    def received(self) -> Path:
        """The partner's own log: which effect of which message each webhook was."""
        return self.folder / "received.ndjson"

    @property
    def followed(self) -> Path:
        """Which effect of which message each of the new side's follow-up messages on RabbitMQ was."""
        return self.folder / "followed.ndjson"

    @property
    def database(self) -> Path:
        """The monolith's SQLite file."""
        return self.folder / "monolith.sqlite"

    @property
    def logs(self) -> Path:
        """One log file per process."""
        return self.folder / "logs"


class Scene:
    """Everything that runs beside the demo. Leaving it stops all of it, by process id, the newest first."""

    fleet: Fleet
    monolith: Monolith

    def __init__(self, folder: Path, patches: Sequence[Patch] = ()) -> None:
        """Args: patches: seeded bugs in the functions' package."""
        self.places = Places(folder)
        self.node = RabbitNode(folder / "rabbitmq")
        self.aws = EmbeddedAws(folder / "aws")
        self.environment: dict[str, str] = {}
        """For whoever operates this deployment: AWS as root, AMQP, stack, the monolith's state."""
        self._patches = patches
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def publish(
        self,
        messages: int,
        seed: int,
        rate: float,
        log: Path | None = None,
        reserve: tuple[int, Path] | None = None,
    ) -> Child:
        """Let the monolith's own publisher begin. Args: reserve: that many deliveries wait until a file is there."""
        return self.monolith.publish(messages, seed, rate, log or self.places.published, reserve)

    def operate(self, *arguments: str, launcher: Sequence[str] = LAUNCHER) -> subprocess.CompletedProcess[str]:
        """Run the operator's command, in a process of its own."""
        return self._run("ops", *arguments, launcher=launcher)

    def audit(self, *logs: Path) -> dict[str, Any]:
        """Run the independent audit as the program that it is, over the logs of all that was published."""
        self._follow_ups.collect()
        done = self._run(
            "ops.audit",
            *("--published", *map(str, logs or (self.places.published,))),
            *("--received", str(self.places.received)),
            *("--followed", str(self.places.followed)),
            *("--database", str(self.places.database)),
            *("--stack", STACK),
        )
        if done.returncode > 1:
            raise NotReadyError(f"the audit could not read: {done.stderr.strip()}")
        finding: dict[str, Any] = json.loads(done.stdout)
        return finding

    def final_audit(self, *logs: Path) -> dict[str, Any]:
        """The same, once everything has ended; follow-up messages that are still on their way are given time."""
        until = time.monotonic() + _RETURNED_WITHIN_S
        while (finding := self.audit(*logs))["messages_lost"] and time.monotonic() < until:
            time.sleep(_LOOK_AGAIN_S)
        return finding

    def session(self) -> boto3.Session:
        """A session of the deployment's operator. Leaves this process's own environment alone."""
        return self.aws.session()

    def replace_code(self, family: str, patches: Sequence[Patch]) -> None:
        """Bring other code to one family's function, as a hurried deployment does."""
        package = build(Target.LOCAL, self.places.folder, patches=patches)
        name = naming.family_function_name(STACK, family)
        self.session().client("lambda").update_function_code(FunctionName=name, ZipFile=package.read_bytes())

    def _start(self) -> None:
        folder = self.places.folder
        self.places.logs.mkdir(parents=True, exist_ok=True)
        php = find_php(folder)
        with ThreadPoolExecutor() as pool:
            # The slow ones beside each other: the broker boots, CDK synthesises, pip unpacks.
            node = pool.submit(self._stack.enter_context, self.node)
            template = pool.submit(synthesise, disposable=True)
            package = pool.submit(build, Target.LOCAL, folder, patches=self._patches)
            self.aws.folder.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(self.aws)
            amqp_url = node.result().amqp_url
        secret = secrets.token_hex(24)
        session = self.session()
        stored = session.client("secretsmanager").create_secret(Name=f"{STACK}/webhook-secret", SecretString=secret)
        parameters = {
            "WebhookSecretArn": stored["ARN"],
            "WorkerConcurrency": str(_WORKER_CONCURRENCY),
            "WebhookOrigin": self._start_partner(),
        }
        outputs = deploy(Deployment(STACK, template.result(), package.result(), parameters), session)
        self.monolith = Monolith(php, amqp_url, self.places.database, secret, self.places.logs)
        self._stack.callback(self.monolith.stop)
        self.monolith.set_up()
        self.monolith.consume()
        self._follow_ups = FollowUps(amqp_url, self.places.followed)
        self.environment = {
            **os.environ,
            **self.aws.environment,
            "AMQP_URL": amqp_url,
            "STRANGLER_STACK": STACK,
            "STRANGLER_JOURNAL": str(folder / "journal"),
            "STRANGLER_MONOLITH_STATE": self.monolith.state_command,
        }
        _warm(session)
        self.fleet = Fleet(self.environment, session.client("sts"), outputs, self.places.logs)
        self._stack.callback(self.fleet.stop_all)
        self.fleet.start("ship")

    def _start_partner(self) -> str:
        """Start the partner; returns its origin."""
        log = self.places.logs / "partner.log"
        command = [sys.executable, "-m", "ops.demo.partner", "--log", str(self.places.received)]
        partner = Child("the partner", command, environment=os.environ, folder=_REPOSITORY, log=log)
        self._stack.callback(partner.stop)
        wait_until(partner, lambda: _LISTENING in log.read_text("utf-8"))
        return f"http://127.0.0.1:{log.read_text('utf-8').split(_LISTENING)[1].split()[0]}"

    def _run(self, *arguments: str, launcher: Sequence[str] = LAUNCHER) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  our own module
            [*launcher, *arguments],
            cwd=_REPOSITORY,
            env={**self.environment, "COLUMNS": "200"},  # nothing that is read is to be cut to a terminal's width
            capture_output=True,
            text=True,
            check=False,
        )


def _warm(session: boto3.Session) -> None:
    """Start every function's processes, so that the times measured are those of a system that runs.

    On two cores ten Python processes that start at once need some ten seconds, which is the laptop's time, not ours.
    """
    client = session.client("lambda")
    names = [naming.control_function_name(STACK), naming.judge_function_name(STACK)]
    names += [naming.family_function_name(STACK, family.name) for family in FAMILIES]

    def invoke(name: str) -> None:
        client.invoke(FunctionName=name, Payload=json.dumps({"Records": []}).encode())

    with ThreadPoolExecutor(len(names) * _WORKER_CONCURRENCY) as pool:
        list(pool.map(invoke, names * _WORKER_CONCURRENCY))
