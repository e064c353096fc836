import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError, EncodeError, Limits
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php.ordered_map import text_key
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference
from tests.fuzz.graph import isomorphic

ROOMY = Limits(max_depth=4096)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, b"N;"),
        (True, b"b:1;"),
        (-5, b"i:-5;"),
        (1.0, b"d:1;"),
        (-0.0, b"d:-0;"),
        (0.1, b"d:0.1;"),
        (1e25, b"d:1.0E+25;"),
        (-math.inf, b"d:-INF;"),
        (math.nan, b"d:NAN;"),
        ("€", b's:3:"\xe2\x82\xac";'),
        ("\udcff\0", b's:2:"\xff\0";'),
        (b"\xff", b's:1:"\xff";'),
        ([], b"a:0:{}"),
        ([1, [2]], b"a:2:{i:0;i:1;i:1;a:1:{i:0;i:2;}}"),
        ({"a": 1, 7: 2, "07": 3, "8": 4}, b'a:4:{s:1:"a";i:1;i:7;i:2;s:2:"07";i:3;i:8;i:4;}'),
        (PhpObject("A\\B", {"7": 1, 7: 2}), b'O:3:"A\\B":2:{s:1:"7";i:1;i:7;i:2;}'),
        (PhpEnum("Suit", "Hearts"), b'E:11:"Suit:Hearts";'),
        (PhpOpaque("Old", b"raw}data"), b'C:3:"Old":8:{raw}data}'),
    ],
)
def test_values_are_written_as_php_writes_them(value: Any, expected: bytes) -> None:
    assert php_serialize(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.1, b"d:0.10000000000000001;"), (1e25, b"d:1.0000000000000001E+25;"), (100.0, b"d:100;"), (math.inf, b"d:INF;")],
)
def test_floats_have_17_digits_where_php_is_set_so(value: float, expected: bytes) -> None:
    assert php_serialize(value, serialize_precision=17) == expected


def test_what_occurs_again_is_referred_to_by_phps_numbers() -> None:
    once, shared, hearts = PhpObject("A", {"x": 1}), PhpReference("s"), PhpEnum("Suit", "Hearts")
    value = [once, shared, "x", once, shared, hearts, PhpEnum("Suit", "Hearts"), PhpReference(once), once]
    assert php_serialize(value) == (
        b'a:9:{i:0;O:1:"A":1:{s:1:"x";i:1;}i:1;s:1:"s";i:2;s:1:"x";i:3;r:2;i:4;R:4;'
        b'i:5;E:11:"Suit:Hearts";i:6;r:7;i:7;R:2;i:8;r:2;}'
    )


@pytest.mark.parametrize(
    "text",
    [
        b'O:1:"B":4:{s:4:"\0B\0x";i:1;s:4:"\0A\0x";i:4;s:4:"\0*\0y";i:2;s:1:"z";i:3;}',
        b'O:8:"stdClass":2:{s:1:"a";R:1;s:1:"b";r:1;}',
        b"a:3:{i:0;i:1;i:1;i:2;i:2;a:3:{i:0;i:1;i:1;i:2;i:2;R:4;}}",
        b'a:6:{i:0;O:8:"stdClass":0:{}i:1;R:2;i:2;R:2;i:3;R:2;i:4;i:1;i:5;R:3;}',
        b'O:8:"stdClass":2:{s:1:"a";a:1:{i:0;R:2;}s:1:"b";r:1;}',
        b'a:3:{i:0;C:3:"Old":8:{raw}data}i:1;r:2;i:2;i:5;}',
        b'a:4:{i:0;N;i:1;N;i:2;s:6:"endcap";i:3;R:4;}',
    ],
)
def test_a_graph_that_was_kept_becomes_the_same_bytes(text: bytes) -> None:
    assert php_serialize(php_unserialize(text, references="keep")) == text


