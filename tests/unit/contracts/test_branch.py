import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, PlainValidator, ValidationError, ValidationInfo

from contracts.branch import branches, exercised
from contracts.codecs.php_unserialize import PhpEnum
from contracts.effect import Attempt, Effect, Ending
from contracts.message_type import BodyField, EffectContract, MessageType, Origin
from contracts.model.message import EmptyList, FilledText, First, Integer, LocalTime, Model, Numeric, Scalar, Text
from contracts.php.value import PhpObject
from contracts.registry import FAMILIES, type_named
from tests.fakes.message import PLANTED, balance, card_transaction, payin, payout

PAYIN = "object_payload.payins[]"
BODIES = {
    "payin.create": payin(),
    "payin.update": payin(type_name="payin.update"),
    "payout.update": payout(),
    "cardtransaction.create": card_transaction(),
    "balance.update": balance(),
}


VALUES = (
    *(..., None, "", "a", "é", "1", "-1", "0", 1, -1, 0, 2, 3, 1.5, -1.5, 0.0, True, False, [], [1], {}, {"a": 1}),
    *("PENDING", "VALIDATED", "CANCELED", *"IAMCSV"),
    *(PhpEnum("App\\Message\\PayoutStatus", case) for case in ("Pending", "Validated", "Canceled")),
)
"""Something of every kind that a field may hold; `...` for a field that is not there."""

FULL = {"balance.update": balance(authorizations="0", authorizedBalance="0", calculationDate="2026-11-21 10:00:00")}
"""Of a type whose usual message lacks some fields: one that has them all."""


def attempt(ending: Ending = "done", effects: Sequence[str] = ()) -> Attempt:
    made = tuple(Effect(kind, name, "1", {}) for kind, _, name in (path.partition(":") for path in effects))  # type: ignore[arg-type]
    return Attempt("w1", "payin.create", 1, ending, None, datetime(2026, 11, 21, tzinfo=UTC), made)


def taken(type_name: str, body: bytes) -> set[str]:
    message_type = type_named(type_name)
    names = exercised(message_type, message_type.decode(body), attempt())
    assert names <= branches(message_type)
    return set(names)


def payin_field(name: str, **fields: Any) -> set[str]:
    """What a payin took in one of its fields."""
    place = f"{PAYIN}.{name}"
    return {one.removeprefix(place) for one in taken("payin.create", payin(**fields)) if one.startswith(place)}


def type_of(model: type[BaseModel]) -> MessageType:
    return MessageType("t", Origin("e", "t", "q"), json.loads, model, BodyField("id"), BodyField("id"), (), frozenset())


@cache
def sample(annotation: Any, default: Any = ...) -> type[Model]:
    """A model of one field."""
    return type("Sample", (Model,), {"__annotations__": {"field": annotation}, "field": Field(default=default)})


def cases(annotation: Any, *, default: Any = ...) -> set[str]:
    """The branches of a field of that type."""
    known = branches(type_of(sample(annotation, default)))
    return {name.removeprefix("field") for name in known if not name.startswith("ending ")}


def case(annotation: Any, value: Any, *, default: Any = ...) -> set[str]:
    """What a value takes in a field of that type."""
    message_type = type_of(sample(annotation, default))
    names = exercised(message_type, {"field": value}, attempt("retried"))
    assert names <= branches(message_type)
    return {name.removeprefix("field") for name in names}


def test_the_branches_of_an_optional_field_are_what_it_may_be() -> None:
    place = f"{PAYIN}.payinDate"
    expected = {"absent", "null", "present", "empty", "ASCII", "other than ASCII"}
    known = branches(type_named("payin.create"))
    assert {name for name in known if name.startswith(place)} == {f"{place}: {case}" for case in expected}


def test_the_branches_of_a_type_are_those_of_fields_within_lists_effects_and_endings() -> None:
    assert {
        f"{PAYIN}.payinStatus=CANCELED",
        f"{PAYIN}.amount: negative",
        f"{PAYIN}.ibanFullname: other than ASCII",
        "webhook_id: absent",
        "effect row:payins",
        "no effect row:payins",
        "effect message:accounting/payin.booked",
        "ending done",
        "ending rejected",
        "ending duplicate",
    } <= branches(type_named("payin.create"))


