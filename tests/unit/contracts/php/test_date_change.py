"""Every expectation is PHP 8.2's own answer."""

import pytest

from contracts.php.date import DateError, PhpDateTime, parse
from contracts.php.date_change import PhpInterval, add, diff, interval, modify, sub
from contracts.php.runtime import PHP_8_2

PARIS = "Europe/Paris"


def paris(text: str) -> PhpDateTime:
    return parse(text, PARIS)


@pytest.mark.parametrize(
    ("start", "change", "expected"),
    [
        # Whatever is added is added on the wall clock, and a skipped time moves on.
        ("2024-03-30 12:00:00", "+24 hours", "2024-03-31T12:00:00+02:00"),
        ("2024-03-31 01:30:00", "+1 hour", "2024-03-31T03:30:00+02:00"),
        ("2024-03-31 01:30:00", "+1 hour 30 minutes", "2024-03-31T03:00:00+02:00"),
        ("2024-03-31 03:30:00", "-1 hour", "2024-03-31T03:30:00+02:00"),
        # A time that comes twice is the one whose DST is that of the time before.
        ("2024-10-27 01:30:00", "+1 hour", "2024-10-27T02:30:00+02:00"),
        ("2024-10-27 03:30:00", "-1 hour", "2024-10-27T02:30:00+01:00"),
        ("2024-10-26 02:30:00", "+1 day", "2024-10-27T02:30:00+02:00"),
        # Months overflow; the last day of one has to be asked for.
        ("2024-01-31", "+1 month", "2024-03-02T00:00:00+01:00"),
        ("2024-03-31", "-1 month", "2024-03-02T00:00:00+01:00"),
        ("2024-01-31", "last day of next month", "2024-02-29T00:00:00+01:00"),
        ("2024-10-16 15:04:05", "first day of january", "2024-01-01T15:04:05+01:00"),
        ("2024-10-16 15:04:05", "+1 month -1 day", "2024-11-15T15:04:05+01:00"),
        ("2024-10-16 15:04:05", "2 weeks ago", "2024-10-02T15:04:05+02:00"),
        ("2024-10-16 15:04:05", "next year", "2025-10-16T15:04:05+02:00"),
        # Weekdays and days take the time of the day away, unless one is given.
        ("2024-10-16 15:04:05", "wednesday", "2024-10-16T00:00:00+02:00"),
        ("2024-10-16 15:04:05", "next wednesday", "2024-10-23T00:00:00+02:00"),
        ("2024-10-16 15:04:05", "last fri", "2024-10-11T00:00:00+02:00"),
        ("2024-10-16 15:04:05", "yesterday noon", "2024-10-15T12:00:00+02:00"),
        ("2024-10-16 15:04:05", "tomorrow 10:30", "2024-10-17T10:30:00+02:00"),
        ("2024-10-16 15:04:05", "now", "2024-10-16T15:04:05+02:00"),
        ("2024-10-16 15:04:05", "noon tomorrow", "2024-10-17T00:00:00+02:00"),
        # A weekday of a week, which begins on Monday, is written in either order.
        ("2024-03-30 13:14:15", "monday next week", "2024-04-01T00:00:00+02:00"),
        ("2024-03-31 13:14:15", "saturday this week", "2024-03-30T00:00:00+01:00"),
        ("2024-03-31 13:14:15", "this week saturday", "2024-03-30T00:00:00+01:00"),
        ("2024-03-31 13:14:15", "next week", "2024-04-01T13:14:15+02:00"),
        ("2024-03-30 13:14:15", "sunday last week 10:30", "2024-03-24T10:30:00+01:00"),
        ("2024-04-01 13:14:15", "next monday this week", "2024-04-01T00:00:00+02:00"),
        ("2024-04-01 13:14:15", "this week next monday", "2024-04-08T00:00:00+02:00"),
        # Weekdays come first, amounts are added to them.
        ("2024-03-30 13:14:15", "+1 day monday", "2024-04-02T00:00:00+02:00"),
        ("2024-04-03 13:14:15", "-1 day monday", "2024-04-07T00:00:00+02:00"),
        ("2024-04-03 13:14:15", "first day of monday", "2024-04-01T00:00:00+02:00"),
        ("2024-10-16 15:04:05", "+1 week monday", "2024-10-28T00:00:00+01:00"),
        # What is ago is all that was said before.
        ("2024-10-16 15:04:05", "1 month 2 days ago", "2024-09-14T15:04:05+02:00"),
        ("2024-10-16 15:04:05", "monday ago", "2024-10-07T00:00:00+02:00"),
        ("2024-10-16 15:04:05", "+2 days tomorrow", "2024-10-17T00:00:00+02:00"),
    ],
)
def test_modify(start: str, change: str, expected: str) -> None:
    assert modify(paris(start), change).format("c", runtime=PHP_8_2) == expected