def test_visibility_is_part_of_what_is_read_and_written() -> None:
    text = b'O:1:"B":3:{s:4:"\0A\0x";i:4;s:4:"\0*\0y";i:2;s:1:"z";i:3;}'
    value = php_unserialize(text)
    assert isinstance(value, PhpObject)
    assert list(value.properties) == ["x", "y", "z"]
    assert [value.visibility(name) for name in value.properties] == ["private", "protected", "public"]
    assert [value.declared_in(name) for name in value.properties] == ["A", None, None]
    assert php_serialize(value) == text


@pytest.mark.parametrize(
    "value", [{1.5: 1}, 2**63, {2**63: 1}, object(), "\ud800", {True: 1}, PhpReference(PhpReference(1))]
)
def test_what_php_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(EncodeError):
        php_serialize([value])


def test_a_value_nested_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(EncodeError, match="4096"):
        php_serialize(endless)


def test_a_reference_behind_a_body_that_may_hold_values_is_refused() -> None:
    last = PhpObject("A", {})
    with pytest.raises(EncodeError, match="number"):
        php_serialize([PhpOpaque("Old", b"x"), last, last])


TEXTS = st.text(max_size=8) | st.binary(max_size=8).map(lambda data: data.decode("utf-8", "surrogateescape"))
NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}(\\[A-Z][a-z]{0,5})?", fullmatch=True)
KEYS = st.integers(-(2**63), 2**63 - 1) | TEXTS.map(text_key)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | TEXTS
    | st.builds(PhpEnum, NAMES, st.sampled_from(["A", "Hearts"]))
)


@st.composite
def graphs(draw: st.DrawFn) -> Any:
    """A value in which some objects and references occur again, within themselves, too."""
    made: list[Any] = []

    def value(depth: int) -> Any:
        kind = draw(st.integers(0, 9 if depth else 4))
        if kind < 4:
            return draw(SCALARS)
        if kind == 4:
            return draw(st.sampled_from(made)) if made else None
        if kind < 7:
            keys = draw(st.lists(KEYS, max_size=3, unique=True))
            items = {key: value(depth - 1) for key in keys}
            return list(items.values()) if list(items) == list(range(len(items))) else items
        if kind == 7:
            return [value(depth - 1) for _ in range(draw(st.integers(0, 3)))]
        if kind == 8:
            cell = PhpReference(None)
            made.append(cell)
            inner = value(depth - 1)
            cell.value = inner.value if isinstance(inner, PhpReference) else inner
            return cell if cell.value is not cell else None
        names = draw(st.lists(NAMES, max_size=3, unique=True))
        one = PhpObject(draw(NAMES), {}, {name: f"\0*\0{name}" for name in names[:1]})
        made.append(one)
        one.properties.update((name, value(depth - 1)) for name in names)
        return one

    return value(4)


def as_php(value: Any) -> Any:
    """Arrays as a decoder makes them: lists where their keys say so."""
    if isinstance(value, list):
        return [as_php(item) for item in value]
    if isinstance(value, dict):
        items = {key: as_php(item) for key, item in value.items()}
        return list(items.values()) if list(items) == list(range(len(items))) else items
    return value


@settings(max_examples=300, deadline=None)
@given(st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)))
def test_what_is_written_is_read_again(value: Any) -> None:
    written = php_serialize(value)
    assert isomorphic(php_unserialize(written, ROOMY), as_php(value))
    assert isomorphic(php_unserialize(written, ROOMY, references="keep"), as_php(value))


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_a_graph_that_is_written_is_read_again_as_the_same_graph(graph: Any) -> None:
    try:
        written = php_serialize(graph)
    except EncodeError:  # a reference that was put into itself
        return
    read = php_unserialize(written, ROOMY, references="keep")
    again = php_serialize(read)
    assert again == written
    assert isomorphic(php_unserialize(again, ROOMY, references="keep"), read)


@settings(max_examples=300, deadline=None)
@given(graphs())
def test_resolving_refuses_cycles_and_nothing_else(graph: Any) -> None:
    try:
        written = php_serialize(graph)
    except EncodeError:
        return
    try:
        php_unserialize(written, ROOMY)
    except DecodeError as error:
        if error.code != "cycle":
            raise
