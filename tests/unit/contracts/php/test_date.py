import pytest

from contracts.php.calendar import UnknownZoneError
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
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.scope.date import functions


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
    assert parse("2024-03-31 02:30:00", "Europe/Paris").format("c", runtime=PHP_8_2) == "2024-03-31T03:30:00+02:00"


def test_the_zero_date_is_a_date_of_the_year_before_the_year_zero() -> None:
    zero = parse("0000-00-00 00:00:00", "Europe/Paris")
    assert zero.timestamp == -62169984561
    assert zero.format("Y-m-d H:i:s P", runtime=PHP_8_2) == "-0001-11-30 00:00:00 +00:09"
    assert zero.format("c", runtime=PHP_8_2) == "-001-11-30T00:00:00+00:09"
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
    assert moment.format(r"\Y: y n j G v u e O", runtime=PHP_8_2) == "Y: 70 1 1 1 001 001234 Europe/Paris +0100"
    assert moment.format("Q%d \\", runtime=PHP_8_2) == "Q%01 \0"
    assert moment.format("D l S N w z W o L t B", runtime=PHP_8_2) == "Thu Thursday st 4 4 0 01 1970 0 31 041"
    pattern = "D, d M Y \\a\\t g:i A T (I) p"
    assert moment.format(pattern, runtime=PHP_8_2) == "Thu, 01 Jan 1970 at 1:00 AM CET (0) +01:00"


def test_letters_that_are_not_there_yet_are_printed_as_they_are() -> None:
    assert date("p x X", 0, "UTC", runtime=PhpRuntime((8, 1))) == "Z x X"
    assert gmdate("p x X", 0, runtime=PhpRuntime((7, 4))) == "p x X"


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("europe/london", "europe/london BST +01:00"),
        ("utc", "utc UTC Z"),
        ("Etc/UTC", "Etc/UTC UTC Z"),
        ("Zulu", "Zulu UTC Z"),
        ("UCT", "UCT UTC Z"),
        ("gmt", "gmt GMT +00:00"),
        ("est", "est EST -05:00"),
    ],
)
def test_a_zone_is_known_in_any_case_and_printed_as_it_was_given(zone: str, expected: str) -> None:
    assert date("e T p", 86_400 * 200, zone, runtime=PHP_8_2) == expected


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("+02:00:30", "+02:00 GMT+0200 +02:00 7230"),
        ("-00:00", "+00:00 GMT+0000 Z 0"),
        ("-03:30", "-03:30 GMT-0330 -03:30 -12600"),
    ],
)
def test_an_offset_is_a_zone_with_a_name(zone: str, expected: str) -> None:
    assert PhpDateTime(0, zone).format("e T p Z", runtime=PHP_8_2) == expected


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../../etc/passwd", "CEST"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(UnknownZoneError, match="no such time zone"):
        local_text(0, zone)


def test_the_last_seconds_of_all_are_early_on_walls_in_the_east() -> None:
    assert date("Y-m-d H:i:s", 2**63 - 1, "Asia/Kolkata", runtime=PHP_8_2) == "-292277022657-01-27 13:59:51"
    assert date("Y-m-d H:i:s", -(2**63), "America/New_York", runtime=PHP_8_2) == "292277026596-12-04 10:34:06"


def test_the_current_time_comes_from_the_clock() -> None:
    by_name = functions(lambda: 1_729_989_000.9)
    paris = PhpRuntime(timezone="Europe/Paris")
    assert by_name["date"][1](paris, "Y-m-d H:i:s") == "2024-10-27 02:30:00"
    assert by_name["gmdate"][1](paris, "Y-m-d H:i:s", None) == "2024-10-27 00:30:00"
    assert by_name["mktime"][1](paris, 2, 30, 0) == 1_729_989_000


def test_gmdate_calls_its_zone_gmt_and_utc() -> None:
    assert gmdate("T e P p", 0, runtime=PHP_8_2) == "GMT UTC +00:00 Z"
    assert date("T e P p", 0, "UTC", runtime=PHP_8_2) == "UTC UTC +00:00 Z"


def test_years_before_the_first_have_a_sign_wherever_php_puts_it() -> None:
    assert date("Y x X y o", -62_198_755_200, "UTC", runtime=PHP_8_2) == "-0001 -0001 -0001 -1 -2"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((0, 0, 0, 1, 1, 1970), -3600),
        ((12, 0, 0, 14, 1, 2023), 1_706_785_200),
        ((0, 0, 0, 1, 1, 69), 3_124_220_400),
        ((0, 0, 0, 1, 1, 70), -3600),
        ((0, 0, 0, 3, 0, 2024), 1_709_161_200),
        ((2, 30, 0, 10, 27, 2024), 1_729_992_600),
        ((2**63 - 1, 2, 3, 4, 5, 2006), 1_144_184_523),
        ((0, 0, 0, 1, 1, 2**62), -62_167_281_969),
    ],
)
def test_mktime_lets_fields_overflow(fields: tuple[int, ...], expected: int) -> None:
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
    [
        (3, "Europe/Paris", "2024-06-01 08:00:00"),
        (1, "-02:30", "2024-06-01 12:30:00"),
        (2, "Z", "2024-06-01 10:00:00"),
        (2, "UTC", "2024-06-01 10:00:00"),
        (2, "CEST", "2024-06-01 08:00:00"),
        (2, "CET", "2024-06-01 09:00:00"),  # also in summer
        (2, "pst", "2024-06-01 18:00:00"),
    ],
)
def test_a_serialised_date_is_restored(kind: int, zone: str, expected: str) -> None:
    properties: dict[int | str, object] = {
        "date": "2024-06-01 10:00:00.000000",
        "timezone_type": kind,
        "timezone": zone,
    }
    assert restore(properties).in_zone("UTC").format("Y-m-d H:i:s", runtime=PHP_8_2) == expected


@pytest.mark.parametrize(
    ("date", "kind", "zone"),
    [
        ("2024-06-01 10:00:00", 3, "Europe/Atlantis"),
        ("2024-06-01 10:00:00", 3, "../../etc/passwd"),
        ("2024-06-01 10:00:00", 3, "Europe"),
        ("2024-06-01 10:00:00", 3, "Europe/\0Paris"),
        ("2024-06-01 10:00:00", 3, "+02:00"),
        ("2024-06-01 10:00:00", 1, "Europe/Paris"),
        ("2024-06-01 10:00:00", 2, "IST"),
        ("2024-06-01 10:00:00", 2, "+02:00"),
        ("2024-06-01 10:00:00", 4, "UTC"),
        ("yesterday", 3, "UTC"),
        (None, 3, "UTC"),
    ],
)
def test_what_is_no_serialised_date_is_refused(date: object, kind: object, zone: object) -> None:
    with pytest.raises(DateError):
        restore({"date": date, "timezone_type": kind, "timezone": zone})
