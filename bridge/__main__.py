"""`python -m bridge ship|route|return`: runs one of the bridge's processes until SIGTERM or SIGINT.

Exit codes are named in `ExitCode`.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bridge.allocator import return_large_blocks
from bridge.bootstrap import (
    build_returner,
    build_router,
    build_shipper,
    plan_return_check,
    plan_route_check,
    plan_ship_check,
)
from bridge.check import Fault, Finding, Plan, worst
from bridge.check import check as check_ends
from bridge.check_table import lines
from bridge.collector import look_seldom
from bridge.deadline import listen, within
from bridge.journal_file import JournalError
from bridge.listener import ListenError, listening
from bridge.native import native_parts, stale_parts
from bridge.observation import Watch, observe_returner, observe_router, observe_shipper, watch
from bridge.poison import PoisonFloodError
from bridge.port import ChannelFailedError, SourceLostError, SourceRefusedError
from bridge.settings import BridgeSettings, RouterSettings, SettingsError, ShipperSettings, read_settings
from bridge.snapshot import Pane

_LOG = logging.getLogger("bridge")
_REPORT_S = 10.0
_RETURN_S = 20.0
"""How long the returner may take for what it has in hand when it is told to stop."""
_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    NOT_DRAINED = 3
    """Stopped before everything in flight was settled; it will be delivered again."""
    SETTINGS = 64
    NO_DEPLOYMENT = 66
    """Of `--check`: a queue, a table or an exchange that has to be there is not."""
    POISONED = 65
    """More messages than the limit cannot be read or sent: they lie in the Invalid Message Channel, the rest waits."""
    UNREACHABLE = 69
    CHANNEL_FAILED = 74
    """The Invalid Message Channel takes nothing; what was meant for it stays where it is."""
    REFUSED = 77
    """The broker answers, but refuses us: credentials, a missing exchange, other queue arguments."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line; never a body, a header or a credential, for nobody hands one over."""

    def format(self, record: logging.LogRecord) -> str:
        """Render one record."""
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        return json.dumps(
            {
                "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
                "level": record.levelname,
                "logger": record.name,
                "message": record.getMessage(),
                **extra,
            },
            default=str,
        )


class Command(Protocol):
    """One of the bridge's processes."""

    def __call__(self, config: Path | None = None, *, check: bool = False) -> ExitCode:
        """Run it, or only look whether it could."""


class Loop(Protocol):
    """What the bridge's processes have in common."""

    @property
    def counts(self) -> Mapping[str, int]:
        """What it has done, for the log."""

    def step(self) -> None:
        """One round."""

    def waits_s(self) -> float:
        """How long nothing can be done but wait."""


def _overdue() -> ExitCode:
    _LOG.warning("stopped at its deadline: what was in hand will be delivered again")
    return ExitCode.NOT_DRAINED


@within(_overdue)
def ship(config: Path | None = None, *, check: bool = False) -> ExitCode:
    """Ship until told to stop. Args: config: file of settings. check: only look whether it could."""
    settings = _begin("ship", ShipperSettings, config)
    if settings is None:
        return ExitCode.SETTINGS
    if check:
        return _check(plan_ship_check(settings))
    stopping, pane, listens = listen(settings.drain_s), Pane(), settings.address is not None
    try:
        parts = build_shipper(settings, on_blocked=pane.block)
    except JournalError as error:
        return _complain("ship", f"STRANGLER_JOURNAL: {error}", ExitCode.SETTINGS)

    def run() -> ExitCode:
        parts.shipper.open()
        look_seldom()
        _LOG.info("shipping", extra={"stack": settings.stack, "shipper": parts.journal.name, "native": native_parts()})
        _loop(stopping, parts.shipper, watch(pane, partial(observe_shipper, parts.shipper), wanted=listens))
        drained = parts.shipper.drain(settings.drain_s)
        _LOG.info("stopped", extra={**parts.shipper.counts, "drained": drained})
        return ExitCode.OK if drained else ExitCode.NOT_DRAINED

    try:
        return _told("ship", settings, pane, run)
    finally:
        parts.shipper.close()
        parts.journal.close()


@within(_overdue)
def route(config: Path | None = None, *, check: bool = False) -> ExitCode:
    """Route until told to stop. Args: config: file of settings. check: only look whether it could."""
    settings = _begin("route", RouterSettings, config)
    if settings is None:
        return ExitCode.SETTINGS
    if check:
        return _check(plan_route_check(settings))
    stopping, pane, listens = listen(settings.drain_s), Pane(), settings.address is not None
    try:
        parts = build_router(settings, on_blocked=pane.block)
    except JournalError as error:
        return _complain("route", f"STRANGLER_JOURNAL: {error}", ExitCode.SETTINGS)

    def run() -> ExitCode:
        parts.router.open()
        parts.ticker.start()
        _LOG.info("routing", extra={"stack": settings.stack, "router": parts.journal.name, "native": native_parts()})
        observe = partial(observe_router, parts.router, lambda: parts.side_line.unsettled)
        look = watch(pane, observe, wanted=listens)
        _loop(stopping, parts.router, look, lambda: parts.ticker.failure)
        drained = parts.router.drain(settings.drain_s)
        if parts.ticker.stop(settings.drain_s):  # else it may still write what `leave` takes back
            parts.side_line.leave()
        _LOG.info("stopped", extra={**parts.router.counts, "drained": drained})
        return ExitCode.OK if drained else ExitCode.NOT_DRAINED

    try:
        return _told("route", settings, pane, run)
    finally:
        parts.router.close()
        parts.ticker.stop(settings.drain_s)
        parts.journal.close()


