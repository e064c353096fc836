import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.difference import Difference
from contracts.shown import ShownDifference
from contracts.tally import UNPLACED, Sighting
from ops.wording import (
    candidate_value,
    control_value,
    nines,
    percent,
    place,
    plural,
    portion,
    printable,
    seconds,
    sighting,
)


@given(st.text(st.characters(exclude_categories=())))
def test_no_text_keeps_a_character_that_steers(text: str) -> None:
    shown = printable(text)
    assert all(unicodedata.category(character)[0] not in "CZ" or character == " " for character in shown)
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoé 10 €", "Zoé 10 €"),
        ("\x1b[31mred", "\\u{1b}[31mred"),
        ("a\u202eb", "a\\u{202e}b"),
        ("half \udce9", "half \\u{dce9}"),
        ("two\nlines", "two\\u{a}lines"),
        ("1\u202f234\u00a0€\u2028", "1\\u{202f}234\\u{a0}€\\u{2028}"),
    ],
)
def test_what_has_no_glyph_becomes_its_escape(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100 %"),
        (0.99999, "99.99 %"),
        (0.0, "0.00 %"),
        (0.5, "50.00 %"),
        (None, "—"),
        (1, "100 %"),
        (0.57, "57.00 %"),
    ],
)
def test_a_hundred_percent_means_all(share: float | None, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.9999, "99.99 %"),
        (0.99999, "99.999 %"),
        (0.999912345, "99.9912 %"),
        (0.9994, "99.94 %"),
        (0.5, "50.00 %"),
        (0.0, "0.00 %"),
        (1.0, "100 %"),
        (0.99, "99.00 %"),
    ],
)
def test_a_share_near_one_keeps_its_nines(share: float, text: str) -> None:
    assert nines(share) == text


def test_what_is_there_has_a_share_however_small() -> None:
    assert [portion(share) for share in (None, 0.0, 0.00009, 0.0001, 1.0)] == [
        *("—", "0.00 %", "under 0.01 %", "0.01 %", "100 %")
    ]


def test_messages_are_counted_from_one() -> None:
    assert sighting(Sighting(411, "2026-11-21T10:00:00Z")) == "message 412 (2026-11-21T10:00:00Z)"
    assert sighting(Sighting(0)) == "message 1"
    assert sighting(Sighting(UNPLACED, "2026-11-21T10:00:00Z")) == "2026-11-21T10:00:00Z"


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [(None, "—"), (0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min 0 s"), (3599.7, "1 h 0 min"), (7260, "2 h 1 min")],
)
def test_durations_are_short(duration_s: float | None, text: str) -> None:
    assert seconds(duration_s) == text


def test_one_message_is_not_one_messages() -> None:
    assert (plural(1, "message"), plural(2000, "message")) == ("1 message", "2,000 messages")
    assert (plural(1, "branch", "branches"), plural(2, "branch", "branches")) == ("1 branch", "2 branches")


def test_a_value_that_looks_like_a_signature_is_taken_for_none() -> None:
    found = place('payin.create | row:payins.label | value | "a | a" -> "a | a | a"')
    assert (found.kind, found.shapes) == ("value", '"a | a" → "a | a | a"')


def test_a_signature_is_taken_apart_as_the_judge_has_put_it_together() -> None:
    signature = Difference("row:payins.fee", "type", "int", "float", 1, 2).signature("payin.create")
    found = place(signature)
    assert (found.type, found.path, found.kind, found.shapes) == (
        "payin.create",
        "row:payins.fee",
        "type",
        "int → float",
    )


@pytest.mark.parametrize("signature", ["", "a | b", "a | b | c", "a | b | c | d | e", "x\x1b"])
def test_a_signature_of_another_form_is_shown_as_it_is(signature: str) -> None:
    found = place(signature)
    assert printable(signature) in {found.kind, f"{found.type} | {found.kind}", signature}
    assert not found.path


def test_absent_null_and_text_are_told_apart() -> None:
    missing = ShownDifference("row:payins.fee", "missing", "null", "-", None, None)
    assert (control_value(missing), candidate_value(missing)) == ("null", "absent")
    extra = ShownDifference("row:payins.fee", "type", "true", '"a"', control=True, candidate="a\x07")
    assert (control_value(extra), candidate_value(extra)) == ("true", "a\\u{7}")
