import json
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

import bridge.__main__ as program
from bridge.__main__ import ExitCode, JsonFormatter, ship
from bridge.port import SourceLostError, SourceRefusedError

PASSWORD = "pl4nted-secret"


@dataclass
class ShipperThatStops:
    """Ships one round, during which the process is told to stop."""

    at_open: Exception | None = None
    at_step: Exception | None = None
    drains: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    drained_within_s: float | None = None

    def open(self) -> None:
        if self.at_open is not None:
            raise self.at_open

    def step(self) -> None:
        if self.at_step is not None:
            raise self.at_step
        signal.raise_signal(signal.SIGTERM)

    def waits_s(self) -> float:
        return 0.0

    def drain(self, deadline_s: float) -> bool:
        self.drained_within_s = deadline_s
        return self.drains


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AMQP_URL", f"amqp://strangler:{PASSWORD}@localhost:1/%2F")
    monkeypatch.setenv("STRANGLER_DRAIN_S", "7")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    pika_level = logging.getLogger("pika").level
    yield
    logging.getLogger("pika").setLevel(pika_level)
    for number, handler in before.items():
        signal.signal(number, handler)


def ship_with(shipper: ShipperThatStops, monkeypatch: pytest.MonkeyPatch) -> ExitCode:
    monkeypatch.setattr(program, "build_shipper", lambda _: shipper)
    return ship()


def test_sigterm_drains_and_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    shipper = ShipperThatStops()
    assert ship_with(shipper, monkeypatch) is ExitCode.OK
    assert shipper.drained_within_s == 7


def test_what_could_not_be_settled_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ship_with(ShipperThatStops(drains=False), monkeypatch) is ExitCode.NOT_DRAINED


@pytest.mark.parametrize(
    ("shipper", "code", "line"),
    [
        (ShipperThatStops(at_open=SourceLostError("cannot be reached")), ExitCode.UNREACHABLE, "cannot be reached"),
        (ShipperThatStops(at_open=SourceRefusedError("our password")), ExitCode.REFUSED, "our password"),
        (ShipperThatStops(at_step=SourceRefusedError("no exchange")), ExitCode.REFUSED, "no exchange"),
    ],
)
def test_a_broker_that_is_of_no_use_is_told_in_one_line(
    shipper: ShipperThatStops,
    code: ExitCode,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert ship_with(shipper, monkeypatch) is code
    assert capsys.readouterr().err == f"strangler bridge ship: {line}\n"


def test_wrong_settings_are_told_in_one_line_without_their_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRANGLER_PREFETCH", PASSWORD)
    assert ship() is ExitCode.SETTINGS
    told = capsys.readouterr().err
    assert told.startswith("strangler bridge ship: STRANGLER_PREFETCH: ")
    assert told.count("\n") == 1
    assert PASSWORD not in told


def test_a_log_line_is_one_json_object_with_what_was_given_beside_it() -> None:
    record = logging.makeLogRecord(
        {"name": "bridge.shipper", "levelname": "WARNING", "msg": "sending %s", "args": ("pauses",), "pause_s": 0.5}
    )
    line = JsonFormatter().format(record)
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"], told["pause_s"]) == (
        *("WARNING", "bridge.shipper", "sending pauses"),
        0.5,
    )
