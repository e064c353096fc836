import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.authority import Control, ControlUnavailableError, LedgerView, SideLine, Ticker
from bridge.board import Board, Doubt, Report
from bridge.finality import UNKNOWN, Finality, is_settled, resolve
from bridge.journal import Journal, Note
from bridge.port import Depth
from contracts import point
from contracts.authority import AuthorityRecord, begin, observe, waive
from contracts.control_item import MalformedItemError, RouterRow
from contracts.routing import Decision, Route
from tests.fakes.clock import FakeClock

COPIED = observe(AuthorityRecord("payin"), copies=True)
FENCED = begin(COPIED, "live", "run")


@dataclass
class MemoryControl(Control, LedgerView):
    """Control table and ledger that answer, or do not."""

    away: bool = False
    records: dict[str, AuthorityRecord] = field(default_factory=dict)
    rows: dict[str, RouterRow] = field(default_factory=dict)
    known: dict[str, Finality] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    malformed: set[str] = field(default_factory=set)

    def read(self, family: str) -> AuthorityRecord:
        self._call(f"read {family}")
        if family in self.malformed:
            raise MalformedItemError("authority record: phase")
        return self.records.get(family, AuthorityRecord(family))

    def write(self, row: RouterRow) -> None:
        self._call(f"write {row.family}")
        self.rows[row.family] = row

    def remove(self, family: str, router: str) -> None:
        self._call(f"remove {family}")
        self.rows.pop(family, None)

    def look(self, message_ids: Sequence[str], *, consistent: bool) -> Mapping[str, Finality]:
        self._call(f"look {'consistent ' if consistent else ''}{','.join(message_ids)}")
        return {one: self.known[one] for one in message_ids if one in self.known}

    def _call(self, what: str) -> None:
        if self.away:
            raise ControlUnavailableError("away, says the test")
        self.calls.append(what)


@dataclass
class Scene:
    journal: Journal
    control: MemoryControl = field(default_factory=MemoryControl)
    clock: FakeClock = field(default_factory=FakeClock)
    board: Board = field(default_factory=Board)

    def __post_init__(self) -> None:
        self.line = SideLine(
            ("payin",), self.control, self.control, self.journal, self.board, self.clock, delivery_timeout_s=1800
        )

    def note(self, message_id: str, route: Route = "legacy") -> None:
        self.journal.record([Note("payin", message_id, "d", Decision(route, 0))], self.clock.now())

    def round(self, seconds: float = 1.0) -> None:
        self.clock.advance(seconds)
        self.line.round()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    journal = Journal(tmp_path)
    yield Scene(journal)
    journal.close()


@pytest.fixture(autouse=True)
def _no_point_is_left() -> Iterator[None]:
    yield
    point.hook(None)


def test_a_router_registers_before_it_reads_what_is_decided(scene: Scene) -> None:
    reached: list[tuple[str, int]] = []
    point.hook(lambda name: reached.append((name, len(scene.control.calls))))
    scene.round()
    assert scene.control.calls == ["write payin", "read payin"]
    assert reached == [("router.registered", 1)]
    assert scene.board.decided() == {"payin": AuthorityRecord("payin")}
    assert scene.control.rows["payin"].router == scene.journal.name


def test_a_router_tells_how_long_the_broker_waits_for_it(scene: Scene) -> None:
    scene.line = SideLine(
        ("payin",), scene.control, scene.control, scene.journal, scene.board, scene.clock, delivery_timeout_s=90.5
    )
    scene.round()
    assert scene.control.rows["payin"].delivery_timeout_s == 91
    scene.note("w1")
    scene.line.leave()
    row = scene.control.rows["payin"]
    assert (row.state, row.delivery_timeout_s) == ("stopped", 91)


