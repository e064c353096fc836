"""The router's side line to AWS: a thread reads what is decided and tells what the router does, once a second.

Nothing on the way of a message waits for it. What both threads share is the `Board`: decisions one way, reports the
other. Without AWS the router goes on with the last known decisions; one that knows none holds what arrives.
"""

import logging
import math
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from bridge.board import Board, Report
from bridge.delivery_log import KEPT_S, PRUNED_AT_ONCE
from bridge.finality import UNKNOWN, Finality, is_settled
from bridge.journal import Balance, Journal
from bridge.journal_file import JournalError
from bridge.port import Clock
from contracts import point
from contracts.authority import AuthorityRecord, Waiver
from contracts.control_item import MalformedItemError, RouterRow, RouterState

_LOG = logging.getLogger(__name__)
ROUND_S = 1.0
SETTLE_AT_ONCE = 500
"""Entries of the journal that are looked up in one round."""
_PRUNE_S = 60.0
_HEARTBEAT = timedelta(seconds=2)
_KEPT_SETTLED = 2
"""How many delivery timeouts a settled entry of the journal is kept: so long the broker may still ask for it."""


class ControlUnavailableError(ConnectionError):
    """The table did not answer, or will not: throttled, away, denied. What is known stays as it was."""


class Control(Protocol):
    """The control table, as a router needs it. Every method blocks for its calls; raises ControlUnavailableError."""

    def read(self, family: str) -> AuthorityRecord:
        """What is decided now (consistent); the default where nothing ever was. Raises MalformedItemError."""

    def write(self, row: RouterRow) -> None:
        """Put what this router says of a family in the place of what it said before."""

    def remove(self, family: str, router: str) -> None:
        """Nothing more is to be said of the family by this router."""


class LedgerView(Protocol):
    """The ledger, as a router needs it."""

    def look(self, message_ids: Sequence[str], *, consistent: bool) -> Mapping[str, Finality]:
        """How far messages have got; those that it does not know, or has not answered for, are left out.

        Consistent reads leave out only what it does not know. Raises ControlUnavailableError.
        """


