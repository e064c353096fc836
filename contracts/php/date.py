"""PHP's reading of local times: `new DateTimeImmutable('2024-10-27 02:30:00', $zone)` and what it prints.

Notifications carry local times without an offset, so once a year they are ambiguous and once they do not exist, and
Python and PHP resolve them differently: PHP takes the second 02:30 in zones east of UTC and the first one west of it,
and moves a time that is skipped forward. "0000-00-00 00:00:00" (MySQL's null date) is a real date to PHP, in the year
-1, which Python's datetime cannot hold: so days are counted here, and zoneinfo is asked for offsets only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

_LOCAL = re.compile(
    r"(-?[0-9]{4})-(0[0-9]|1[0-2])-([0-2][0-9]|3[01])"
    r"(?:[ T]([01][0-9]|2[0-4]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,9}))?)?"
)
_OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
_DAY_S = 86_400
_CYCLE_S = 146_097 * _DAY_S
"""After 400 years the calendar repeats, weekdays included."""
_FIRST_S, _LAST_S = -62_135_500_000, 253_402_200_000
"""What datetime can hold, less a day for offsets."""


class DateError(ValueError):
    """Not a date in the format of notifications (PHP would have thrown, or guessed)."""


@dataclass(frozen=True, slots=True)
class PhpDateTime:
    """A moment, and the zone in which it is printed."""

    timestamp: int
    """Seconds since 1970, UTC."""
    zone: str = "UTC"
    """Identifier (`Europe/Paris`), `UTC` or an offset (`+02:00`)."""
    microsecond: int = 0

    @property
    def offset_s(self) -> int:
        """Seconds east of UTC."""
        return _offset_s(self.zone, self.timestamp)

    def format(self, pattern: str) -> str:
        r"""`$date->format()` with d j m n y Y H G i s u v U e P O c and `\`; `ValueError` for other letters."""
        year, month, day, rest = _civil(self.timestamp + self.offset_s)
        hour, minute, second = rest // 3600, rest // 60 % 60, rest % 60
        sign, offset = "-" if self.offset_s < 0 else "+", abs(self.offset_s)
        offset_hour, offset_minute = f"{offset // 3600:02d}", f"{offset // 60 % 60:02d}"  # seconds are not printed
        year_text = f"{'-' if year < 0 else ''}{abs(year):04d}"
        time_text = f"{hour:02d}:{minute:02d}:{second:02d}"
        parts = {
            "d": f"{day:02d}",
            "j": str(day),
            "m": f"{month:02d}",
            "n": str(month),
            "y": f"{year % 100:02d}",
            "Y": year_text,
            "H": f"{hour:02d}",
            "G": str(hour),
            "i": f"{minute:02d}",
            "s": f"{second:02d}",
            "u": f"{self.microsecond:06d}",
            "v": f"{self.microsecond // 1000:03d}",
            "U": str(self.timestamp),
            "e": self.zone,
            "P": f"{sign}{offset_hour}:{offset_minute}",
            "O": f"{sign}{offset_hour}{offset_minute}",
            "c": f"{year:04d}-{month:02d}-{day:02d}T{time_text}{sign}{offset_hour}:{offset_minute}",  # -001, not -0001
        }
        return re.sub(r"\\(.)|([A-Za-z])", lambda match: match[1] or _part(parts, match[2]), pattern, flags=re.DOTALL)

    def in_zone(self, zone: str) -> "PhpDateTime":
        """`$date->setTimezone(new DateTimeZone($zone))`."""
        return PhpDateTime(self.timestamp, zone, self.microsecond)

    def json(self) -> dict[str, str | int]:
        """What `json_encode($date)` and `serialize($date)` are made of, in this order."""
        kind = 1 if _OFFSET.fullmatch(self.zone) else 3
        return {"date": self.format("Y-m-d H:i:s.u"), "timezone_type": kind, "timezone": self.zone}


def parse(text: str, zone: str) -> PhpDateTime:
    """`new DateTimeImmutable($text, new DateTimeZone($zone))` for `Y-m-d` and `Y-m-d H:i:s` (fraction allowed).

    Fields overflow as in PHP: the 30th of February is the 1st of March, 24:00 the next day. Raises `DateError` for
    all other texts, some of which PHP would read, too.
    """
    match = _LOCAL.fullmatch(text)
    if match is None:
        raise DateError("not a date as Y-m-d H:i:s")
    year, month, day, hour, minute, second = (int(field or 0) for field in match.groups()[:6])
    local = _days(year, month, day) * _DAY_S + hour * 3600 + minute * 60 + second
    return PhpDateTime(_resolve(local, zone), zone, int((match[7] or "0").ljust(6, "0")[:6]))


def utc_text(text: str, zone: str) -> str:
    """A local time of that zone as UTC, `Y-m-d H:i:s`; raises `DateError`."""
    return parse(text, zone).in_zone("UTC").format("Y-m-d H:i:s")


def local_text(timestamp: int, zone: str) -> str:
    """`date('Y-m-d H:i:s', $timestamp)` where `zone` is the default time zone."""
    return PhpDateTime(timestamp, zone).format("Y-m-d H:i:s")


def is_zero_date(text: str) -> bool:
    """Whether this is MySQL's null date: `0000-00-00`, with or without a time."""
    return text.startswith("0000-00-00")


def restore(properties: Mapping[Any, object]) -> PhpDateTime:
    """A DateTime or DateTimeImmutable from its serialised properties; raises `DateError` if they are none.

    The moment may not be the one that was serialised: which of two 02:30 it was is not in PHP's format. Of zones by
    abbreviation (type 2) only UTC is read.
    """
    date, kind, zone = (properties.get(name) for name in ("date", "timezone_type", "timezone"))
    if not isinstance(date, str) or not isinstance(zone, str) or kind not in (1, 2, 3):
        raise DateError("not a serialised date")
    if kind == 2 and zone not in ("Z", "UTC"):
        raise DateError("a zone by abbreviation")
    if (kind == 1) != bool(_OFFSET.fullmatch(zone)):
        raise DateError("not a serialised date")
    try:
        return parse(date, zone if kind != 2 else "UTC")
    except (KeyError, ValueError, OSError) as error:  # zoneinfo says in three ways that there is no such zone
        raise DateError("unknown date or zone") from error


def _part(parts: Mapping[str, str], letter: str) -> str:
    if letter not in parts:
        raise ValueError(f"date format: {letter} is not supported")
    return parts[letter]


def _resolve(local: int, zone: str) -> int:
    """The moment of a wall clock time, as timelib's do_adjust_timezone finds it (all in seconds)."""
    now = _offset_s(zone, local)  # taking the wall clock time for UTC
    there = _offset_s(zone, local - now)
    # The clock goes forward between the two guesses: PHP stays with the offset before it, so a skipped time moves on.
    is_skipped = there > now and _offset_s(zone, local - there) != there
    return local - (now if is_skipped else there)


def _offset_s(zone: str, timestamp: int) -> int:
    if zone == "UTC":
        return 0
    fixed = _OFFSET.fullmatch(zone)
    if fixed:
        seconds = int(fixed[2]) * 3600 + int(fixed[3]) * 60 + int(fixed[4] or 0)
        return -seconds if fixed[1] == "-" else seconds
    if timestamp > _LAST_S:
        timestamp -= ((timestamp - _LAST_S) // _CYCLE_S + 1) * _CYCLE_S
    offset = datetime.fromtimestamp(max(timestamp, _FIRST_S), _zone(zone)).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the Gregorian calendar; month 0 is December before, and day 0 the day before the 1st."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    shifted = year - (month <= 2)  # years from March, so that leap days come last
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_468


def _civil(seconds: int) -> tuple[int, int, int, int]:
    """Year, month, day and second of the day; the reverse of `_days`."""
    days, second = divmod(seconds, _DAY_S)
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    month = (shifted_month + 2) % 12 + 1
    return era * 400 + year_of_era + (month <= 2), month, day_of_year - (153 * shifted_month + 2) // 5 + 1, second
