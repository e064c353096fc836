"""Changing dates as PHP does: `modify`, `add`, `sub` and `diff`. Days and months are counted on the wall clock.

Where Python adds to an aware datetime on the wall clock whatever is added, PHP does so in `modify('+24 hours')` and
counts elapsed time in `add(new DateInterval('PT24H'))`. A month later than 31 January is 2 or 3 March, never the last
of February. A time that comes twice is the one whose DST is that of the time before the change.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from contracts.php.calendar import DAY_S, civil, days, days_in_month, is_dst, offset_s, resolve, weekday
from contracts.php.date import DateError, PhpDateTime
from contracts.php.date_format import DAYS, MONTHS

_INTERVAL = re.compile(
    r"P(?=.)(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?(?:T(?=.)(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class PhpInterval:
    """A `DateInterval`: fields as PHP has them, all of them positive, and a sign."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    microseconds: int = 0
    invert: bool = False
    total_days: int | None = None
    """`$interval->days`: whole days in all; None where it does not come from `diff`."""


def interval(text: str) -> PhpInterval:
    """`new DateInterval($text)` of `P1Y2M10DT2H30M` and `P2W`. Raises DateError."""
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise DateError("not an interval as P1Y2M10DT2H30M")
    years, months, weeks, days_, hours, minutes, seconds = (int(one or 0) for one in match.groups())
    return PhpInterval(years, months, weeks * 7 + days_, hours, minutes, seconds)


def add(date: PhpDateTime, span: PhpInterval) -> PhpDateTime:
    """`$date->add($interval)`: years to days on the wall clock, then hours to microseconds as they elapse."""
    sign = -1 if span.invert else 1
    moved = date
    if span.years or span.months or span.days:
        wall = _Wall.of(date)
        wall.year += sign * span.years
        wall.month += sign * span.months
        wall.day += sign * span.days
        moved = wall.moment()
    elapsed = sign * (span.hours * 3600 + span.minutes * 60 + span.seconds)
    carried, microsecond = divmod(moved.microsecond + sign * span.microseconds, _MICROSECONDS)
    return replace(moved, timestamp=moved.timestamp + elapsed + carried, microsecond=microsecond)


def sub(date: PhpDateTime, span: PhpInterval) -> PhpDateTime:
    """`$date->sub($interval)`."""
    return add(date, replace(span, invert=not span.invert))


