"""The scene of the demo: RabbitMQ, AWS, the deployment, the monolith's consumers and the shipper, as processes."""

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

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

STACK = "strangler"
_REPOSITORY = Path(__file__).resolve().parents[2]
_READY_S = 30.0
_POLL_S = 0.05
_WORKER_CONCURRENCY = 2
_STOP_S = 25.0
_SHIPPING = '"message": "shipping"'


@dataclass(frozen=True, slots=True)
class Places:
    """Files of one run."""

    folder: Path

    @property
    def published(self) -> Path:
        """The publisher's own log."""
        return self.folder / "published.ndjson"

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

    def __init__(self, folder: Path, patches: Sequence[Patch] = ()) -> None:
        """Args: patches: seeded bugs in the functions' package."""
        self.places = Places(folder)
        self.node = RabbitNode(folder / "rabbitmq")
        self.aws = EmbeddedAws(folder / "aws")
        self.environment: dict[str, str] = {}
        """For whoever operates this deployment: AWS as root, AMQP, stack."""
        self._patches = patches
        self._stack = contextlib.ExitStack()
        self._secret = secrets.token_hex(24)
        self._monolith: dict[str, str] = {}
        self._shipper_role = ""
        self._shipper: Child | None = None

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

    def publish(self, messages: int, seed: int, rate: float) -> Child:
        """Let the monolith's own publisher begin."""
        options = ["--messages", str(messages), "--seed", str(seed), "--log", str(self.places.published)]
        return self._stack.enter_context(self._php("publish", "publish.php", [*options, "--rate", str(rate)]))

    def audit(self) -> dict[str, object]:
        """Run the independent audit as the program that it is."""
        done = subprocess.run(  # noqa: S603  our own module
            [
                *(sys.executable, "-m", "ops.audit"),
                *("--published", str(self.places.published)),
                *("--database", str(self.places.database)),
                *("--stack", STACK),
            ],
            cwd=_REPOSITORY,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode > 1:
            raise NotReadyError(f"the audit could not read: {done.stderr.strip()}")
        finding: dict[str, object] = json.loads(done.stdout)
        return finding

    def start_shipper(self) -> None:
        """Start the shipper, with the rights of its own role and no others; returns when it ships."""
        assumed = self.session().client("sts").assume_role(RoleArn=self._shipper_role, RoleSessionName="shipper-demo")
        environment = {
            **self.environment,
            "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
        }
        log = self.places.logs / "shipper.log"
        said = _times_said(log, _SHIPPING)
        command = [sys.executable, "-m", "bridge", "ship"]
        self._shipper = Child("the shipper", command, environment=environment, folder=_REPOSITORY, log=log)
        _wait_until(self._shipper, lambda: _times_said(log, _SHIPPING) > said)

    @property
    def shipper_ended(self) -> bool:
        """Whether the shipper is not running."""
        return self._shipper is None or self._shipper.ended

    def stop_shipper(self) -> int | None:
        """Ask the shipper to end (SIGTERM) and wait for it; returns its exit code, None where none was started."""
        if self._shipper is None:
            return None
        self._shipper.stop(_STOP_S)
        return self._shipper.code

    def _start(self) -> None:
        folder = self.places.folder
        self.places.logs.mkdir(parents=True, exist_ok=True)
        self._monolith_php = find_php(folder)
        with ThreadPoolExecutor() as pool:
            # The slow ones beside each other: the broker boots, CDK synthesises, pip unpacks.
            node = pool.submit(self._stack.enter_context, self.node)
            template = pool.submit(synthesise, disposable=True)
            package = pool.submit(build, Target.LOCAL, folder, patches=self._patches)
            self.aws.folder.mkdir(parents=True, exist_ok=True)
            self._stack.enter_context(self.aws)
            amqp_url = node.result().amqp_url
        self.environment = {**os.environ, **self.aws.environment, "AMQP_URL": amqp_url, "STRANGLER_STACK": STACK}
        session = self.session()
        secret = session.client("secretsmanager").create_secret(
            Name=f"{STACK}/webhook-secret", SecretString=self._secret
        )
        parameters = {"WebhookSecretArn": secret["ARN"], "WorkerConcurrency": str(_WORKER_CONCURRENCY)}
        outputs = deploy(Deployment(STACK, template.result(), package.result(), parameters), session)
        self._start_monolith(amqp_url)
        _warm(session)
        self._shipper_role = outputs["ShipperRoleArn"]
        self._stack.callback(self.stop_shipper)
        self.start_shipper()

    def session(self) -> boto3.Session:
        """A session of the deployment's operator. Leaves this process's own environment alone."""
        return self.aws.session()

    def _start_monolith(self, amqp_url: str) -> None:
        self._monolith = {
            "PATH": os.environ.get("PATH", os.defpath),
            "MONOLITH_DSN": f"sqlite:{self.places.database}",
            "AMQP_URL": amqp_url,
            "WEBHOOK_SECRET": self._secret,
        }
        with self._php("setup", "setup.php", []) as setup:
            _wait_for_end(setup)
        for family in FAMILIES:
            self._stack.enter_context(self._php(f"consume-{family.name}", "consume.php", ["--family", family.name]))

    def _php(self, name: str, script: str, options: Sequence[str]) -> Child:
        command = self._monolith_php.command(script, options, self._monolith)
        log = self.places.logs / f"{name}.log"
        return Child(f"php {script}", command, environment=self._monolith, folder=_REPOSITORY, log=log)


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


def _wait_for_end(child: Child) -> None:
    _wait_until(child, lambda: child.ended)
    if child.code != 0:
        raise child.not_ready("failed")


def _times_said(log: Path, text: str) -> int:
    return log.read_text("utf-8", "replace").count(text) if log.exists() else 0


def _wait_until(child: Child, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _READY_S
    while not ready():
        if child.ended or time.monotonic() > until:
            child.stop()
            raise child.not_ready(f"was not ready within {_READY_S:.0f} s")
        time.sleep(_POLL_S)
