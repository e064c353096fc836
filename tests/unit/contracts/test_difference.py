import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.difference import compare_effects, extra_effect, missing_effect
from contracts.shape import shape
from tests.fakes.message import IBAN, NAME
from tests.fakes.outcome import message, row


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (8513424, "int"),
        (Decimal("12.50"), "float"),
        ({"name": NAME}, "object"),
        ([NAME], "list"),
        ("", '""'),
        ("12.50", '"9.9"'),
        ("1 234,50", '"9 9,9"'),
        ("-0.5", '"-9.9"'),
        (NAME, '"a"'),
        ("Conan O'BRIEN", '"a"'),
        (IBAN, '"a9"'),
        ("2024-12-14 22:16:48", '"9-9-9 9:9:9"'),
        ("c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54", '"uuid"'),
        ("7E40NlQJOoBzsuF0WH4eyFYdYxH3QSJo2HhckH5imAY=", '"base64(32)"'),
        ("a,b,c,d,e,f,g,h,i,j,k,l,m,n", '"a,a,a,a,a,a,a,a,a,a,a,a,..."'),
    ],
)
def test_a_shape_says_what_a_value_looks_like(value: Any, expected: str) -> None:
    assert shape(value) == expected


@given(st.text())
@example("हिन्दी नाम")
@example("Zoé Dupont")
@example("🎂 ½ ²③")
@example("\ud800")
def test_a_shape_never_holds_a_letter_or_a_run_of_digits_of_the_value(text: str) -> None:
    marks = shape(text).removeprefix('"').removesuffix('"').removesuffix("...")
    if marks in ("uuid", "base64(32)"):
        return
    assert re.fullmatch(r"[\x00-\x7f]*", marks)
    assert all(re.fullmatch(r"a?(?:9a)*9?", run) for run in re.findall(r"[A-Za-z0-9]+", marks))
    assert len(marks) <= 24


@given(st.from_regex(r"[A-ZÀ-Ý][a-zà-ý]{2,9}( [A-ZÀ-Ý][a-zà-ý]{2,9}){0,2}", fullmatch=True))
def test_all_names_have_one_shape(name: str) -> None:
    assert shape(name) == '"a"'


def test_a_signature_holds_no_value() -> None:
    (difference,) = compare_effects(row(debtor_name=NAME, iban=IBAN), row(debtor_name="Jean 2", iban=IBAN))
    assert difference.signature("payin.create") == 'payin.create | row:payins.debtor_name | value | "a" -> "a 9"'


def test_the_hundredth_item_of_a_list_is_the_same_place_as_the_first() -> None:
    control = row(items=[{"n": 1} for _ in range(100)])
    candidate = row(items=[{"n": 1} for _ in range(99)] + [{"n": 2}])
    (difference,) = compare_effects(control, candidate)
    assert difference.path == "row:payins.items[].n"


def test_a_key_that_is_no_name_is_data_and_stays_out_of_the_path() -> None:
    (one,) = compare_effects(row(tags={NAME: 1}), row(tags={NAME: 2}))
    (other,) = compare_effects(row(tags={"8513424": 1}), row(tags={"8513424": 2}))
    assert one.path == other.path == "row:payins.tags.*"


@pytest.mark.parametrize(
    "key", ["FR7612345000019876543210987", "tok_4242424242424242", "a9f01c7e-22b1-4c1d-9d3e-1f2a3b4c5d6e"]
)
def test_an_account_a_token_and_an_id_are_no_names_for_all_that_they_begin_as_one(key: str) -> None:
    (one,) = compare_effects(row(balances={key: 1}), row(balances={key: 2}))
    assert one.path == "row:payins.balances.*"
    (other,) = compare_effects(row(sha256={"column_0001": 1}), row(sha256={"column_0001": 2}))
    assert other.path == "row:payins.sha256.column_0001"


def test_a_field_that_one_side_lacks_has_the_shape_of_nothing() -> None:
    (missing,) = compare_effects(row(a="x"), row())
    assert (missing.kind, missing.control_shape, missing.candidate_shape) == ("missing", '"a"', "-")
    assert (missing.control, missing.candidate) == ("x", None)
    (extra,) = compare_effects(row(), row(a=None))
    assert (extra.kind, extra.control_shape, extra.candidate_shape) == ("extra", "-", "null")


def test_a_whole_effect_is_told_by_its_place_only() -> None:
    effect = row(key="8513424", debtor_name=NAME)
    assert missing_effect(effect).signature("t") == "t | row:payins | missing effect | effect -> -"
    assert extra_effect(effect).signature("t") == "t | row:payins | extra effect | - -> effect"


def test_texts_within_texts_are_json_only_where_both_are() -> None:
    (difference,) = compare_effects(message('{"a":"{\\"b\\":1}"}'), message('{"a":"{\\"b\\":2}"}'))
    assert difference.path == "message:accounting/payin.booked.body.a.b"
    (difference,) = compare_effects(message('{"a":1}'), message("a=1"))
    assert (difference.path, difference.kind) == ("message:accounting/payin.booked.body", "value")
