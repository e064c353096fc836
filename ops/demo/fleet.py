"""The bridge's programs as processes, each with the rights of its own role and no others."""

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra.local.process import Child

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

READY_S = 30.0
STOP_S = 25.0
LAUNCHER = (sys.executable, "-m")
"""How a module of ours is started."""
_POLL_S = 0.05
_REPOSITORY = Path(__file__).resolve().parents[2]

Program = Literal["ship", "route", "return"]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one program is called, what it logs when it works, and whose rights it has."""

    title: str
    ready: str
    role: str
    """Output of the stack."""


_KINDS: Mapping[Program, _Kind] = {
    "ship": _Kind("shipper", '"message": "shipping"', "ShipperRoleArn"),
    "route": _Kind("router", '"message": "routing"', "RouterRoleArn"),
    "return": _Kind("returner", '"message": "returning"', "ReturnerRoleArn"),
}


class Fleet:
    """The bridge of one deployment. Leaving the scene stops all of it."""

    def __init__(
        self,
        environment: Mapping[str, str],
        sts: "STSClient",
        outputs: Mapping[str, str],
        logs: Path,
    ) -> None:
        """Args: outputs: of the stack."""
        self._environment = environment
        self._sts = sts
        self._outputs = outputs
        self._logs = logs
        self._running: dict[str, Child] = {}
        self._said: dict[Path, int] = {}
        """How often a log had said that its program works, before the present one began."""

    def start(
        self,
        program: Program,
        settings: Mapping[str, str] | None = None,
        *,
        name: str | None = None,
        launcher: Sequence[str] = LAUNCHER,
    ) -> Child:
        """Start a program and return when it says that it works.

        Args:
            settings: environment variables besides those of the deployment.
            name: tells two of a kind apart; the program's own title by default.
        """
        child = self.launch(program, settings, name=name, launcher=launcher)
        log, ready = child.log, _KINDS[program].ready
        wait_until(child, lambda: times_said(log, ready) > self._said[child.log])
        return child

    def launch(
        self,
        program: Program,
        settings: Mapping[str, str] | None = None,
        *,
        name: str | None = None,
        launcher: Sequence[str] = LAUNCHER,
    ) -> Child:
        """Start a program without waiting for it."""
        kind = _KINDS[program]
        name = name or kind.title
        assumed = self._sts.assume_role(RoleArn=self._outputs[kind.role], RoleSessionName=f"{kind.title}-demo")
        environment = {
            **self._environment,
            "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
            **(settings or {}),
        }
        log = self._logs / f"{name}.log"
        self._said[log] = times_said(log, kind.ready)
        command = [*launcher, "bridge", program]
        if name in self._running:
            self._running[name].stop()  # one that has died leaves its pipes behind
        child = Child(f"the {name}", command, environment=environment, folder=_REPOSITORY, log=log)
        self._running[name] = child
        return child

    def ended(self, name: str) -> bool:
        """Whether a program is not running."""
        return name not in self._running or self._running[name].ended

    def stop(self, name: str) -> int | None:
        """Ask a program to end (SIGTERM) and wait for it; returns its exit code, None where it was never started."""
        child = self._running.get(name)
        if child is None:
            return None
        child.stop(STOP_S)
        return child.code

    def stop_all(self) -> None:
        """Ask all programs to end, and wait for them."""
        stop_together(self._running.values())


def stop_together(children: Iterable[Child]) -> None:
    """Stop children beside each other: each finishes what it has in hand, which takes seconds."""
    stopping = tuple(children)
    with ThreadPoolExecutor(max(1, len(stopping))) as pool:
        list(pool.map(lambda child: child.stop(STOP_S), stopping))


def wait_until(child: Child, ready: Callable[[], bool], within_s: float = READY_S) -> None:
    """Wait for something that a child brings about. Raises NotReadyError, and stops the child, where it does not."""
    until = time.monotonic() + within_s
    while not ready():
        if child.ended or time.monotonic() > until:
            child.stop()
            raise child.not_ready(f"was not ready within {within_s:.0f} s")
        time.sleep(_POLL_S)


def wait_for_end(child: Child) -> None:
    """Wait until a child has ended well. Raises NotReadyError."""
    wait_until(child, lambda: child.ended)
    if child.code != 0:
        raise child.not_ready("failed")


def times_said(log: Path, text: str) -> int:
    """How often a log has said something; a log outlives the processes that write it."""
    return log.read_text("utf-8", "replace").count(text) if log.exists() else 0
