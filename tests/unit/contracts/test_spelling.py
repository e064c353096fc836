"""What a spelling keeps of a text, and what it leaves out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.spelling import spelling

values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
containers = st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=3), values, max_size=3)
WRITINGS: tuple[dict[str, Any], ...] = (
    {},
    {"separators": (",", ":")},
    {"ensure_ascii": False},
    {"indent": 1},
    {"sort_keys": True},
)


def spelled(text: str, blank: tuple[str, ...] = (), unordered: tuple[str, ...] = (), deepest: int = 40) -> str:
    return spelling(
        text, "b", child=lambda path, key: f"{path}.{key}", blank=blank, unordered=unordered, deepest=deepest
    )


@given(containers, st.sampled_from(WRITINGS), containers, st.sampled_from(WRITINGS), st.integers(0, 5))
def test_two_texts_have_one_spelling_exactly_where_they_are_the_same(
    one: Any, writing: dict[str, Any], other: Any, another: dict[str, Any], deepest: int
) -> None:
    for text, beside in (
        (json.dumps(one, **writing), json.dumps(one, **another)),
        (json.dumps(one, **writing), json.dumps(other, **another)),
    ):
        assert (spelled(text, deepest=deepest) == spelled(beside, deepest=deepest)) == (text == beside)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"c":"x"}', '{"a":22,"c":"x"}'),
        ('{"a":"1","c":"x"}', '{"a":"{\\"y\\": 5}","c":"x"}'),
        ('{"l":[{"a":1},{"a":2}]}', '{"l":[{"a":3},{"a":"z"}]}'),
    ],
)
def test_a_blank_place_may_hold_any_value(one: str, other: str) -> None:
    blank = ("b.a", "b.l[].a")
    assert spelled(one, blank) == spelled(other, blank)
    assert spelled(one) != spelled(other)
    assert spelled(one, blank) != spelled(other.replace(":", ": ", 1), blank), "but not be written in another way"


def test_a_place_within_a_text_makes_the_text_a_value() -> None:
    one, other = json.dumps({"in": '{"a":1}', "c": 2}), json.dumps({"in": '{"a":9}', "c": 2})
    assert spelled(one, ("b.in.a",)) == spelled(other, ("b.in.a",)) != spelled(one)


def test_items_of_a_list_without_order_may_change_places_and_nothing_else() -> None:
    unordered = ("b.l",)
    assert spelled('{"l":[1, [2]]}', (), unordered) == spelled('{"l":[[2], 1]}', (), unordered)
    assert spelled('{"l":[1, [2]]}', (), unordered) != spelled('{"l":[[2],1]}', (), unordered)
    assert spelled('{"l":[1,[2,3]]}', (), unordered) != spelled('{"l":[1,[3,2]]}', (), unordered)
    assert spelled('{"k":[1,2]}', (), unordered) != spelled('{"k":[2,1]}', (), unordered)
