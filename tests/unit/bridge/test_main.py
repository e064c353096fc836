import json
import logging
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import bridge.__main__ as program
from bridge import deadline
from bridge.__main__ import ExitCode, JsonFormatter, give_back, route, ship
from bridge.authority import Ticker
from bridge.bootstrap import RouterParts, ShipperParts
from bridge.check import Fault, Plan, ProbeError
from bridge.journal_file import JournalTakenError
from bridge.poison import PoisonFloodError
from bridge.port import ChannelFailedError, SourceLostError, SourceRefusedError

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
    closed: bool = False

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

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AMQP_URL", f"amqp://strangler:{PASSWORD}@localhost:1/%2F")
    monkeypatch.setenv("STRANGLER_DRAIN_S", "7")
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    levels = {name: logging.getLogger(name).level for name in ("pika", "botocore")}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    for number, handler in before.items():
        signal.signal(number, handler)


def ship_with(shipper: ShipperThatStops, monkeypatch: pytest.MonkeyPatch) -> ExitCode:
    monkeypatch.setattr(program, "build_shipper", lambda *_, **__: ShipperParts(shipper, Beside()))  # type: ignore[arg-type]
    return ship()


def test_sigterm_drains_and_ends_well(monkeypatch: pytest.MonkeyPatch) -> None:
    shipper = ShipperThatStops()
    assert ship_with(shipper, monkeypatch) is ExitCode.OK
    assert shipper.drained_within_s == 7


@pytest.mark.parametrize("native", [True, False])
def test_its_start_tells_what_is_done_in_c(
    native: bool,  # noqa: FBT001  # a case
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bridge.native._fits", dict.fromkeys(("receipts", "deliveries", "entries"), native))
    with caplog.at_level(logging.INFO):
        ship_with(ShipperThatStops(), monkeypatch)
        route_with(RouterThatStops(), monkeypatch)
    told = [getattr(line, "native", None) for line in caplog.records if line.message in ("shipping", "routing")]
    assert told == [["deliveries", "entries", "receipts"] if native else []] * 2
    warned = [line.message for line in caplog.records if "compiled of another source" in line.message]
    assert len(warned) == (0 if native else 2)


def test_what_could_not_be_settled_in_time_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ship_with(ShipperThatStops(drains=False), monkeypatch) is ExitCode.NOT_DRAINED


class ShipperThatHangs(ShipperThatStops):
    """Waits for a broker that confirms nothing, when it drains and when it closes."""

    def drain(self, deadline_s: float) -> bool:
        time.sleep(60)
        return True

    def close(self) -> None:
        time.sleep(60)


def test_a_stop_has_an_end_whatever_the_process_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "GRACE_S", 0.05)
    monkeypatch.setattr(deadline, "_AGAIN_S", 0.05)
    monkeypatch.setenv("STRANGLER_DRAIN_S", "0.1")
    began = time.monotonic()
    assert ship_with(ShipperThatHangs(), monkeypatch) is ExitCode.NOT_DRAINED
    assert time.monotonic() - began < 30
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("shipper", "code", "line"),
    [
        (ShipperThatStops(at_open=SourceLostError("cannot be reached")), ExitCode.UNREACHABLE, "cannot be reached"),
        (ShipperThatStops(at_open=SourceRefusedError("our password")), ExitCode.REFUSED, "our password"),
        (ShipperThatStops(at_step=SourceRefusedError("no exchange")), ExitCode.REFUSED, "no exchange"),
        (ShipperThatStops(at_step=PoisonFloodError("too many")), ExitCode.POISONED, "too many"),
        (ShipperThatStops(at_step=ChannelFailedError("takes nothing")), ExitCode.CHANNEL_FAILED, "takes nothing"),
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


def test_where_credentials_come_from_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = RouterParts(RouterThatStops(), Beside(), Beside(), Beside())  # type: ignore[arg-type]
    shipping = ShipperParts(ShipperThatStops(), Beside())  # type: ignore[arg-type]
    monkeypatch.setattr(program, "build_shipper", lambda *_, **__: shipping)
    monkeypatch.setattr(program, "build_router", lambda *_, **__: parts)
    monkeypatch.setattr(program, "build_returner", lambda *_, **__: RouterThatStops())
    for run in (ship, route, give_back):
        logging.getLogger("botocore").setLevel(logging.INFO)
        assert run() is ExitCode.OK
        assert not logging.getLogger("botocore.credentials").isEnabledFor(logging.INFO)


def test_wrong_settings_are_told_in_one_line_without_their_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRANGLER_PREFETCH", PASSWORD)
    assert ship() is ExitCode.SETTINGS
    told = capsys.readouterr().err
    assert told.startswith("strangler bridge ship: STRANGLER_PREFETCH: ")
    assert told.count("\n") == 1
    assert PASSWORD not in told


@dataclass
class Beside:
    """What runs beside a router; notes what was asked of it."""

    calls: list[str] = field(default_factory=list)
    failure: BaseException | None = None
    name: str = "router-1"
    stops: bool = True
    """Whether its thread ends in time."""

    def start(self) -> None:
        self.calls.append("start")

    def stop(self, within_s: float) -> bool:
        self.calls.append("stop")
        return self.stops

    def leave(self) -> None:
        self.calls.append("leave")

    def close(self) -> None:
        self.calls.append("close")


class RouterThatStops(ShipperThatStops):
    pass


def route_with(
    router: RouterThatStops,
    monkeypatch: pytest.MonkeyPatch,
    beside: Beside | None = None,
    ticker: Ticker | None = None,
) -> ExitCode:
    beside = beside or Beside()
    parts = RouterParts(router, beside, ticker or beside, beside)  # type: ignore[arg-type]
    monkeypatch.setattr(program, "build_router", lambda *_, **__: parts)
    return route()


def test_a_router_drains_and_then_leaves_its_rows_as_they_are_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    router, beside = RouterThatStops(), Beside()
    assert route_with(router, monkeypatch, beside) is ExitCode.OK
    assert router.drained_within_s == 7
    assert beside.calls == ["start", "stop", "leave", "stop", "close"]


def test_a_router_whose_side_line_does_not_end_leaves_its_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    beside = Beside(stops=False)
    assert route_with(RouterThatStops(), monkeypatch, beside) is ExitCode.OK
    assert "leave" not in beside.calls


def test_a_router_says_what_it_could_not_finish(monkeypatch: pytest.MonkeyPatch) -> None:
    assert route_with(RouterThatStops(drains=False), monkeypatch) is ExitCode.NOT_DRAINED


def test_a_router_whose_side_line_has_broken_does_not_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match="a bug"):
        route_with(RouterThatStops(), monkeypatch, Beside(failure=RuntimeError("a bug")))