@within(_overdue)
def give_back(config: Path | None = None, *, check: bool = False) -> ExitCode:
    """Publish what the new side sends back until told to stop; what is in hand by then is finished."""
    settings = _begin("return", BridgeSettings, config)
    if settings is None:
        return ExitCode.SETTINGS
    if check:
        return _check(plan_return_check(settings))
    stopping = listen(_RETURN_S)
    pane, listens = Pane(), settings.address is not None
    returner = build_returner(settings, on_blocked=pane.block)

    def run() -> ExitCode:
        returner.open()
        _LOG.info("returning", extra={"stack": settings.stack})
        _loop(stopping, returner, watch(pane, partial(observe_returner, returner), wanted=listens))
        returner.close()
        _LOG.info("stopped", extra=dict(returner.counts))
        return ExitCode.OK

    return _told("return", settings, pane, run)


_S = TypeVar("_S", bound=BridgeSettings)


def _begin(command: str, kind: type[_S], config: Path | None) -> _S | None:
    """Settings and log of a process; None where the settings are wrong, which it has said."""
    try:
        settings = read_settings(os.environ, kind, config)
    except SettingsError as error:
        _complain(command, str(error), ExitCode.SETTINGS)
        return None
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # every fault of it comes to us as an exception
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells where credentials come from
    return_large_blocks()
    if stale := stale_parts():
        _LOG.warning("compiled of another source, and not used: run make native", extra={"parts": stale})
    return settings


def _told(command: str, settings: BridgeSettings, pane: Pane, run: Callable[[], ExitCode]) -> ExitCode:
    """Run, answer whoever asks how it goes, and say in one line what is wrong with the broker."""
    try:
        with listening(settings.address, pane) as port:
            if port is not None:
                _LOG.info("listening", extra={"port": port})
            return run()
    except ListenError as error:
        return _complain(command, f"STRANGLER_LISTEN: {error}", ExitCode.SETTINGS)
    except SourceRefusedError as error:
        return _complain(command, str(error), ExitCode.REFUSED)
    except SourceLostError as error:
        return _complain(command, str(error), ExitCode.UNREACHABLE)
    except PoisonFloodError as error:
        return _complain(command, str(error), ExitCode.POISONED)
    except ChannelFailedError as error:
        return _complain(command, str(error), ExitCode.CHANNEL_FAILED)


_FAULTS: Mapping[Fault, ExitCode] = {
    "settings": ExitCode.SETTINGS,
    "absent": ExitCode.NO_DEPLOYMENT,
    "unreachable": ExitCode.UNREACHABLE,
    "refused": ExitCode.REFUSED,
}


def _check(plan: Plan) -> ExitCode:
    """Try both ends, a line each on standard output as it is found; nothing is changed."""
    findings: list[Finding] = []
    for finding in check_ends(plan):
        findings.append(finding)
        sys.stdout.writelines(f"{line}\n" for line in lines([finding]))
        sys.stdout.flush()
    fault = worst(findings)
    return ExitCode.OK if fault is None else _FAULTS[fault]


def _complain(command: str, text: str, code: ExitCode) -> ExitCode:
    sys.stderr.write(f"strangler bridge {command}: {text}\n")
    return code


def _loop(
    stopping: list[int], process: Loop, look: Watch, failure: Callable[[], BaseException | None] = lambda: None
) -> None:
    report_at = time.monotonic() + _REPORT_S
    while not stopping:
        process.step()
        look()
        if (error := failure()) is not None:
            raise error
        wait_s = process.waits_s()
        if wait_s:
            time.sleep(min(wait_s, 0.2))
        if time.monotonic() >= report_at:
            _LOG.info("counts", extra={**process.counts, "in_flight": getattr(process, "in_flight", 0)})
            report_at = time.monotonic() + _REPORT_S


_COMMANDS: Mapping[str, tuple[Command, str]] = {
    "ship": (ship, "take notifications and outcomes from RabbitMQ and send them to SQS"),
    "route": (route, "stand before the monolith's queues and route what comes, as is decided"),
    "return": (give_back, "publish to RabbitMQ what the new side sends back"),
}


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bridge", description="The Messaging Bridge of RabbitMQ and SQS.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (_, text) in _COMMANDS.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("--config", type=Path, metavar="FILE", help="settings, as TOML; the environment wins")
        command.add_argument(
            "--check", action="store_true", help="try both ends, change nothing, and say what is wrong"
        )
    asked = parser.parse_args()
    return _COMMANDS[asked.command][0](asked.config, check=asked.check)


if __name__ == "__main__":
    sys.exit(main())