def test_what_a_contract_refuses_is_no_branch() -> None:
    known = branches(type_named("payin.create"))
    assert not {f"{PAYIN}.amount: absent", f"{PAYIN}.walletId: null", "object_id: empty"} & known
    assert not {"object_payload.payins: empty", "ending retried"} & known
    assert not any("raw" in name.split(".") for name in known)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (bool, {": true", ": false"}),
        (Literal["A", 1], {"=A", "=1"}),
        (int, {": negative", ": zero", ": positive"}),
        (Annotated[int, Field(ge=0)], {": zero", ": positive"}),
        (Annotated[float, Field(gt=1000)], {": positive"}),
        (str, {": empty", ": ASCII", ": other than ASCII"}),
        (Annotated[str, Field(min_length=1)], {": ASCII", ": other than ASCII"}),
        (str | None, {": present", ": null", ": empty", ": ASCII", ": other than ASCII"}),
        (list[Any], {": empty", ": list"}),
        (Annotated[list[bool], Field(min_length=1)], {"[]: true", "[]: false"}),
        (dict[str, int], {": empty", ": map"}),
        (Any, set()),
        (Any | None, {": present", ": null", ": empty", ": ASCII", ": other than ASCII"}),
        (Decimal | None, {": present", ": null"}),
        (Annotated[str, PlainValidator(str)] | None, {": present", ": null"}),
        (First[bool], {"[]: true", "[]: false"}),
        (First[Any], {": list"}),
        (EmptyList, {": empty"}),
        (EmptyList | bool | None, {": present", ": null", ": empty", ": true", ": false"}),
        (LocalTime, {": present", ": null", ": ASCII", ": other than ASCII"}),
    ],
)
def test_each_kind_of_field_has_its_cases(annotation: Any, expected: set[str]) -> None:
    assert cases(annotation) == expected


def test_of_an_optional_field_that_may_be_anything_null_texts_and_presence_are_told() -> None:
    assert cases(Any, default=None) == {": absent", ": null", ": present", ": empty", ": ASCII", ": other than ASCII"}
    assert cases(Annotated[Any, BeforeValidator(_told)], default=None) == {
        *(": absent", ": present", ": empty", ": ASCII", ": other than ASCII")
    }


def _told(value: Any) -> Any:
    if value is None:
        raise ValueError("nothing")
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {": null"}),
        ("", {": present", ": empty"}),
        ("a", {": present", ": ASCII"}),
        ("Zoé", {": present", ": other than ASCII"}),
        *((other, {": present"}) for other in (0, -1, 1.5, False, [], ["a", None], {}, {"a": ""}, PhpEnum("E", "A"))),
    ],
)
def test_what_is_no_text_in_a_field_that_may_be_anything_is_just_present(value: Any, expected: set[str]) -> None:
    assert case(Any, value, default=None) == expected
    assert case(list[Any], [value]) == {": list"}
    assert case(Any, value) == set()


def test_a_field_with_a_default_may_be_absent_without_being_null() -> None:
    assert cases(bool, default=False) == {": absent", ": present", ": true", ": false"}


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (Numeric, "-0.01", {": negative"}),
        (Numeric, " 12.50", {": positive"}),
        (Numeric, "0.00", {": zero"}),
        (Numeric, -0.0, {": zero"}),
        (Numeric, 3, {": positive"}),
        (Numeric, float("nan"), set()),
        (Numeric, "12,50", set()),
        (Numeric, True, set()),
        (Numeric, [1], set()),
        (Integer, "-7", {": negative"}),
        (Integer, 0.5, {": zero"}),
        (float, 1, {": positive"}),
        (int, 1.0, set()),
        (Text, 12, {": ASCII"}),
        (Text, False, {": empty"}),
        (Text, "Zoé", {": other than ASCII"}),
        (str, 12, set()),
        (Scalar, "20", {": ASCII"}),
        (Scalar, 20, {": positive"}),
        (Scalar, True, {": true"}),
        (Literal[1, 2], True, set()),
        (Literal["A"], ["A"], set()),
        (list[bool], [True, False, True], {"[]: true", "[]: false"}),
        (list[bool], [], {": empty"}),
        (list[Any] | dict[str, Any], {"a": 1}, {": map"}),
        (Any | None, 7, {": present"}),
        (Any | None, None, {": null"}),
        (Decimal | None, Decimal(7), {": present"}),
        (str, None, set()),
        (First[bool], [True, False], {"[]: true"}),
        (First[bool], {0: False, "total": True}, {"[]: false"}),
        (First[bool], {1: False}, set()),
        (First[bool], [], set()),
        (First[Any], [None, 1], {": list"}),
        (EmptyList, [], {": empty"}),
        (EmptyList, [1], set()),
        (EmptyList | Scalar | None, "20", {": present", ": ASCII"}),
        (EmptyList | Scalar | None, [], {": present", ": empty"}),
        (LocalTime, "2026-11-21 10:00:00", {": present", ": ASCII"}),
        (LocalTime, 7, {": present", ": ASCII"}),
        (LocalTime, ["2026-11-21"], set()),
    ],
)
def test_a_value_takes_the_branch_of_its_case_and_none_where_the_model_refuses_it(
    annotation: Any, value: Any, expected: set[str]
) -> None:
    assert case(annotation, value) == expected


