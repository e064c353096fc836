"""The letters of `date()` and `DateTimeInterface::format()`, as PHP prints them. Names are English, always.

`p` is a letter since 8.0, `x` and `X` are since 8.2: before that they stand for themselves.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from contracts.php.calendar import (
    OFFSET,
    abbreviation,
    civil,
    days,
    days_in_month,
    is_dst,
    is_leap,
    iso_week,
    offset_s,
    signed,
    wrap,
)
from contracts.php.runtime import PhpRuntime

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_SINCE: Mapping[str, tuple[int, int]] = {"p": (8, 0), "x": (8, 2), "X": (8, 2)}
_TOKEN = re.compile(r"\\(.)|\\\Z|([A-Za-z])", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as it is on the wall of a zone."""

    timestamp: int
    microsecond: int
    zone: str
    zone_letters: str
    """What `T` prints."""
    offset: int
    """Seconds east of UTC."""
    year: int
    month: int
    day: int
    second: int
    """Of the day."""

    @classmethod
    def of(cls, timestamp: int, zone: str, microsecond: int = 0, *, letters: str | None = None) -> "Moment":
        """On the wall, too, seconds end at 64 bits: what is later is in the first year of all, -292277022657.

        Not followed is that PHP has no offset for zones with DST in the last year of all, and calls them LMT.

        Args:
            timestamp: seconds since 1970, UTC; 64 bits.
            zone: identifier, in any case, or an offset.
            microsecond: of the second.
            letters: the zone's abbreviation, where it is not the zone's own (`gmdate` prints GMT).

        Raises:
            UnknownZoneError: there is no such zone.
        """
        offset = offset_s(zone, timestamp)
        name = abbreviation(zone, timestamp) if letters is None else letters
        return cls(timestamp, microsecond, zone, name, offset, *civil(wrap(timestamp + offset)))

    @property
    def hour(self) -> int:
        """0 to 23."""
        return self.second // 3600

    @property
    def half_day_hour(self) -> int:
        """1 to 12."""
        return self.hour % 12 or 12

    @property
    def weekday(self) -> int:
        """0 for Sunday to 6."""
        return (days(self.year, self.month, self.day) + 4) % 7

    @property
    def clock(self) -> str:
        """`HH:MM:SS`."""
        return f"{self.hour:02d}:{self.second // 60 % 60:02d}:{self.second % 60:02d}"

    def shift(self, colon: str = "") -> str:
        """The offset as `+0200`."""
        return signed(self.offset, colon)


def format_moment(moment: Moment, pattern: str, *, runtime: PhpRuntime) -> str:
    """The pattern with its letters replaced; what is no letter of PHP's stays, and so does what follows a backslash.

    Unlike strftime's there is no per cent sign, and every letter counts: `Y-m-d at H` replaces the `a` and the `t` too.
    """

    def replace(match: re.Match[str]) -> str:
        if match[2] is None:
            return match[1] or "\0"  # behind the last backslash PHP finds the end of its string
        letter = _LETTERS.get(match[2])
        if letter is None or not runtime.since(*_SINCE.get(match[2], (0, 0))):
            return match[2]
        return letter(moment)

    return _TOKEN.sub(replace, pattern)


def _suffix(day: int) -> str:
    return "th" if 10 <= day <= 19 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _swatch(timestamp: int) -> str:
    """Internet time: a thousandth of a day, on the clock of Biel (+01:00)."""
    return f"{(timestamp + 3600) % 86_400 * 10 // 864:03d}"


def _year(year: int) -> str:
    return f"{'-' if year < 0 else ''}{abs(year):04d}"


def _expanded(year: int, *, always: bool) -> str:
    sign = "-" if year < 0 else "+" if always or year >= 10_000 else ""
    return f"{sign}{abs(year):04d}"


def _zulu(moment: Moment) -> str:
    """By the zone's abbreviation: London in winter and GMT itself are +00:00, but `gmdate` has Z."""
    is_utc = moment.zone_letters in ("UTC", "GMT+0000") or (moment.zone_letters == "GMT" and moment.zone == "UTC")
    return "Z" if is_utc else moment.shift(":")


_LETTERS: Mapping[str, Callable[[Moment], str]] = {
    "d": lambda at: f"{at.day:02d}",
    "D": lambda at: DAYS[at.weekday][:3],
    "j": lambda at: str(at.day),
    "l": lambda at: DAYS[at.weekday],
    "S": lambda at: _suffix(at.day),
    "w": lambda at: str(at.weekday),
    "N": lambda at: str(at.weekday or 7),
    "z": lambda at: str(days(at.year, at.month, at.day) - days(at.year, 1, 1)),
    "W": lambda at: f"{iso_week(at.year, at.month, at.day)[1]:02d}",
    "o": lambda at: str(iso_week(at.year, at.month, at.day)[0]),
    "F": lambda at: MONTHS[at.month - 1],
    "m": lambda at: f"{at.month:02d}",
    "M": lambda at: MONTHS[at.month - 1][:3],
    "n": lambda at: str(at.month),
    "t": lambda at: str(days_in_month(at.year, at.month)),
    "L": lambda at: str(int(is_leap(at.year))),
    "y": lambda at: f"{at.year % 100 if at.year >= 0 else -(-at.year % 100):02d}",
    "Y": lambda at: _year(at.year),
    "x": lambda at: _expanded(at.year, always=False),
    "X": lambda at: _expanded(at.year, always=True),
    "a": lambda at: "am" if at.hour < 12 else "pm",
    "A": lambda at: "AM" if at.hour < 12 else "PM",
    "B": lambda at: _swatch(at.timestamp),
    "g": lambda at: str(at.half_day_hour),
    "G": lambda at: str(at.hour),
    "h": lambda at: f"{at.half_day_hour:02d}",
    "H": lambda at: f"{at.hour:02d}",
    "i": lambda at: f"{at.second // 60 % 60:02d}",
    "s": lambda at: f"{at.second % 60:02d}",
    "u": lambda at: f"{at.microsecond:06d}",
    "v": lambda at: f"{at.microsecond // 1000:03d}",
    "I": lambda at: str(int(is_dst(at.zone, at.timestamp))),
    "P": lambda at: at.shift(":"),
    "p": _zulu,
    "O": lambda at: at.shift(),
    "e": lambda at: at.shift(":") if OFFSET.fullmatch(at.zone) else at.zone,
    "T": lambda at: at.zone_letters,
    "Z": lambda at: str(at.offset),
    # The year has four characters here, its sign among them: -001, not -0001.
    "c": lambda at: f"{at.year:04d}-{at.month:02d}-{at.day:02d}T{at.clock}{at.shift(':')}",
    "r": lambda at: (
        f"{DAYS[at.weekday][:3]}, {at.day:02d} {MONTHS[at.month - 1][:3]} {at.year:04d} {at.clock} {at.shift()}"
    ),
    "U": lambda at: str(at.timestamp),
}