def test_a_journal_that_is_taken_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(*_: object, **__: object) -> RouterParts:
        raise JournalTakenError("var/router: another router works with this journal")

    monkeypatch.setattr(program, "build_router", build)
    assert route() is ExitCode.SETTINGS
    assert capsys.readouterr().err.startswith("strangler bridge route: STRANGLER_JOURNAL: var/router")


@pytest.mark.parametrize(
    ("error", "code"),
    [(SourceLostError("gone"), ExitCode.UNREACHABLE), (SourceRefusedError("no queue"), ExitCode.REFUSED)],
)
def test_a_broker_that_is_of_no_use_to_a_router_is_told_in_one_line(
    error: Exception, code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside, ticked = Beside(), list[str]()
    ticker = Ticker(lambda: ticked.append("tick"))
    assert route_with(RouterThatStops(at_open=error), monkeypatch, beside, ticker) is code
    assert capsys.readouterr().err == f"strangler bridge route: {error}\n"
    assert (ticked, beside.calls) == ([], ["close"])


def test_the_returner_ends_with_what_it_has_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "build_returner", lambda *_, **__: RouterThatStops())
    assert give_back() is ExitCode.OK


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


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (None, ExitCode.OK),
        ("settings", ExitCode.SETTINGS),
        ("absent", ExitCode.NO_DEPLOYMENT),
        ("unreachable", ExitCode.UNREACHABLE),
        ("refused", ExitCode.REFUSED),
    ],
)
@pytest.mark.parametrize(("run", "name"), [(ship, "ship"), (route, "route"), (give_back, "return")])
def test_a_check_builds_nothing_and_ends_as_its_worst_finding(
    run: program.Command,
    name: str,
    fault: Fault | None,
    code: ExitCode,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def look() -> str:
        if fault is not None:
            raise ProbeError(fault, "not as it has to be")
        return "there"

    monkeypatch.setattr(program, f"plan_{name}_check", lambda _: Plan([], NoCloud(), "us", journal=look))
    assert run(check=True) is code
    told = capsys.readouterr()
    assert told.out == (
        "ok           journal: there\n" if fault is None else f"{fault:<12} journal: not as it has to be\n"
    )
    assert told.err == ""


class NoCloud:
    """Is not asked."""

    def find_queue(self, name: str) -> str:
        raise AssertionError(name)

    def read_authority(self, family: str) -> str:
        raise AssertionError(family)

    def read_ledger(self) -> str:
        raise AssertionError


def test_the_command_line_hands_over_file_and_check(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path | None, bool]] = []

    def run(config: Path | None = None, *, check: bool = False) -> ExitCode:
        asked.append((config, check))
        return ExitCode.REFUSED

    monkeypatch.setattr(program, "_COMMANDS", {"ship": (run, "")})
    for arguments in (["ship"], ["ship", "--config", "s.toml", "--check"]):
        monkeypatch.setattr("sys.argv", ["bridge", *arguments])
        assert program.main() == ExitCode.REFUSED
    assert asked == [(None, False), (Path("s.toml"), True)]


def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "strangler.toml"
    file.write_text("[ship]\nprefech = 5\n", "utf-8")
    assert ship(file) is ExitCode.SETTINGS
    assert capsys.readouterr().err == (
        f"strangler bridge ship: {file}: [ship] prefech: no such key; did you mean prefetch?\n"
    )
