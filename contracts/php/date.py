"""PHP's reading of local times: `new DateTimeImmutable('2024-10-27 02:30:00', $zone)` and what it prints.

Notifications carry local times without an offset, so once a year they are ambiguous and once they do not exist, and
Python and PHP resolve them differently: PHP takes the second 02:30 in zones east of UTC and the first one west of it,
and moves a time that is skipped forward. "0000-00-00 00:00:00" (MySQL's null date) is a real date to PHP, in the year
-1, which Python's datetime cannot hold: see `contracts.php.calendar`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.php.calendar import DAY_S, OFFSET, UnknownZoneError, days, days_in_month, offset_s, resolve, wrap
from contracts.php.date_format import Moment, format_moment
from contracts.php.runtime import PHP_8_2, PhpRuntime

_LOCAL = re.compile(
    r"(-?[0-9]{4})-(0[0-9]|1[0-2])-([0-2][0-9]|3[01])"
    r"(?:[ T]([01][0-9]|2[0-4]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]{1,9}))?)?"
)
_SQL = "Y-m-d H:i:s"
_ABBREVIATIONS = {
    name: f"{hours:+03d}:00"
    for hours, names in {
        0: "Z UTC GMT WET",
        1: "CET MET WEST BST",
        2: "CEST MEST EET",
        3: "EEST MSK",
        -4: "EDT",
        -5: "EST CDT",
        -6: "CST MDT",
        -7: "MST PDT",
        -8: "PST",
    }.items()
    for name in names.split()
}


class DateError(ValueError):
    """Not a date in the format of notifications (PHP would have thrown, or guessed)."""


@dataclass(frozen=True, slots=True)
class PhpDateTime:
    """A moment, and the zone in which it is printed."""

    timestamp: int
    """Seconds since 1970, UTC."""
    zone: str = "UTC"
    """Identifier (`Europe/Paris`; in any case), `UTC` or an offset (`+02:00`).

    CET, EET, MET and WET are zones with DST here, as default zones are in PHP; `new DateTimeZone('CET')` is the
    abbreviation, without.
    """
    microsecond: int = 0

    @property
    def offset_s(self) -> int:
        """Seconds east of UTC."""
        return offset_s(self.zone, self.timestamp)

    def format(self, pattern: str, *, runtime: PhpRuntime) -> str:
        """`$date->format()`, see `contracts.php.date_format`. Args: runtime: for letters that came with a version."""
        return format_moment(Moment.of(self.timestamp, self.zone, self.microsecond), pattern, runtime=runtime)

    def in_zone(self, zone: str) -> "PhpDateTime":
        """`$date->setTimezone(new DateTimeZone($zone))`."""
        return PhpDateTime(self.timestamp, zone, self.microsecond)

    def json(self) -> dict[str, str | int]:
        """What `json_encode($date)` and `serialize($date)` are made of, in this order."""
        kind = 1 if OFFSET.fullmatch(self.zone) else 3
        date, zone = (self.format(pattern, runtime=PHP_8_2) for pattern in (f"{_SQL}.u", "e"))  # as in every version
        return {"date": date, "timezone_type": kind, "timezone": zone}


def parse(text: str, zone: str) -> PhpDateTime:
    """`new DateTimeImmutable($text, new DateTimeZone($zone))` for `Y-m-d` and `Y-m-d H:i:s` (fraction allowed).

    Fields overflow as in PHP: the 30th of February is the 1st of March, 24:00 the next day. Raises `DateError` for
    all other texts, some of which PHP would read, too; UnknownZoneError for a zone that is none.
    """
    match = _LOCAL.fullmatch(text)
    if match is None:
        raise DateError("not a date as Y-m-d H:i:s")
    year, month, day, hour, minute, second = (int(field or 0) for field in match.groups()[:6])
    local = days(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second
    return PhpDateTime(resolve(local, zone), zone, int((match[7] or "0").ljust(6, "0")[:6]))


def utc_text(text: str, zone: str) -> str:
    """A local time of that zone as UTC, `Y-m-d H:i:s`; raises `DateError`, UnknownZoneError."""
    return local_text(parse(text, zone).timestamp, "UTC")


def local_text(timestamp: int, zone: str) -> str:
    """`date('Y-m-d H:i:s', $timestamp)` where `zone` is the default time zone; the same in every version."""
    return date(_SQL, timestamp, zone, runtime=PHP_8_2)


def date(pattern: str, timestamp: int, zone: str, *, runtime: PhpRuntime) -> str:
    """`date($pattern, $timestamp)` where `zone` is the default time zone, in any case.

    Args:
        pattern: see `contracts.php.date_format`.
        timestamp: seconds since 1970, UTC.
        zone: identifier; `e` prints it as it is here.
        runtime: `p` is a letter since 8.0, `x` and `X` since 8.2.

    Raises:
        UnknownZoneError: there is no such zone.
    """
    return format_moment(Moment.of(timestamp, zone), pattern, runtime=runtime)


def gmdate(pattern: str, timestamp: int, *, runtime: PhpRuntime) -> str:
    """`gmdate($pattern, $timestamp)`: as `date` in UTC, but `T` prints GMT."""
    return format_moment(Moment.of(timestamp, "UTC", letters="GMT"), pattern, runtime=runtime)


def mktime(
    hour: int, minute: int, second: int, month: int, day: int, year: int, *, zone: str, dst: bool = False
) -> int:
    """`mktime(...)` where `zone` is the default time zone.

    Fields overflow into each other, and seconds past 64 bits into the other end of time. Years 0 to 69 are of this
    century, 70 to 100 of the last one. Not followed are years at the end of 64 bits themselves, and PHP's DST in
    years past 10^9 or so.

    Args:
        zone: identifier, `UTC` or an offset; `gmmktime` is that of UTC.
        dst: whether DST holds now: by that PHP resolves a time that comes twice, whatever the year.
    """
    if 0 <= year < 70:
        year += 2000
    elif 70 <= year <= 100:
        year += 1900
    local = (days(year, month, 1) + day - 1) * DAY_S + hour * 3600 + minute * 60 + second
    return wrap(resolve(wrap(local), zone, dst=dst))


def checkdate(month: int, day: int, year: int) -> bool:
    """`checkdate`: whether there is such a day, in the years 1 to 32767."""
    return 1 <= month <= 12 and 1 <= year <= 32_767 and 1 <= day <= days_in_month(year, month)


def is_zero_date(text: str) -> bool:
    """Whether this is MySQL's null date: `0000-00-00`, with or without a time."""
    return text.startswith("0000-00-00")


def restore(properties: Mapping[Any, object]) -> PhpDateTime:
    """A DateTime or DateTimeImmutable from its serialised properties; raises `DateError` if they are none.

    The moment may not be the one that was serialised: which of two 02:30 it was is not in PHP's format. A zone by
    abbreviation (type 2) is its offset, whatever the season; those of Europe and North America are known.
    """
    date, kind, zone = (properties.get(name) for name in ("date", "timezone_type", "timezone"))
    if not isinstance(date, str) or not isinstance(zone, str) or kind not in (1, 2, 3):
        raise DateError("not a serialised date")
    if kind == 2:
        zone = _ABBREVIATIONS.get(zone.upper(), "")
    if (kind != 3) != bool(OFFSET.fullmatch(zone)):
        raise DateError("not a serialised date")
    try:
        return parse(date, zone)
    except UnknownZoneError as error:
        raise DateError("unknown zone") from error
