"""Dates. See `contracts.php.functions`. What asks for the current time is answered by a clock."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import date
from contracts.php.calendar import is_dst
from contracts.php.date_format import Moment
from contracts.php.runtime import PhpRuntime

Clock = Callable[[], float]
"""Seconds since 1970, UTC."""

_MKTIME = "int $hour, ?int $minute = null, ?int $second = null, ?int $month = null, ?int $day = null, ?int $year = null"


def _date(php: PhpRuntime, now: Clock, pattern: str, timestamp: int | None = None) -> str:
    return date.date(pattern, int(now()) if timestamp is None else timestamp, php.timezone, runtime=php)


def _gmdate(php: PhpRuntime, now: Clock, pattern: str, timestamp: int | None = None) -> str:
    return date.gmdate(pattern, int(now()) if timestamp is None else timestamp, runtime=php)


def _mktime(php: PhpRuntime, now: Clock, *fields: int | None) -> int:
    present = int(now())
    at = Moment.of(present, php.timezone)
    fields_now = (at.hour, at.second // 60 % 60, at.second % 60, at.month, at.day, at.year)
    given = [*fields, *[None] * (len(fields_now) - len(fields))]
    whole = [field_now if field is None else field for field, field_now in zip(given, fields_now, strict=True)]
    return date.mktime(*whole, zone=php.timezone, dst=is_dst(php.timezone, present))


def functions(now: Clock) -> Mapping[str, tuple[str, Callable[..., Any]]]:
    """The functions of dates, by a clock."""
    return {
        "checkdate": ("int $month, int $day, int $year", lambda _, *fields: date.checkdate(*fields)),
        "date": ("string $format, ?int $timestamp = null", lambda php, *given: _date(php, now, *given)),
        "gmdate": ("string $format, ?int $timestamp = null", lambda php, *given: _gmdate(php, now, *given)),
        "mktime": (
            _MKTIME,
            lambda php, *given: _mktime(php, now, *given),
        ),
    }


FUNCTIONS = functions(time.time)
