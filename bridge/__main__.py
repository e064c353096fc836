"""`python -m bridge ship`: runs the shipper until SIGTERM or SIGINT. Exit codes are named in `ExitCode`."""

import argparse
import json
import logging
import os
import signal
import sys
import time
from enum import IntEnum

from bridge.bootstrap import build_shipper
from bridge.port import SourceLostError, SourceRefusedError
from bridge.settings import SettingsError, read_settings
from bridge.shipper import Shipper

_LOG = logging.getLogger("bridge")
_REPORT_S = 10.0
_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    NOT_DRAINED = 3
    """Stopped before everything in flight was settled; it will be delivered again."""
    SETTINGS = 64
    UNREACHABLE = 69
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


def ship() -> ExitCode:
    """Ship until told to stop."""
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"strangler bridge ship: {error}\n")
        return ExitCode.SETTINGS
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    logging.getLogger("pika").setLevel(logging.CRITICAL)  # every fault of it comes to us as an exception

    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))

    shipper = build_shipper(settings)
    try:
        shipper.open()
        _LOG.info("shipping", extra={"stack": settings.stack})
        _ship_until(stopping, shipper)
    except SourceRefusedError as error:
        sys.stderr.write(f"strangler bridge ship: {error}\n")
        return ExitCode.REFUSED
    except SourceLostError as error:
        sys.stderr.write(f"strangler bridge ship: {error}\n")
        return ExitCode.UNREACHABLE
    drained = shipper.drain(settings.drain_s)
    _LOG.info("stopped", extra={**shipper.counts, "drained": drained})
    return ExitCode.OK if drained else ExitCode.NOT_DRAINED


def _ship_until(stopping: list[int], shipper: Shipper) -> None:
    report_at = time.monotonic() + _REPORT_S
    while not stopping:
        shipper.step()
        wait_s = shipper.waits_s()
        if wait_s:
            time.sleep(min(wait_s, 0.2))
        if time.monotonic() >= report_at:
            _LOG.info("counts", extra={**shipper.counts, "in_flight": shipper.in_flight})
            report_at = time.monotonic() + _REPORT_S


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bridge", description="The Messaging Bridge from RabbitMQ to SQS.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("ship", help="take notifications and outcomes from RabbitMQ and send them to SQS")
    parser.parse_args()
    return ship()


if __name__ == "__main__":
    sys.exit(main())
