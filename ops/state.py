"""Compares both sides' state: every key of every table of a family, as the rows are now. Pure, but for reading them.

What is kept of a row while the other side is read is a digest, so that memory grows with the number of rows and not
with what is in them. A column in which a contract's rule tolerates a difference is kept beside the digest. Values are
read a second time, for the few rows that are to be shown.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from contracts.difference import Difference, compare_effects
from contracts.effect import Attempt, Effect, Json, canonical
from contracts.judge import judge
from contracts.message_type import Family
from contracts.shown import ShownDifference, show
from contracts.terms import Terms

RowKey = tuple[str, str]
"""Table and key."""

Unlike = Literal["missing", "extra", "differing"]
"""Seen from the new side, as differences are: `missing` there, `extra` there."""

Rows = Callable[[], Iterable[Effect]]
"""Reads one side's rows, anew each time; in any order. May raise."""

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class UnlikeRow:
    """A row that is not the same on both sides."""

    table: str
    key: str
    unlike: Unlike
    differences: tuple[ShownDifference, ...] = ()
    """Of a differing one that is shown, personal values masked."""


@dataclass(frozen=True, slots=True)
class TableState:
    """One table, counted."""

    table: str
    compared: int
    """Keys that either side has."""
    missing: int
    extra: int
    differing: int


@dataclass(frozen=True, slots=True)
class StateComparison:
    """Both sides' state of one family, compared."""

    family: str
    tables: tuple[TableState, ...]
    rows: tuple[UnlikeRow, ...]
    """Those that are not the same, by table and key; no more than were asked for."""

    @property
    def count(self) -> int:
        """How many rows are not the same."""
        return sum(one.missing + one.extra + one.differing for one in self.tables)

    @property
    def agrees(self) -> bool:
        """Whether every key has the same row on both sides."""
        return self.count == 0


@dataclass(frozen=True, slots=True)
class _Print:
    """A row without its values: enough to say whether another one is the same."""

    digest: bytes
    tolerated: tuple[tuple[str, Json], ...] = ()


def compare_state(
    family: Family,
    control: Rows,
    candidate: Rows,
    *,
    today: date,
    shown: int = 20,
    pauses: Iterable[Callable[[], None]] = (),
) -> StateComparison:
    """Compare both sides' rows of a family.

    Args:
        control: the monolith's rows.
        candidate: the new side's.
        today: the day by which rules expire.
        shown: how many rows to name at most, and to tell the differences of.
        pauses: while messages arrive one side is ahead of the other. After each pause both are read again; a row counts
            only if it was never the same, pauses or not. Ends as soon as nothing is left.
    """
    tolerance = _Tolerance(family, today)
    keys, unlike = _unlike(control, candidate, tolerance, None)
    for pause in pauses:
        if not unlike:
            break
        pause()
        _, later = _unlike(control, candidate, tolerance, unlike.keys())
        unlike = {key: later[key] for key in unlike if key in later}
    found = Counter((table, one) for (table, _), one in unlike.items())
    tables = tuple(
        TableState(table, count, *(found[table, one] for one in ("missing", "extra", "differing")))
        for table, count in sorted(keys.items())
    )
    named = sorted(unlike)[:shown]
    details = _details(family, control, candidate, [key for key in named if unlike[key] == "differing"], tolerance)
    rows = tuple(UnlikeRow(*key, unlike[key], details.get(key, ())) for key in named)
    return StateComparison(family.name, tables, rows)


class _Tolerance:
    """What the family's rules forgive in a row."""

    def __init__(self, family: Family, today: date) -> None:
        self.today = today
        self.rules = tuple(
            dict.fromkeys(rule for one in family.types for rule in one.rules if rule.path.startswith("row:"))
        )
        self._columns: dict[str, frozenset[str]] = {}
        for rule in self.rules:
            table, _, column = rule.path.removeprefix("row:").partition(".")
            self._columns[table] = self._columns.get(table, frozenset()) | {column}

    def print(self, row: Effect) -> _Print:
        """The row's print."""
        columns = self._columns.get(row.name, frozenset())
        kept = {name: value for name, value in row.value.items() if name not in columns}
        digest = hashlib.blake2b(canonical(kept), digest_size=_DIGEST_BYTES).digest()
        return _Print(digest, tuple((name, row.value[name]) for name in sorted(columns & row.value.keys())))

    def same(self, table: str, control: _Print, candidate: _Print) -> bool:
        """Whether two rows of a table are the same, or differ only in what is tolerated."""
        if control == candidate:
            return True
        if control.digest != candidate.digest:
            return False
        ours, theirs = (Effect("row", table, "", dict(one.tolerated)) for one in (candidate, control))
        return not self.kept(theirs, ours)

    def kept(self, control: Effect, candidate: Effect) -> tuple[Difference, ...]:
        """Differences of two rows that no rule forgives."""
        judged = judge([_attempt(control)], [_attempt(candidate)], Terms(self.rules), today=self.today)
        return judged.differences


def _unlike(
    control: Rows, candidate: Rows, tolerance: _Tolerance, only: Iterable[RowKey] | None
) -> tuple[Counter[str], dict[RowKey, Unlike]]:
    """Number of keys by table, and the keys whose rows are not the same.

    A key is normally there once on each side; where a side has it twice, all its rows must have their like.
    """
    wanted = None if only is None else frozenset(only)
    waiting: dict[RowKey, tuple[_Print, ...]] = {}
    for row in control():
        key = row.name, row.key
        if wanted is None or key in wanted:
            waiting[key] = (*waiting.get(key, ()), tolerance.print(row))
    keys = Counter(table for table, _ in waiting)
    unlike: dict[RowKey, Unlike] = {}
    for row in candidate():
        key = row.name, row.key
        if wanted is not None and key not in wanted:
            continue
        theirs = waiting.get(key)
        if theirs is None:
            if unlike.get(key) != "extra":
                keys[row.name] += 1
            unlike[key] = "extra"
            continue
        ours = tolerance.print(row)
        like = next((one for one in theirs if tolerance.same(row.name, one, ours)), None)
        if like is None:
            unlike[key] = "differing"
        else:
            left = list(theirs)
            left.remove(like)
            waiting[key] = tuple(left)
    for key, left_over in waiting.items():
        if left_over and key not in unlike:
            unlike[key] = "missing"
    return keys, unlike


def _details(
    family: Family, control: Rows, candidate: Rows, keys: Iterable[RowKey], tolerance: _Tolerance
) -> Mapping[RowKey, tuple[ShownDifference, ...]]:
    wanted = frozenset(keys)
    if not wanted:
        return {}
    theirs = {(row.name, row.key): row for row in control() if (row.name, row.key) in wanted}
    ours = {(row.name, row.key): row for row in candidate() if (row.name, row.key) in wanted}
    return {
        key: tuple(_shown(one, family.plain_columns(key[0])) for one in tolerance.kept(theirs[key], ours[key]))
        for key in wanted
        if key in theirs and key in ours and compare_effects(theirs[key], ours[key])
    }


def _attempt(row: Effect) -> Attempt:
    """The row as the one effect of an attempt, which is what can be judged."""
    return Attempt("", "", 1, "done", None, datetime.min.replace(tzinfo=UTC), (row,))


def _shown(one: Difference, plain: frozenset[str]) -> ShownDifference:
    """A difference as it may be shown: values only of plain columns, as the judge has it."""
    is_plain = one.path.partition(".")[2].rsplit(".", 1)[-1].rstrip("[]") in plain
    return show(one, plain=is_plain)
