import pytest

from contracts.php.date import (
    DateError,
    PhpDateTime,
    checkdate,
    date,
    gmdate,
    is_zero_date,
    local_text,
    mktime,
    parse,
    restore,
    utc_text,
)


@pytest.mark.parametrize(
    ("local", "zone", "expected"),
    [
        ("2024-10-27 02:30:00", "Europe/Paris", "2024-10-27 01:30:00"),  # the second 02:30; Python takes the first
        ("2024-10-27 01:30:00", "Europe/London", "2024-10-27 01:30:00"),
        ("2024-11-03 01:30:00", "America/New_York", "2024-11-03 05:30:00"),  # west of UTC: the first
        ("2024-10-27 01:59:59", "Europe/Paris", "2024-10-26 23:59:59"),
        ("2024-10-27 03:00:00", "Europe/Paris", "2024-10-27 02:00:00"),
        ("2024-03-31 02:30:00", "Europe/Paris", "2024-03-31 01:30:00"),  # skipped: moves on
        ("2024-03-31 01:59:59", "Europe/Paris", "2024-03-31 00:59:59"),
        ("2024-02-30 10:00:00", "Europe/Paris", "2024-03-01 09:00:00"),
        ("2024-12-31 24:00:00", "UTC", "2025-01-01 00:00:00"),
        ("2024-06-01", "Europe/Paris", "2024-05-31 22:00:00"),
        ("2024-06-01T10:00:00.5", "UTC", "2024-06-01 10:00:00"),
    ],
)
def test_local_times_are_resolved_as_php_resolves_them(local: str, zone: str, expected: str) -> None:
    assert utc_text(local, zone) == expected


def test_a_skipped_time_is_printed_as_the_later_one() -> None:
    assert parse("2024-03-31 02:30:00", "Europe/Paris").format("c") == "2024-03-31T03:30:00+02:00"


def test_the_zero_date_is_a_date_of_the_year_before_the_year_zero() -> None:
    zero = parse("0000-00-00 00:00:00", "Europe/Paris")
    assert zero.timestamp == -62169984561
    assert zero.format("Y-m-d H:i:s P") == "-0001-11-30 00:00:00 +00:09"
    assert zero.format("c") == "-001-11-30T00:00:00+00:09"
    assert utc_text("0000-00-00 00:00:00", "Europe/Paris") == "-0001-11-29 23:50:39"


def test_the_zero_date_is_recognised() -> None:
    assert is_zero_date("0000-00-00 00:00:00")
    assert is_zero_date("0000-00-00")
    assert not is_zero_date("2024-01-01")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-13-01 00:00:00",
        "2024-01-32",
        "2024-01-01 25:00:00",
        "2024-01-01 10:60:00",
        "01/02/2024",
        "now",
        "2024-1-1",
    ],
)
def test_other_texts_are_no_dates_here(text: str) -> None:
    with pytest.raises(DateError):
        parse(text, "Europe/Paris")


def test_timestamps_are_printed_in_their_zone() -> None:
    assert local_text(1_729_989_000, "Europe/Paris") == "2024-10-27 02:30:00"
    assert local_text(1_729_992_600, "Europe/Paris") == "2024-10-27 02:30:00"
    assert local_text(1_729_989_000, "UTC") == "2024-10-27 00:30:00"
    assert local_text(253_402_300_800, "UTC") == "10000-01-01 00:00:00"


def test_formats_escape_letters_and_leave_unknown_ones() -> None:
    moment = PhpDateTime(0, "Europe/Paris", 1234)
    assert moment.format(r"\Y: y n j G v u e O") == "Y: 70 1 1 1 001 001234 Europe/Paris +0100"
    assert moment.format("Q%d \\") == "Q%01 \0"
    assert moment.format("D l S N w z W o L t B") == "Thu Thursday st 4 4 0 01 1970 0 31 041"
    assert moment.format("D, d M Y \\a\\t g:i A T (I) p") == "Thu, 01 Jan 1970 at 1:00 AM CET (0) +01:00"