@pytest.mark.parametrize("text", ["noon 10:30", "first day of may last day of june"])
def test_what_is_said_twice_is_refused(text: str) -> None:
    with pytest.raises(DateError, match="a second"):
        modify(paris("2024-01-01"), text)


@pytest.mark.parametrize(
    "text",
    [
        "soon",
        "+1 moon",
        "+1 day and a half",
        "25:00",
        "first monday of january",
        "10:30 tomorrow",
        "first day of march 12 days",
    ],
)
def test_what_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(DateError, match="not understood, from character"):
        modify(paris("2024-01-01"), text)


@pytest.mark.parametrize(
    ("start", "span", "later", "earlier"),
    [
        # Days on the wall clock, hours as they elapse.
        ("2024-03-30 12:00:00", "PT24H", "2024-03-31T13:00:00+02:00", "2024-03-29T12:00:00+01:00"),
        ("2024-03-30 12:00:00", "P1D", "2024-03-31T12:00:00+02:00", "2024-03-29T12:00:00+01:00"),
        ("2024-10-27 01:30:00", "PT2H", "2024-10-27T02:30:00+01:00", "2024-10-26T23:30:00+02:00"),
        ("2024-10-26 02:30:00", "P1DT1H", "2024-10-27T02:30:00+01:00", "2024-10-25T01:30:00+02:00"),
        ("2024-01-31", "P1M", "2024-03-02T00:00:00+01:00", "2023-12-31T00:00:00+01:00"),
        ("2024-01-31", "P1Y2M10DT2H30M", "2025-04-10T02:30:00+02:00", "2022-11-20T21:30:00+01:00"),
        ("2024-01-31", "P2W", "2024-02-14T00:00:00+01:00", "2024-01-17T00:00:00+01:00"),
    ],
)
def test_intervals_are_added_and_taken_away(start: str, span: str, later: str, earlier: str) -> None:
    assert add(paris(start), interval(span)).format("c", runtime=PHP_8_2) == later
    assert sub(paris(start), interval(span)).format("c", runtime=PHP_8_2) == earlier


def test_microseconds_carry() -> None:
    half = PhpDateTime(0, "UTC", 500_000)
    span = PhpInterval(microseconds=600_000)
    assert add(half, span) == PhpDateTime(1, "UTC", 100_000)
    assert sub(half, span) == PhpDateTime(-1, "UTC", 900_000)


@pytest.mark.parametrize("text", ["", "P", "PT", "1D", "P1H", "P1.5D", "P-1D"])
def test_what_is_no_interval_is_refused(text: str) -> None:
    with pytest.raises(DateError, match="not an interval"):
        interval(text)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("2024-01-31", "2024-03-01", PhpInterval(days=30, total_days=30)),
        ("2024-03-01", "2024-01-31", PhpInterval(months=1, days=1, invert=True, total_days=30)),
        ("2024-03-30 12:00:00", "2024-03-31 13:00:00", PhpInterval(days=1, hours=1, total_days=1)),
        ("2024-10-27 01:30:00", "2024-10-27 03:30:00", PhpInterval(hours=3, total_days=0)),
        ("2024-10-26 04:46:12", "2024-10-27 03:46:12", PhpInterval(hours=24, total_days=0)),
        ("2020-02-29", "2024-02-28", PhpInterval(years=3, months=11, days=30, total_days=1460)),
        (
            "2024-01-01 10:00:00.5",
            "2024-01-02 09:00:00.25",
            PhpInterval(hours=22, minutes=59, seconds=59, microseconds=750_000, total_days=0),
        ),
    ],
)
def test_differences_are_those_of_the_wall_clock(first: str, second: str, expected: PhpInterval) -> None:
    assert diff(paris(first), paris(second)) == expected
