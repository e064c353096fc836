import json
import tracemalloc
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.json_body import decode_json, read_json


def test_a_notification_is_read_in_its_order() -> None:
    body = '{"webhook":"payin.create","object_payload":{"payins":[{"amount":"17.01","label":"é\\/"}]},"webhook":"x"}'
    decoded = decode_json(body.encode())
    assert list(decoded) == ["webhook", "object_payload"]
    assert decoded["webhook"] == "x"
    assert decoded["object_payload"] == {"payins": [{"amount": "17.01", "label": "é/"}]}


@pytest.mark.parametrize(
    ("body", "code", "position"),
    [
        (b"", "empty", None),
        (b"   ", "truncated", 3),
        (b'{"a":1', "truncated", 6),
        (b'{"a":"', "truncated", 6),
        (b"no json", "syntax", 0),
        (b'{"a":NaN}', "syntax", 5),
        (b'{"a":[1}', "syntax", 7),
        (b'{"a":"\xe9"}', "encoding", 6),
        (b'{"a":"\\ud800"}', "encoding", 6),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "too_deep", 320),
        (b"[]", "not_an_object", None),
        (b'"text"', "not_an_object", None),
    ],
)
def test_anything_else_is_refused_with_its_place(body: bytes, code: str, position: int | None) -> None:
    with pytest.raises(DecodeError) as caught:
        decode_json(body)
    assert (caught.value.code, caught.value.position) == (code, position)


def test_a_body_past_the_limit_is_refused() -> None:
    with pytest.raises(DecodeError, match="too_large"):
        decode_json(b'{"a":1}', Limits(max_bytes=6))


@pytest.mark.parametrize(("levels", "most"), [(64, 64), (511, 511), (511, 4096)])
def test_as_many_levels_are_read_as_the_limits_and_php_allow(levels: int, most: int) -> None:
    limits = Limits(max_depth=most)
    assert read_json(b"[" * levels + b"]" * levels, limits) != []
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(DecodeError, match="too_deep"):
            read_json(opening * (levels + 1) + b"1" + closing * (levels + 1), limits)


@pytest.mark.parametrize(
    ("body", "elements"),
    [
        (b"[]", 0),
        (b'{"a":1}', 1),
        (b"[1,2,3]", 3),
        (b'[{},[ ], { },"",[1]]', 6),
        (b'{"a":{"b":[1,2]},"c":"x"}', 5),
        (b'["a,b,[c,{d,","\\",",",[",1]', 4),
    ],
)
def test_elements_are_counted_but_not_the_commas_in_strings(body: bytes, elements: int) -> None:
    for most in range(elements):
        with pytest.raises(DecodeError) as caught:
            read_json(body, Limits(max_elements=most))
        assert caught.value.code == "too_many_elements"
    read_json(body, Limits(max_elements=elements))


def test_the_place_of_the_first_element_too_many_is_told() -> None:
    with pytest.raises(DecodeError) as caught:
        read_json(b'["a,b", [], 3]', Limits(max_elements=2))
    assert caught.value.position == 10


def elements_of(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return len(inner) + sum(map(elements_of, inner))


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(',[]{}"\\ a'),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(',[{"\\ab'), inner),
        max_leaves=30,
    ),
    st.sampled_from([None, 1]),
)
def test_the_count_of_elements_is_exact(value: Any, indent: int | None) -> None:
    body, elements = json.dumps(value, indent=indent).encode(), elements_of(value)
    read_json(body, Limits(max_elements=elements))
    if elements:
        with pytest.raises(DecodeError, match="too_many_elements"):
            read_json(body, Limits(max_elements=elements - 1))


@pytest.mark.parametrize(
    "unit", [b"{},", b"[],", b"1,", b'"",', b'{"":0},', b"[", b'{"":', b'"', b'\\"', b" ,", b"[ "], ids=repr
)
def test_a_bomb_is_refused_in_little_memory(unit: bytes) -> None:
    body = (b"[" + unit * (Limits().max_bytes // len(unit)))[: Limits().max_bytes]
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            read_json(body)
        assert tracemalloc.get_traced_memory()[1] < 5 * len(body)
    finally:
        tracemalloc.stop()


@settings(deadline=None)
@given(st.binary(max_size=100) | st.text('{}[]:,"\\u0123d8ab tfn-.eE', max_size=60).map(str.encode))
def test_whatever_comes_is_decoded_or_refused_and_nothing_else(body: bytes) -> None:
    with suppress(DecodeError):
        assert isinstance(decode_json(body), dict)
