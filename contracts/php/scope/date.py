"""Dates. See `contracts.php.functions`. What asks for the current time is answered for `time.time()`."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import date
from contracts.php.calendar import is_dst
from contracts.php.date_format import Moment
from contracts.php.runtime import PhpRuntime


def _date(php: PhpRuntime, pattern: str, timestamp: int | None = None) -> str:
    return date.date(pattern, _now(timestamp), php.timezone)


def _gmdate(_: PhpRuntime, pattern: str, timestamp: int | None = None) -> str:
    return date.gmdate(pattern, _now(timestamp))


def _mktime(php: PhpRuntime, *fields: int | None) -> int | bool:
    now = _now(None)
    at = Moment.of(now, php.timezone)
    present = (at.hour, at.second // 60 % 60, at.second % 60, at.month, at.day, at.year)
    given = [*fields, *[None] * (len(present) - len(fields))]
    whole = [now_field if field is None else field for field, now_field in zip(given, present, strict=True)]
    moment = date.mktime(*whole, zone=php.timezone, dst=is_dst(php.timezone, now))
    return False if moment is None else moment


def _now(timestamp: int | None) -> int:
    return int(time.time()) if timestamp is None else timestamp


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "checkdate": ("int $month, int $day, int $year", lambda _, *fields: date.checkdate(*fields)),
    "date": ("string $format, ?int $timestamp = null", _date),
    "gmdate": ("string $format, ?int $timestamp = null", _gmdate),
    "mktime": (
        "int $hour, ?int $minute = null, ?int $second = null, ?int $month = null, ?int $day = null, ?int $year = null",
        _mktime,
    ),
}
