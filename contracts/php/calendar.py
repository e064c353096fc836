"""Days, weeks and time zones as PHP counts them, for years that Python's datetime cannot hold too.

"0000-00-00" (MySQL's null date) is a real date to PHP, in the year -1: so days are counted here, and zoneinfo is asked
for offsets only.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from contracts.php.number import INT_MIN

DAY_S = 86_400
OFFSET = re.compile(r"([+-])([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?")
"""A zone that is a plain offset."""
_CYCLE_S = 146_097 * DAY_S
"""After 400 years the calendar repeats, weekdays included."""
_FIRST_S, _LAST_S = -62_135_500_000, 253_402_200_000
"""What datetime can hold, less a day for offsets."""
_LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class UnknownZoneError(ValueError):
    """There is no such time zone in the database of this machine."""


def is_leap(year: int) -> bool:
    """Whether the year has a 29th of February."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    return 29 if month == 2 and is_leap(year) else _LENGTHS[month - 1]


def days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01 in the Gregorian calendar; month 0 is December before, and day 0 the day before the 1st."""
    year += (month - 1) // 12
    month = (month - 1) % 12 + 1
    shifted = year - (month <= 2)  # years from March, so that leap days come last
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return shifted * 365 + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_468


def civil(seconds: int) -> tuple[int, int, int, int]:
    """Year, month, day and second of the day; the reverse of `days`."""
    number, second = divmod(seconds, DAY_S)
    era, day_of_era = divmod(number + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    month = (shifted_month + 2) % 12 + 1
    return era * 400 + year_of_era + (month <= 2), month, day_of_year - (153 * shifted_month + 2) // 5 + 1, second


def weekday(year: int, month: int, day: int) -> int:
    """0 for Sunday to 6 for Saturday."""
    return (days(year, month, day) + 4) % 7


def iso_week(year: int, month: int, day: int) -> tuple[int, int]:
    """ISO 8601's year and week, which begins on Monday; the year may be the one before or after."""
    number = days(year, month, day)
    thursday = number - (number + 3) % 7 + 3
    iso_year, *_ = civil(thursday * DAY_S)
    return iso_year, (thursday - days(iso_year, 1, 1)) // 7 + 1


def offset_s(zone: str, timestamp: int) -> int:
    """Seconds east of UTC at a moment. Raises UnknownZoneError."""
    if zone == "UTC":
        return 0
    fixed = OFFSET.fullmatch(zone)
    if fixed:
        seconds = int(fixed[2]) * 3600 + int(fixed[3]) * 60 + int(fixed[4] or 0)
        return -seconds if fixed[1] == "-" else seconds
    offset = _moment(zone, timestamp).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def is_dst(zone: str, timestamp: int) -> bool:
    """Whether daylight saving time holds at a moment."""
    return bool(zone != "UTC" and not OFFSET.fullmatch(zone) and _moment(zone, timestamp).dst())


def abbreviation(zone: str, timestamp: int) -> str:
    """What the zone is called at a moment: `CEST`, or `GMT+0200` where it is a plain offset."""
    if zone == "UTC":
        return zone
    if OFFSET.fullmatch(zone):
        return f"GMT{signed(offset_s(zone, timestamp))}"
    return _moment(zone, timestamp).tzname() or zone


def signed(offset: int, colon: str = "") -> str:
    """An offset as `+0200`; its seconds are not printed."""
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 3600:02d}{colon}{abs(offset) // 60 % 60:02d}"


def wrap(seconds: int) -> int:
    """As PHP counts them, past 64 bits: from the other end."""
    return (seconds - INT_MIN) % 2**64 + INT_MIN


def resolve(local: int, zone: str, *, dst: bool | None = None) -> int:
    """The moment of a wall clock time, both in seconds from 1970.

    A time that is skipped moves on by the gap. Of two moments PHP takes the second one in zones east of UTC, and the
    first one west of it; but with `dst` (whether DST held in the time that was changed) the one that is like it.
    """
    if dst is not None and (moments := _ambiguous(local, zone)):
        alike = [moment for moment in moments if is_dst(zone, moment) == dst]
        if len(alike) == 1:
            return alike[0]
    now = offset_s(zone, local)  # taking the wall clock time for UTC
    there = offset_s(zone, local - now)
    # The clock goes forward between the two guesses: PHP stays with the offset before it, so a skipped time moves on.
    is_skipped = there > now and offset_s(zone, local - there) != there
    return local - (now if is_skipped else there)


def _ambiguous(local: int, zone: str) -> tuple[int, ...]:
    """The two moments of a wall clock time that comes twice; else nothing."""
    offsets = {offset_s(zone, local - DAY_S), offset_s(zone, local + DAY_S)}
    moments = [local - offset for offset in offsets if offset_s(zone, local - offset) == offset]
    return tuple(sorted(moments)) if len(moments) > 1 else ()


def _moment(zone: str, timestamp: int) -> datetime:
    if timestamp > _LAST_S:
        timestamp -= ((timestamp - _LAST_S) // _CYCLE_S + 1) * _CYCLE_S
    return datetime.fromtimestamp(max(timestamp, _FIRST_S), _zone(zone))


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    """PHP takes names in any case. Raises UnknownZoneError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # zoneinfo says in three ways that there is none
        known = _names().get(name.lower())  # opens every zone's file: not on the usual way
    if known is None:
        raise UnknownZoneError(f"no such time zone: {name[:64]!r}")
    return ZoneInfo(known)


@cache
def _names() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()}