class SideLine:
    """Registers the router, reads decisions, writes its rows, answers its doubts, settles its journal."""

    def __init__(
        self,
        families: Sequence[str],
        control: Control,
        ledger: LedgerView,
        journal: Journal,
        board: Board,
        clock: Clock,
        *,
        delivery_timeout_s: float,
    ) -> None:
        """Args: delivery_timeout_s: how long the broker lets a delivery go unacknowledged, in seconds."""
        self._families = tuple(families)
        self._control = control
        self._ledger = ledger
        self._journal = journal
        self._board = board
        self._clock = clock
        self._delivery_timeout_s = delivery_timeout_s
        self._since = datetime.fromtimestamp(clock.now(), UTC)
        self._host = socket.gethostname()
        self._registered = False
        self._told: dict[str, RouterRow] = {}
        self._waived: dict[str, frozenset[Waiver]] = {}
        """What the journal waits for no longer, as it knows."""
        self._unreadable: dict[str, str] = {}
        """Families whose record is malformed, and what is wrong with it."""
        self._away: str | None = None
        self.unsettled: Mapping[str, int] = {}
        """By family, as the journal was last counted. Replaced, never changed: any thread may look."""
        self._prune_at = 0.0

    def round(self) -> None:
        """Everything once. What AWS does not answer is left for the next round."""
        try:
            if not self._registered:
                self._register()
            self._read()
            self._answer()
            self._settle()
            self._tell()
        except ControlUnavailableError as error:
            self._miss(str(error))
        except JournalError as error:
            _LOG.error("the journal cannot be written", extra={"reason": str(error)})
        else:
            if self._away is not None:
                _LOG.info("the control table answers again")
            self._away = None
            self._prune()

    def leave(self) -> None:
        """The router has stopped: keep a row only where something of it is not final yet."""
        try:
            self._settle()
            balances = self._journal.balance()
            for family in self._families:
                if balances.get(family, Balance()).count:
                    self._control.write(self._row(family, balances[family], "stopped"))
                else:
                    self._control.remove(family, self._journal.name)
        except (ControlUnavailableError, JournalError) as error:
            _LOG.warning("the router's rows stay as they were", extra={"reason": str(error)})

    def _register(self) -> None:
        """Before anything is read: whoever moves authority from now on waits for this router, too."""
        self._tell()
        self._registered = True
        point.reach("router.registered")
        _LOG.info("registered", extra={"router": self._journal.name})

    def _read(self) -> None:
        known = self._board.decided()
        records = dict(known)
        for family in self._families:
            try:
                record = self._control.read(family)
            except MalformedItemError as error:
                self._cannot_read(family, str(error))
                continue
            self._unreadable.pop(family, None)
            if family in known and record.epoch < known[family].epoch:
                _LOG.error("what is decided has gone back; ignored", extra={"family": family, "epoch": record.epoch})
                continue
            records[family] = record
        self._board.decide(records)

    def _cannot_read(self, family: str, reason: str) -> None:
        """One family's record keeps no other family waiting; said once, for this runs every second."""
        if self._unreadable.get(family) != reason:
            _LOG.error("what is decided cannot be read; ignored", extra={"family": family, "reason": reason})
        self._unreadable[family] = reason

    def _answer(self) -> None:
        """Only what is asked under the decision that was just read: the ledger is looked at after the last move."""
        decided = self._board.decided()
        doubts = [
            doubt
            for doubt in self._board.open_questions()
            if doubt.family in decided and decided[doubt.family].epoch == doubt.epoch
        ]
        for start in range(0, len(doubts), SETTLE_AT_ONCE):
            asked = doubts[start : start + SETTLE_AT_ONCE]
            known = self._ledger.look(sorted({doubt.id for doubt in asked}), consistent=True)
            self._board.answer({doubt: known.get(doubt.id, UNKNOWN) for doubt in asked})

    def _settle(self) -> None:
        now = self._clock.now()
        for family, record in self._board.decided().items():
            # Once: what is decided after a waiver is waited for.
            if record.waived != self._waived.get(family, frozenset()):
                self._journal.waive(family, [(one.id, one.at.timestamp()) for one in record.waived], now)
                self._waived[family] = record.waived
                _LOG.info("waived", extra={"family": family, "messages": len(record.waived)})
        urgent = [family for family, record in self._board.decided().items() if record.phase == "fenced"]
        due = self._journal.due(now, SETTLE_AT_ONCE, urgent=urgent)
        if not due:
            return
        known = self._ledger.look(sorted({entry.id for entry in due}), consistent=False)
        final = [entry.sequence for entry in due if is_settled(entry.route, known.get(entry.id, UNKNOWN))]
        self._journal.settle(final, now)
        self._journal.postpone(sorted({entry.sequence for entry in due}.difference(final)), now)

    def _prune(self) -> None:
        if self._clock.monotonic() >= self._prune_at:
            self._prune_at = self._clock.monotonic() + _PRUNE_S
            self._journal.prune(self._clock.now() - _KEPT_SETTLED * self._delivery_timeout_s)
            while self._journal.deliveries.prune(self._clock.now() - KEPT_S) == PRUNED_AT_ONCE:
                pass  # in slices, so that the router's loop gets in between

    def _tell(self) -> None:
        """Write the rows that say something new, and every few seconds all of them, so that silence means something."""
        # Reports before the journal: what a report says was done is in the journal by then.
        reports, balances = self._board.reports(), self._journal.balance()
        self.unsettled = {family: balance.count for family, balance in balances.items()}
        for family in self._families:
            row = self._row(family, balances.get(family, Balance()), None, reports.get(family))
            told = self._told.get(family)
            if told is None or replace(row, seen_at=told.seen_at) != told or row.seen_at - told.seen_at >= _HEARTBEAT:
                self._control.write(row)
                self._told[family] = row

    def _row(
        self, family: str, balance: Balance, state: RouterState | None = None, report: Report | None = None
    ) -> RouterRow:
        report = report or self._board.reports().get(family) or Report(self._clock.now())
        return RouterRow(
            family,
            self._journal.name,
            state or report.state,
            seen_at=datetime.fromtimestamp(report.at, UTC),
            since=self._since,
            host=self._host,
            confirmed_epoch=report.confirmed_epoch,
            released_epoch=report.released_epoch,
            seen_epoch=report.seen_epoch,
            holding=report.holding,
            held=report.depth.held,
            unsettled=balance.count,
            unsettled_sample=balance.sample,
            doubts=report.doubts,
            tap=report.depth.tap,
            legacy_backlog=report.depth.legacy_backlog,
            delivery_timeout_s=math.ceil(self._delivery_timeout_s),
        )

    def _miss(self, reason: str) -> None:
        if self._away is None:
            going_on = "going on with what was decided last" if self._board.decided() else "holding what arrives"
            _LOG.warning("the control table is away: %s", going_on, extra={"reason": reason})
        self._away = reason


class Ticker:
    """Calls something again and again on a thread of its own, until told to stop."""

    def __init__(self, tick: Callable[[], None], interval_s: float = ROUND_S) -> None:
        self._tick = tick
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="authority", daemon=True)
        self.failure: BaseException | None = None
        """What ended the thread, if anything did: whoever started it must not go on without."""

    def start(self) -> None:
        """Begin at once."""
        self._thread.start()

    def stop(self, within_s: float) -> bool:
        """Let the call that is under way end; whether it has. Nothing happens where none ever began."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._tick()
                self._stopping.wait(self._interval_s)
        except BaseException as error:  # noqa: BLE001  # handed to the main thread, which raises it
            self.failure = error
