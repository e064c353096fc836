import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts import trap
from contracts.difference import compare_effects, missing_effect
from contracts.trap import Trap, recognise
from tests.fakes.outcome import message, row

ROOT = Path(__file__).parents[3]


def slug(heading: str) -> str:
    """The anchor that a heading has on the usual forges."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_every_trap_names_a_heading_of_the_guide() -> None:
    guide = (ROOT / trap.GUIDE).read_text("utf-8")
    anchors = {slug(line.lstrip("# ")) for line in guide.splitlines() if line.startswith("#")}
    assert {one.anchor for one in trap.ALL} <= anchors
    assert all(one.link == f"docs/porting.md#{one.anchor}" for one in trap.ALL)


@pytest.mark.parametrize(
    ("control", "candidate", "expected"),
    [
        ("10.00", "10.0", trap.NOTATION),
        (Decimal("8.99"), Decimal("8.98"), trap.ROUNDING),
        ("8.99", "8.98", trap.ROUNDING),
        (899, 898, trap.ROUNDING),
        ("1999", "1998.9999999999998", trap.NOTATION),
        (Decimal("1998.0"), 1998, trap.NOTATION),
        ("1 234,50", "1,234.50", trap.GROUPING),
        ("5", 5, trap.NUMBER_TEXT),
        (None, "", trap.FALSY),
        ("", None, trap.FALSY),
        ("", "0", trap.FALSY),
        (0, False, trap.TRUTH_NUMBER),
        (1, True, trap.TRUTH_NUMBER),
        (False, 0, trap.TRUTH_NUMBER),
        (2, True, None),
        ("Zoé", "Zoe\u0301", trap.NORMAL_FORM),
        ("Zoe\u0301", "Zoé", trap.NORMAL_FORM),
        ("Zoé", "Zoe", None),
        ([], {}, trap.JSON_EMPTY),
        ("12345678901234567890", "12345678901234567000", trap.LONG_INTEGER),
        ("Zoé", "ZoÃ©", trap.LATIN1),
        ("Zoé ", "Zoé", trap.TRIM),
        ("ÉMILE", "éMILE", trap.CASE),
        ("Müller & Co", "Müller &amp; Co", trap.HTML),
        ("a b", "a+b", trap.URL),
        ("Müller Söhne", "Müller S", trap.CUT_TEXT),
        ({"base64": "w6k="}, "é", trap.CUT_TEXT),
        ("2024-10-27 01:30:00", "2024-10-27 02:30:00", trap.LOCAL_TIME),
        ("2024-10-27 01:30:00", "2024-10-28 01:30:00", trap.DATE_CHANGE),
        ("2024-10-27 01:30:00", "2024-10-27 01:30:07", None),
        ("left", "right", None),
        (Decimal("1.5"), Decimal("7.5"), None),
    ],
)
def test_a_difference_is_told_by_what_both_values_have_in_common(
    control: Any, candidate: Any, expected: Trap | None
) -> None:
    (difference,) = compare_effects(row(x=control), row(x=candidate))
    assert recognise(difference) is expected


def test_a_signature_and_an_encoding_are_told_by_their_place_and_kind() -> None:
    (signed,) = compare_effects(row(signature="a"), row(signature="b"))
    (encoded,) = compare_effects(message('{"a":"\\/"}'), message('{"a":"/"}'))
    (ordered,) = compare_effects(row(x=[1, 2]), row(x=[2, 1]))
    assert [recognise(one) for one in (signed, encoded, ordered)] == [trap.SIGNATURE, trap.JSON_TEXT, trap.ORDER]
    assert recognise(missing_effect(row())) is None