@given(
    st.sampled_from(
        [
            *(Numeric, Integer, Text, FilledText, Scalar, bool, int, float, str, Literal["A", "1"], str | None),
            *(LocalTime, EmptyList, EmptyList | Scalar | None),
        ]
    ),
    st.one_of(
        *(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.text(max_size=3)),
        *(st.sampled_from(["A", "1", "-0", " 1.5", ".5e3 ", "1_0", "nan", "0x1"]), st.just([]), st.just({})),
    ),
)
def test_a_value_that_the_model_takes_has_one_case_and_any_other_has_none(annotation: Any, value: Any) -> None:
    try:
        sample(annotation).model_validate({"field": value})
    except ValidationError:
        assert case(annotation, value) == set()
    else:
        assert len(case(annotation, value) - {": present"}) == 1


@pytest.mark.parametrize("nothing", [None, "", "0", 0, 0.0, False, []])
def test_what_the_model_casts_to_null_is_null(nothing: Any) -> None:
    assert case(LocalTime, nothing) == {": null"}


def test_absent_null_and_present_are_told_apart() -> None:
    assert payin_field("payinDate", payinDate=...) == {": absent"}
    assert payin_field("payinDate", payinDate=None) == {": null"}
    assert payin_field("payinDate") == {": present", ": ASCII"}
    assert payin_field("payinDate", payinDate="") == {": present", ": empty"}


def test_a_model_s_own_casts_are_applied_before_a_value_is_looked_at() -> None:
    upper = Annotated[Literal["A"], BeforeValidator(str.upper), BeforeValidator(lambda value: value[:1])]
    assert case(Annotated[Literal["A"], BeforeValidator(lambda value: value.upper())], "a") == {"=A"}
    assert case(upper, "ab") == {"=A"}
    assert {"status=CANCELED", "createdDate.timezone_type=3", "tags: empty", "label: present"} <= taken(
        "payout.update", payout()
    )
    payout_type = type_named("payout.update")
    form = dict(payout_type.decode(payout())) | {"status": PhpEnum("App\\Message\\Another", "Canceled")}
    assert not any(name.startswith("status") for name in exercised(payout_type, form, attempt()))


def test_of_a_cast_that_asks_for_more_than_the_value_only_the_presence_is_known() -> None:
    def cast(value: Any, info: ValidationInfo) -> Any:
        return value if info.data else None

    assert cases(Annotated[str, BeforeValidator(cast)] | None) == {": present", ": null"}
    assert case(Annotated[str, BeforeValidator(cast)] | None, "a") == {": present"}


def test_validators_behind_the_type_leave_no_room_for_what_they_refuse() -> None:
    def filled(value: str) -> str:
        assert value
        return value

    assert cases(Annotated[str, AfterValidator(filled)]) == {": ASCII", ": other than ASCII"}


class Node(Model):
    value: bool
    children: list["Node"] = Field(default_factory=list)


def test_a_model_within_itself_ends_where_it_begins_again() -> None:
    known = branches(type_of(Node))
    assert {"value: true", "children: absent", "children: empty", "children: list"} <= known
    form = {"value": True, "children": [{"value": False, "children": []}]}
    assert exercised(type_of(Node), form, attempt("retried")) == {"value: true", "children: present", "children: list"}