def test_gmdate_calls_its_zone_gmt_and_utc() -> None:
    assert gmdate("T e P p", 0) == "GMT UTC +00:00 Z"
    assert date("T e P p", 0, "UTC") == "UTC UTC +00:00 Z"


def test_years_before_the_first_have_a_sign_wherever_php_puts_it() -> None:
    assert date("Y x X y o", -62_198_755_200, "UTC") == "-0001 -0001 -0001 -1 -2"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((0, 0, 0, 1, 1, 1970), -3600),
        ((12, 0, 0, 14, 1, 2023), 1_706_785_200),
        ((0, 0, 0, 1, 1, 69), 3_124_220_400),
        ((0, 0, 0, 1, 1, 70), -3600),
        ((0, 0, 0, 3, 0, 2024), 1_709_161_200),
        ((2, 30, 0, 10, 27, 2024), 1_729_992_600),
        ((0, 0, 0, 1, 1, 2**62), None),
    ],
)
def test_mktime_lets_fields_overflow(fields: tuple[int, ...], expected: int | None) -> None:
    assert mktime(*fields, zone="Europe/Paris") == expected


def test_mktime_takes_of_two_moments_the_one_that_is_like_now() -> None:
    assert mktime(2, 30, 0, 10, 27, 2024, zone="Europe/Paris", dst=True) == 1_729_989_000


def test_checkdate_knows_leap_years_and_the_years_that_there_are() -> None:
    assert checkdate(2, 29, 2024)
    assert not any(checkdate(*day) for day in ((2, 29, 2023), (13, 1, 2024), (0, 1, 2024), (1, 0, 2024), (1, 1, 0)))
    assert checkdate(12, 31, 32767)
    assert not checkdate(1, 1, 32768)


def test_a_date_in_json_is_three_fields() -> None:
    assert parse("2024-03-31 03:30:00.123456", "Europe/Paris").json() == {
        "date": "2024-03-31 03:30:00.123456",
        "timezone_type": 3,
        "timezone": "Europe/Paris",
    }
    assert PhpDateTime(0, "+02:00").json() == {
        "date": "1970-01-01 02:00:00.000000",
        "timezone_type": 1,
        "timezone": "+02:00",
    }


@pytest.mark.parametrize(
    ("kind", "zone", "expected"),
    [(3, "Europe/Paris", "2024-06-01 08:00:00"), (1, "-02:30", "2024-06-01 12:30:00"), (2, "Z", "2024-06-01 10:00:00")],
)
def test_a_serialised_date_is_restored(kind: int, zone: str, expected: str) -> None:
    properties: dict[int | str, object] = {
        "date": "2024-06-01 10:00:00.000000",
        "timezone_type": kind,
        "timezone": zone,
    }
    assert restore(properties).in_zone("UTC").format("Y-m-d H:i:s") == expected


@pytest.mark.parametrize(
    ("date", "kind", "zone"),
    [
        ("2024-06-01 10:00:00", 3, "Europe/Atlantis"),
        ("2024-06-01 10:00:00", 3, "../../etc/passwd"),
        ("2024-06-01 10:00:00", 3, "Europe"),
        ("2024-06-01 10:00:00", 3, "Europe/\0Paris"),
        ("2024-06-01 10:00:00", 3, "+02:00"),
        ("2024-06-01 10:00:00", 1, "Europe/Paris"),
        ("2024-06-01 10:00:00", 2, "CEST"),
        ("2024-06-01 10:00:00", 4, "UTC"),
        ("yesterday", 3, "UTC"),
        (None, 3, "UTC"),
    ],
)
def test_what_is_no_serialised_date_is_refused(date: object, kind: object, zone: object) -> None:
    with pytest.raises(DateError):
        restore({"date": date, "timezone_type": kind, "timezone": zone})