def diff(first: PhpDateTime, second: PhpDateTime) -> PhpInterval:
    """`$first->diff($second)` of two dates of one zone: the wall clock's difference; within a day, what has elapsed.

    Both ways need not have the same fields: from 31 January to 1 March are 30 days, and back a month and a day.
    """
    invert = (second.timestamp, second.microsecond) < (first.timestamp, first.microsecond)
    early, late = (second, first) if invert else (first, second)
    one, two = _Wall.of(early), _Wall.of(late)
    shift = late.offset_s - early.offset_s
    if _just_forward(early, late, shift):
        two.second -= shift
    fields = two.minus(one, invert=invert)
    if shift < 0 and late.timestamp - early.timestamp + shift < DAY_S:  # 24 hours and more are no day then
        minutes = fields.minutes - shift // 60
        fields = replace(fields, hours=fields.hours + minutes // 60, minutes=minutes % 60)
    total = (days(two.year, two.month, two.day) * DAY_S + two.second) - (
        days(one.year, one.month, one.day) * DAY_S + one.second
    )
    whole = (total * _MICROSECONDS + two.microsecond - one.microsecond) // (DAY_S * _MICROSECONDS)
    return replace(fields, invert=invert, total_days=whole)


def _just_forward(early: PhpDateTime, late: PhpDateTime, shift: int) -> bool:
    """Whether the clock went forward within the last, incomplete day between the two."""
    before, after = late.timestamp - DAY_S, late.timestamp
    if shift <= 0 or offset_s(late.zone, before) == late.offset_s:
        return False
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if offset_s(late.zone, middle) == late.offset_s else (middle, after)
    if after - shift < early.timestamp + DAY_S - shift <= after:
        return False
    return (late.timestamp - early.timestamp + shift) % DAY_S > late.timestamp - after


def modify(date: PhpDateTime, text: str) -> PhpDateTime:
    """`$date->modify($text)`. Raises DateError for what is not read here (PHP may know more).

    Read are amounts (`+1 month -2 days`, `2 weeks ago`, `next year`), `first day of` and `last day of` with such an
    amount or the name of a month, weekdays (`monday`, `next monday`, `last fri`), `now`, `today`, `midnight`, `noon`,
    `tomorrow`, `yesterday`, and a time of the day as `10:30`, at the end.

    `last week`, `this week` and `next week` mean a day of that week, Monday to Sunday: the weekday that stands before
    or behind them, else its Monday. A weekday is looked for first, whatever the order, and amounts are added to it:
    `+1 day monday` is a Tuesday.
    """
    change = _Change()
    position = 0
    source = text.strip().lower()
    while position < len(source):
        for pattern, apply in _WORDS:
            match = pattern.match(source, position)
            if match is not None:
                apply(change, match)
                position = match.end()
                break
        else:
            raise DateError(f"not understood, from character {position + 1} on")
    return change.apply(date)


@dataclass(slots=True)
class _Wall:
    """What stands on the wall; fields may overflow."""

    zone: str
    dst: bool
    year: int
    month: int
    day: int
    second: int
    microsecond: int

    @classmethod
    def of(cls, date: PhpDateTime) -> "_Wall":
        dst = is_dst(date.zone, date.timestamp)
        return cls(date.zone, dst, *civil(date.timestamp + date.offset_s), date.microsecond)

    def normalise(self) -> None:
        local = days(self.year, self.month, 1) * DAY_S + (self.day - 1) * DAY_S + self.second
        self.year, self.month, self.day, self.second = civil(local)

    def moment(self) -> PhpDateTime:
        local = days(self.year, self.month, 1) * DAY_S + (self.day - 1) * DAY_S + self.second
        carried, microsecond = divmod(self.microsecond, _MICROSECONDS)
        return PhpDateTime(resolve(local, self.zone, dst=self.dst) + carried, self.zone, microsecond)

    def minus(self, other: "_Wall", *, invert: bool) -> PhpInterval:
        """Field by field; days that are missing are borrowed from months as PHP borrows them."""
        borrowed, microseconds = divmod(self.microsecond - other.microsecond, _MICROSECONDS)
        borrowed, seconds = divmod(self.second - other.second + borrowed, DAY_S)
        day = self.day - other.day + borrowed
        months = (self.year - other.year) * 12 + self.month - other.month
        at = other.year * 12 + other.month - 1 if invert else self.year * 12 + self.month - 2
        while day < 0:
            day += days_in_month(at // 12, at % 12 + 1)
            months -= 1
            at += 1 if invert else -1
        return PhpInterval(
            months // 12, months % 12, day, seconds // 3600, seconds // 60 % 60, seconds % 60, microseconds
        )


@dataclass(slots=True)
class _Change:
    """What a text asks for."""

    amounts: dict[str, int] = field(default_factory=dict)
    clock: int | None = None
    """Second of the day."""
    has_time: bool = False
    """Whether the clock was written as a time, which may be so once."""
    edge: str | None = None
    """`first` or `last` day of the month."""
    month: int | None = None
    weekday: int | None = None
    """Which: 0 for Sunday to 6; from -7 on the one before, by `ago`."""
    how: int = 0
    """Where it is looked for: 0 after today, 1 from today on, 2 in this week, from Monday on."""

    def move(self, unit: str, amount: int) -> None:
        self.amounts[unit] = self.amounts.get(unit, 0) + amount

    def apply(self, date: PhpDateTime) -> PhpDateTime:
        wall = _Wall.of(date)
        if self.clock is not None:
            wall.second, wall.microsecond = self.clock, 0
        if self.month is not None:
            wall.month = self.month
        self._to_edge(wall)
        wall.normalise()
        if self.weekday is not None:
            wall.day += self._to_weekday(self.weekday, weekday(wall.year, wall.month, wall.day))
            wall.normalise()
        wall.year += self.amounts.get("year", 0)
        wall.month += self.amounts.get("month", 0)
        wall.day += self.amounts.get("day", 0)
        wall.second += self.amounts.get("second", 0)
        self._to_edge(wall)
        return wall.moment()

    def _to_edge(self, wall: _Wall) -> None:
        if self.edge is not None:
            wall.month += self.edge == "last"
            wall.day = 1 if self.edge == "first" else 0

    def _to_weekday(self, wanted: int, present: int) -> int:
        """How many days off it is."""
        if self.how == 2:
            if present == 0:  # the week ends today
                return wanted - 7 if wanted else 0
            return (wanted or 7) - present
        if wanted < 0:
            return -wanted - present - 7
        difference = wanted - present
        is_back = self.amounts.get("day", 0) < 0
        return difference + 7 if difference < 0 or (difference == 0 and not is_back and self.how == 0) else difference


_UNITS: Mapping[str, tuple[str, int]] = {
    "sec": ("second", 1), "second": ("second", 1), "min": ("second", 60), "minute": ("second", 60),
    "hour": ("second", 3600), "day": ("day", 1), "week": ("day", 7), "fortnight": ("day", 14),
    "month": ("month", 1), "year": ("year", 1),
}  # fmt: skip
_RELATIVE = {"next": 1, "last": -1, "previous": -1, "this": 0}
_CLOCKS = {"today": 0, "midnight": 0, "noon": 12 * 3600, "tomorrow": 0, "yesterday": 0}
_DAYS_ON = {"tomorrow": 1, "yesterday": -1}
_UNIT = "(" + "|".join(sorted(_UNITS, key=len, reverse=True)) + ")s?"
_WEEKDAY = "(" + "|".join(f"{name.lower()}|{name[:3].lower()}" for name in DAYS) + ")"
_MONTH = "(" + "|".join(f"{name.lower()}|{name[:3].lower()}" for name in MONTHS) + ")"
_END = r"(?![a-z])\s*"


def _amount(change: _Change, match: re.Match[str]) -> None:
    unit, factor = _UNITS[match[2]]
    number = _RELATIVE[match[1]] if match[1] in _RELATIVE else int(re.sub(r"\s", "", match[1]))
    change.move(unit, number * factor)


def _week(change: _Change, match: re.Match[str]) -> None:
    change.move("day", 7 * _RELATIVE[match[1]])
    change.how = 2
    if change.weekday is None:
        change.weekday = 1


def _ago(change: _Change, _match: re.Match[str]) -> None:
    """Turns round all that stands before it."""
    change.amounts = {unit: -amount for unit, amount in change.amounts.items()}
    if change.weekday is not None:
        change.weekday = -change.weekday or -7


def _edge(change: _Change, match: re.Match[str]) -> None:
    change.edge = match[1]
    if match[2]:
        if change.month is not None:
            raise DateError("a second month")
        change.month = next(place for place, name in enumerate(MONTHS, 1) if name.lower().startswith(match[2][:3]))


def _keyword(change: _Change, match: re.Match[str]) -> None:
    change.clock, change.has_time = _CLOCKS[match[1]], match[1] == "noon"
    if match[1] in _DAYS_ON:
        change.amounts["day"] = _DAYS_ON[match[1]]  # whatever was there


def _weekday(change: _Change, match: re.Match[str]) -> None:
    change.weekday = next(place for place, name in enumerate(DAYS) if name.lower().startswith(match[2][:3]))
    change.clock, change.has_time = 0, False
    if match[1] is None:
        change.how = change.how if change.how == 2 else 1
        return
    change.how = int(match[1] == "this")
    if _RELATIVE[match[1]] < 0:
        change.move("day", -7)


def _clock(change: _Change, match: re.Match[str]) -> None:
    if change.has_time:
        raise DateError("a second time of the day")
    change.clock, change.has_time = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3] or 0), True


_WORDS: tuple[tuple[re.Pattern[str], Callable[[_Change, re.Match[str]], None]], ...] = (
    (re.compile(r"now" + _END), lambda _change, _match: None),
    (re.compile(rf"(first|last) day of(?:\s+{_MONTH}(?!\s*-?\s*[0-9]))?{_END}"), _edge),
    (re.compile(rf"(next|last|previous|this)\s+week{_END}"), _week),
    (re.compile(rf"([+-]?\s*[0-9]{{1,9}}|next|last|previous|this)\s*{_UNIT}{_END}"), _amount),
    (re.compile(rf"ago{_END}"), _ago),
    (re.compile(rf"(?:(next|last|previous|this)\s+)?{_WEEKDAY}{_END}"), _weekday),
    (re.compile(rf"({'|'.join(_CLOCKS)}){_END}"), _keyword),
    (re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?\Z"), _clock),
)