def test_while_it_cannot_register_nothing_is_known(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.control.away = True
    scene.round()
    scene.round()
    assert scene.board.decided() == {}
    assert [record.message for record in caplog.records] == ["the control table is away: holding what arrives"]
    scene.control.away = False
    scene.round()
    assert scene.control.calls == ["write payin", "read payin"]


def test_a_record_that_cannot_be_read_keeps_no_other_family_waiting(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    families = ("payin", "payout")
    scene.line = SideLine(
        families, scene.control, scene.control, scene.journal, scene.board, scene.clock, delivery_timeout_s=1800
    )
    scene.control.records["payin"] = COPIED
    scene.round()
    scene.control.malformed.add("payin")
    scene.control.records["payout"] = observe(AuthorityRecord("payout"), copies=True)
    scene.round()
    scene.round()
    assert scene.board.decided() == {"payin": COPIED, "payout": scene.control.records["payout"]}
    assert set(scene.control.rows) == set(families)
    assert [record.message for record in caplog.records] == ["what is decided cannot be read; ignored"]


def test_without_aws_what_was_decided_last_stays_known(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    scene.control.records["payin"] = COPIED
    scene.round()
    scene.control.away = True
    scene.round()
    assert scene.board.decided() == {"payin": COPIED}
    scene.control.away = False
    scene.round()
    said = [record.message for record in caplog.records]
    assert said == [
        "registered",
        "the control table is away: going on with what was decided last",
        "the control table answers again",
    ]


def test_what_is_decided_never_goes_back(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.control.records["payin"] = FENCED
    scene.round()
    scene.control.records["payin"] = COPIED
    scene.round()
    assert scene.board.decided() == {"payin": FENCED}
    assert "gone back" in caplog.text


def test_a_row_says_what_the_router_does_and_what_is_unsettled(scene: Scene) -> None:
    scene.note("w1")
    scene.board.report(
        {"payin": Report(scene.clock.now(), "active", 3, 2, 3, holding=True, doubts=1, depth=Depth(4, 5, tap=False))}
    )
    scene.round()
    row = scene.control.rows["payin"]
    assert (row.state, row.confirmed_epoch, row.released_epoch, row.seen_epoch) == ("active", 3, 2, 3)
    assert (row.holding, row.held, row.doubts, row.tap, row.legacy_backlog) == (True, 4, 1, False, 5)
    assert (row.unsettled, row.unsettled_sample) == (1, ("w1",))


def test_a_row_is_as_old_as_what_the_loop_said_last(scene: Scene) -> None:
    at = scene.clock.now()
    scene.board.report({"payin": Report(at, "active")})
    scene.round(30)
    assert scene.control.rows["payin"].seen_at.timestamp() == at


def test_a_row_is_written_when_it_changes_and_else_every_few_seconds(scene: Scene) -> None:
    written = []
    for n in range(6):
        scene.board.report({"payin": Report(scene.clock.now() + 1, "active", confirmed_epoch=2 if n == 3 else 1)})
        scene.control.calls.clear()
        scene.round()
        written.append("write payin" in scene.control.calls)
    assert written == [True, False, True, True, True, False]


@pytest.mark.parametrize(
    ("route", "known", "settled"),
    [
        ("legacy", UNKNOWN, False),
        ("legacy", Finality(candidate="new"), False),
        ("legacy", Finality(control_final=True), True),
        ("shadow", Finality(control_final=True), False),
        ("shadow", Finality(candidate="legacy"), False),
        ("shadow", Finality(control_final=True, candidate="legacy"), True),
        ("shadow", Finality(control_final=True, stale=True), True),
        ("new", UNKNOWN, False),
        ("new", Finality(stale=True), False),
        ("new", Finality(candidate="new"), True),
        ("new", Finality(control_final=True), True),
        ("hold", UNKNOWN, True),
    ],
)
def test_an_entry_is_settled_once_the_message_is_final_wherever_it_was_sent(
    route: Route, known: Finality, *, settled: bool
) -> None:
    assert is_settled(route, known) is settled


@pytest.mark.parametrize(
    ("known", "route"),
    [
        (UNKNOWN, "new"),
        (Finality(control_final=True), "legacy"),
        (Finality(control_final=True, candidate="new"), "new"),
        (Finality(candidate="new"), "new"),
        (Finality(candidate="legacy"), "legacy"),
        (Finality(candidate="new", rejected=True), "new"),
        (Finality(stale=True), "new"),
    ],
)
def test_a_message_in_doubt_stays_with_who_has_it_and_else_goes_by_what_is_decided(
    known: Finality, route: Route
) -> None:
    live = replace(COPIED, stage="live", epoch=4, stamp_epoch=4)
    assert resolve(known, live) == Decision(route, 4)


def test_the_journal_is_settled_by_the_ledger(scene: Scene) -> None:
    scene.note("w1")
    scene.note("w2", "new")
    scene.control.known = {"w1": Finality(control_final=True)}
    scene.round()
    assert "look w1,w2" in scene.control.calls
    assert scene.control.rows["payin"].unsettled == 1
    scene.control.known["w2"] = Finality(candidate="new")
    scene.round(2)
    assert scene.control.rows["payin"].unsettled == 0


def test_what_is_waived_is_waited_for_no_longer_and_the_rest_is(scene: Scene) -> None:
    scene.note("w1", "shadow")
    scene.note("w2")
    scene.control.records["payin"] = FENCED
    scene.round()
    assert scene.control.rows["payin"].unsettled == 2
    scene.control.records["payin"] = waive(FENCED, ["w1"], datetime.fromtimestamp(scene.clock.now(), UTC))
    scene.round()
    row = scene.control.rows["payin"]
    assert (row.unsettled, row.unsettled_sample) == (1, ("w2",))


def test_a_waived_message_that_is_published_again_later_is_waited_for(scene: Scene) -> None:
    scene.note("w1")
    at = datetime.fromtimestamp(scene.clock.now(), UTC)
    scene.control.records["payin"] = waive(COPIED, ["w1"], at)
    scene.round()
    assert scene.control.rows["payin"].unsettled == 0
    scene.note("w1")
    scene.round()
    scene.control.records["payin"] = waive(scene.control.records["payin"], ["w9"], at + timedelta(seconds=5))
    scene.round()
    assert scene.control.rows["payin"].unsettled_sample == ("w1",)


def test_what_was_waived_before_a_router_started_is_taken_up_by_it(scene: Scene) -> None:
    scene.note("w1")
    scene.control.records["payin"] = waive(COPIED, ["w1"], datetime.fromtimestamp(scene.clock.now() + 1, UTC))
    scene.round(60)
    assert scene.control.rows["payin"].unsettled == 0


def test_behind_a_fence_everything_is_looked_up_every_time(scene: Scene) -> None:
    scene.note("w1")
    scene.control.records["payin"] = FENCED
    for _ in range(6):
        scene.round()
    assert scene.control.calls.count("look w1") == 6


def test_settled_entries_are_forgotten_in_the_end(scene: Scene) -> None:
    scene.note("w1")
    scene.control.known = {"w1": Finality(control_final=True)}
    scene.round()
    scene.round(1800)
    assert scene.journal.latest("payin", "w1", "d") is not None
    scene.round(1801)
    assert scene.journal.latest("payin", "w1", "d") is None


def test_a_question_is_answered_by_a_consistent_look_under_the_decision_it_was_asked_under(scene: Scene) -> None:
    scene.control.records["payin"] = COPIED
    asked, outdated = Doubt("payin", "w1", 1, 0), Doubt("payin", "w1", 0, 0)
    assert scene.board.ask(asked) is None
    assert scene.board.ask(outdated) is None
    scene.round()
    assert "look consistent w1" in scene.control.calls
    assert scene.board.ask(asked) == UNKNOWN
    assert scene.board.ask(outdated) is None


def test_a_question_that_nobody_asks_any_more_gets_no_answer(scene: Scene) -> None:
    doubt = Doubt("payin", "w1", 0, 0)
    scene.board.ask(doubt)
    scene.board.forget([doubt])
    scene.board.answer({doubt: UNKNOWN})
    assert scene.board.ask(doubt) is None


def test_a_router_that_has_stopped_leaves_a_row_only_for_what_is_not_final(scene: Scene) -> None:
    scene.note("w1")
    scene.round()
    scene.line.leave()
    assert (scene.control.rows["payin"].state, scene.control.rows["payin"].unsettled) == ("stopped", 1)
    scene.control.known = {"w1": Finality(control_final=True)}
    scene.clock.advance(60)
    scene.line.leave()
    assert scene.control.rows == {}


def test_leaving_without_aws_is_told_and_nothing_else(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    scene.round()
    scene.control.away = True
    scene.line.leave()
    assert "stay as they were" in caplog.text


def test_a_ticker_ticks_until_it_is_stopped() -> None:
    ticked = threading.Semaphore(0)
    ticker = Ticker(ticked.release, interval_s=0.0)
    ticker.start()
    for _ in range(3):
        assert ticked.acquire(timeout=10)
    ticker.stop(10)
    assert ticker.failure is None


def test_a_ticker_that_was_never_started_can_be_stopped() -> None:
    Ticker(lambda: None).stop(10)


def test_what_ends_a_ticker_is_kept_for_who_started_it() -> None:
    def fail() -> None:
        raise RuntimeError("a bug, says the test")

    ticker = Ticker(fail)
    ticker.start()
    ticker.stop(10)
    assert isinstance(ticker.failure, RuntimeError)