def test_every_item_of_a_list_takes_its_branches() -> None:
    class Leg(Model):
        amount: Numeric

    legs = [{"amount": 1}, {"amount": "-1.00"}]
    assert case(list[Leg], legs) == {"[].amount: positive", "[].amount: negative"}


def test_where_only_the_first_item_counts_the_others_take_none() -> None:
    document = json.loads(payin())
    (one,) = document["object_payload"]["payins"]
    document["object_payload"]["payins"] += [one | {"payinStatus": "CANCELED", "amount": -1}, None, "Zoé"]
    assert taken("payin.create", json.dumps(document).encode()) == taken("payin.create", payin())


@pytest.mark.parametrize("payload", [None, [], 7, {"payins": None}, {"payins": [None, 7, []]}])
def test_a_body_of_another_shape_takes_what_is_there(payload: Any) -> None:
    document = json.loads(payin()) | {"object_payload": payload}
    names = taken("payin.create", json.dumps(document).encode())
    assert "object_id: ASCII" in names
    assert not any(PAYIN in name for name in names)


def test_effects_are_taken_by_being_produced_or_by_lacking_in_a_message_that_is_done() -> None:
    message_type = type_named("payin.create")
    form = message_type.decode(payin())
    made = exercised(message_type, form, attempt("done", ["row:payins", "row:unheard_of"]))
    assert {name for name in made if "effect" in name} == {
        "effect row:payins",
        "no effect row:journal",
        "no effect message:accounting/payin.booked",
        "no effect webhook:payin.booked",
    }
    rejected = exercised(message_type, form, attempt("rejected", ["row:payins"]))
    assert {name for name in rejected if "effect" in name} == {"effect row:payins"}


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("done", {"ending done"}),
        ("rejected", {"ending rejected"}),
        ("duplicate", {"ending duplicate"}),
        ("retried", set()),
    ],
)
def test_an_unreadable_message_takes_its_ending_only(ending: Ending, expected: set[str]) -> None:
    assert exercised(type_named("payin.create"), None, attempt(ending, ["row:payins"])) == expected


@pytest.mark.parametrize("message_type", [one for family in FAMILIES for one in family.types], ids=lambda one: one.name)
def test_a_usual_message_takes_one_branch_of_each_field_and_names_no_value(message_type: MessageType) -> None:
    names = taken(message_type.name, BODIES[message_type.name])
    places: dict[str, set[str]] = {}
    for name in branches(message_type):
        if "effect " not in name and not name.startswith("ending "):
            places.setdefault(name.partition(": ")[0].partition("=")[0], set()).add(name)
    for place, possible in places.items():
        assert len([name for name in possible & names if not name.endswith(": present")]) == 1, place
    assert not any(planted in name for planted in PLANTED for name in names)


@pytest.mark.parametrize("message_type", [one for family in FAMILIES for one in family.types], ids=lambda one: one.name)
def test_every_branch_of_a_field_is_taken_by_some_message_that_the_model_takes(message_type: MessageType) -> None:
    known = {one for one in branches(message_type) if "effect " not in one and not one.startswith("ending ")}
    exercisable: set[str] = set()
    for form in forms(message_type.decode(FULL.get(message_type.name, BODIES[message_type.name]))):
        with suppress(ValidationError):
            message_type.model.model_validate(form)
            exercisable |= exercised(message_type, form, attempt("retried"))
    assert exercisable == known


def forms(value: Any, *, field: bool = False) -> Iterator[Any]:
    """The decoded body with one of its fields, at any depth, replaced by a value of another kind."""
    if field:
        yield from VALUES
    if isinstance(value, PhpObject):
        yield from (PhpObject(value.class_name, one) for one in forms(value.properties))
    elif isinstance(value, Mapping):
        for name, item in value.items():
            for one in forms(item, field=True):
                yield {key: one if key == name else other for key, other in value.items() if key != name or one != ...}
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from ([*value[:position], one, *value[position + 1 :]] for one in forms(item))


def test_two_contracts_of_one_name_have_their_own_branches() -> None:
    other = MessageType(
        "payin.create", Origin("e", "t", "q"), json.loads, Node, BodyField("id"), BodyField("id"),
        (EffectContract("row:nodes", frozenset()),), frozenset(),
    )  # fmt: skip
    assert "effect row:nodes" in branches(other)
    assert "effect row:payins" not in branches(other)
