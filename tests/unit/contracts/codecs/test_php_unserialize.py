import math
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_unserialize import php_unserialize
from contracts.codecs.php_usual import UNUSUAL, read_usual
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference
from tests.fuzz.graph import isomorphic, unshared
from tests.fuzz.mutant import inputs

ROOMY = Limits(max_depth=4096)


def refusal(data: bytes, limits: Limits = ROOMY) -> tuple[str, int | None]:
    with pytest.raises(DecodeError) as caught:
        php_unserialize(data, limits)
    return caught.value.code, caught.value.position


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"N;", None),
        (b"b:1;", True),
        (b"b:0;", False),
        (b"i:-5;", -5),
        (b"i:+5;", 5),
        (b"i:-9223372036854775808;", -(2**63)),
        (b"d:0.1;", 0.1),
        (b"d:1;", 1.0),
        (b"d:1.0E+25;", 1e25),
        (b"d:.5;", 0.5),
        (b"d:-INF;", -math.inf),
        (b's:5:"a";"b";', 'a";"b'),
        (b's:3:"\xe2\x82\xac";', "€"),
        (b's:2:"\xff\x00";', "\udcff\0"),
        (b'S:3:"\\41\\00b";', "A\0b"),
        (b"a:0:{}", []),
        (b"a:2:{i:0;i:1;i:1;i:2;}", [1, 2]),
        (b"a:2:{i:1;i:1;i:0;i:2;}", {1: 1, 0: 2}),
        (b'a:2:{s:1:"7";i:1;s:2:"07";i:2;}', {7: 1, "07": 2}),
        (b'a:2:{i:0;i:1;s:1:"0";i:2;}', [2]),
        (b'E:11:"Suit:Hearts";', PhpEnum("Suit", "Hearts")),
        (b'C:3:"Old":8:{raw}data}', PhpOpaque("Old", b"raw}data")),
        (b'O:8:"stdClass":1:{s:1:"7";i:1;}', PhpObject("stdClass", {"7": 1})),
        (b'O:5:"A\\B\\C":1:{i:0;i:1;}', PhpObject("A\\B\\C", {0: 1})),
        (b"i:1;whatever", 1),  # PHP 8.2 ignores what follows
    ],
)
def test_what_serialize_writes_is_read(data: bytes, expected: Any) -> None:
    value = php_unserialize(data)
    assert value == expected
    assert type(value) is type(expected)


def test_properties_lose_their_visibility_but_keep_their_value() -> None:
    data = b'O:1:"B":4:{s:4:"\0B\0x";i:1;s:4:"\0*\0y";i:2;s:1:"z";i:3;s:4:"\0A\0x";i:4;}'
    assert php_unserialize(data) == PhpObject("B", {"x": 1, "y": 2, "z": 3, "A::x": 4})


def test_a_parents_private_property_has_its_plain_name_if_that_is_free() -> None:
    assert php_unserialize(b'O:1:"B":1:{s:4:"\0A\0x";i:4;}') == PhpObject("B", {"x": 4})


def test_references_give_the_value_they_point_to() -> None:
    data = b'a:4:{i:0;O:1:"A":1:{s:1:"x";s:1:"v";}i:1;r:2;i:2;R:3;i:3;r:2;}'
    value = php_unserialize(data)
    assert isinstance(value, list)
    assert value[0] is value[1] is value[3]
    assert value[2] == "v"


def test_array_keys_and_value_references_take_no_number() -> None:
    # 1 the array, 2 "a", R: none, 3 the object, r: 4, 5 "b"
    data = b'a:5:{i:0;s:1:"a";i:1;R:2;i:2;O:1:"A":0:{}i:3;r:3;i:4;s:1:"b";}'
    assert php_unserialize(data) == ["a", "a", PhpObject("A", {}), PhpObject("A", {}), "b"]
    assert php_unserialize(data[:-1].replace(b"a:5", b"a:6") + b"i:5;R:5;}")[-1] == "b"  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a:3:{i:0;i:5;i:0;i:6;i:1;R:2;}", [6, 6]),
        (b"a:4:{i:0;i:5;i:1;R:2;i:0;i:6;i:2;R:2;}", [6, 5, 6]),
        (b"a:3:{i:0;a:1:{i:0;i:5;}i:0;i:6;i:1;R:3;}", [6, 5]),
        (b'a:3:{i:0;i:5;s:1:"0";i:6;i:1;R:2;}', [6, 6]),
        (b'O:1:"A":3:{i:7;i:5;s:1:"7";i:6;s:1:"x";R:2;}', PhpObject("A", {7: 6, "x": 6})),
    ],
)
def test_a_key_that_comes_twice_is_one_place(data: bytes, expected: Any) -> None:
    assert php_unserialize(data) == expected
    assert unshared(kept(data)) == expected


def test_references_kept_to_a_place_that_has_become_a_list_or_an_object_are_in_there() -> None:
    array, again = kept(b"a:2:{i:0;a:1:{i:0;i:5;}i:1;R:3;}")
    assert array[0] is again
    one, other = kept(b'a:2:{i:0;O:1:"B":1:{s:4:"\0B\0x";i:5;}i:1;R:3;}')
    assert one.properties["x"] is other


def test_references_add_no_depth_where_php_decides() -> None:
    data = b"a:2:{i:0;a:1:{i:0;i:1;}i:1;a:1:{i:0;R:2;}}"
    assert refusal(data, Limits(max_depth=2))[0] == "too_deep"
    assert php_unserialize(data, Limits(max_depth=2), as_php=True) == [[1], [[1]]]
    chain = b"".join(b"i:%d;a:1:{i:0;R:%d;}" % (at, at + 2 if at > 1 else 2) for at in range(1, 5000))
    with pytest.raises(DecodeError, match="too_large"):
        php_unserialize(b"a:5000:{i:0;a:1:{i:0;N;}" + chain + b"}", Limits(max_bytes=2**30), as_php=True)


def kept(data: bytes) -> Any:
    return php_unserialize(data, references="keep")


def test_references_are_kept_where_that_is_wanted() -> None:
    one, again, shared, inner = kept(b'a:4:{i:0;O:1:"A":1:{s:1:"x";s:1:"v";}i:1;r:2;i:2;R:3;i:3;a:1:{i:0;R:4;}}')
    assert one is inner[0].value
    assert isinstance(again, PhpReference)  # the place that the last one refers to, not the object's first one
    assert again is inner[0]
    assert one.properties["x"] is shared
    assert shared.value == "v"


def test_values_that_contain_themselves_are_kept_where_that_is_wanted() -> None:
    array = kept(b"a:2:{i:0;i:5;i:1;a:1:{i:0;R:3;}}")
    assert array[1].value[0] is array[1]
    one = kept(b'O:1:"A":2:{s:4:"\0A\0x";r:1;s:1:"y";R:1;}')
    assert one.properties["x"] is one.properties["y"].value is one
    assert one.visibility("x") == "private"


def test_what_has_no_references_is_the_same_either_way() -> None:
    data = b'a:2:{i:0;O:1:"A":1:{s:1:"x";N;}i:1;r:2;}'
    assert php_unserialize(data, references="keep") == php_unserialize(data)


def test_an_integer_past_64_bits_is_the_nearest_one_where_that_is_wanted() -> None:
    data = b"a:2:{i:0;i:9223372036854775808;i:1;i:-" + b"9" * 5000 + b";}"
    assert php_unserialize(data, as_php=True) == [2**63 - 1, -(2**63)]
    assert php_unserialize(b"i:" + b"0" * 5000 + b"7;") == 7


@pytest.mark.parametrize(
    "data",
    [
        b's:5:"a"b"c";',
        b's:4:"a"bc";',
        b'a:2:{s:2:"""";i:1;i:0;s:3:"";"";}',
        b'a:1:{s:1:"\xff";s:2:"\xc3\xa9";}',
        b'O:1:"A":1:{s:1:"x";E:6:"Suit:A";}',
        b'a:2:{i:0;E:6:"Suit:A";i:1;r:2;}',
        b'a:4:{i:0;s:1:""";i:1;s:3:"a"b";i:2;s:5:"";i:2";s:1:"k";s:1:""";}',
        b'O:1:"A":2:{s:1:""";s:3:"x"y";s:1:"z";a:1:{i:0;s:2:""}";}}',
        b"a:00:{}",
        b"i:7;",
    ],
)
def test_the_short_way_leads_to_the_same_value(data: bytes) -> None:
    assert read_usual(data.decode("latin-1"), ROOMY) == php_unserialize(data + b" ")  # what follows is ignored


@settings(max_examples=1000, deadline=None)
@given(inputs)
def test_the_short_way_leads_to_the_same_value_or_nowhere(data: bytes) -> None:
    limits = Limits(max_depth=5, max_elements=50)
    value = read_usual(data.decode("latin-1"), limits)
    if value is not UNUSUAL and data:
        assert isomorphic(value, php_unserialize(data + b" ", limits))
        assert read_usual(data.decode("latin-1") + " ", limits) is UNUSUAL


@pytest.mark.parametrize(
    ("data", "code", "position"),
    [
        (b"", "empty", None),
        (b"x", "truncated", 0),
        (b"hello world", "syntax", 0),
        (b"i:5", "truncated", 0),
        (b"i:;", "syntax", 0),
        (b"b:2;", "syntax", 0),
        (b"d:0x1;", "syntax", 0),
        (b"i:9223372036854775808;", "number", 0),
        (b"i:" + b"9" * 10_000 + b";", "number", 0),
        (b's:5:"abc";', "truncated", 5),
        (b's:2:"abc";', "syntax", 7),
        (b's:-1:"";', "syntax", 0),
        (b's:+1:"a";', "syntax", 0),
        (b'S:1:"\\4g";', "syntax", 5),
        (b"a:2:{i:0;i:1;}", "syntax", 13),
        (b"a:1:{i:0;i:1;", "truncated", 13),
        (b"a:1:{d:1;i:1;}", "syntax", 5),
        (b"a:-1:{}", "syntax", 0),
        (b"a:1:{i:0;}", "syntax", 9),
        (b'O:0:"":0:{}', "name", 0),
        (b'O:2:"A;":0:{}', "name", 0),
        (b'O:2:"\\A":0:{}', "name", 0),
        (b'O:1:"A":1:{s:2:"\0x";i:1;}', "name", 0),
        (b'O:1:"A"', "truncated", 7),
        (b'O:1:"A":x', "syntax", 7),
        (b'E:4:"Suit";', "name", 0),
        (b'C:3:"Old":3:{raw', "truncated", 13),
        (b"R:1;", "reference", 0),
        (b"a:1:{i:0;r:9;}", "reference", 9),
        (b"a:2:{i:0;i:7;i:1;r:2;}", "reference", 17),  # r: is for objects only
        (b"a:1:{i:0;R:1;}", "cycle", 9),
        (b'O:1:"A":1:{s:1:"x";r:1;}', "cycle", 19),
        (b'a:2:{i:0;C:1:"A":4:{i:1;}i:1;R:3;}', "reference", 29),  # behind a body whose values nobody can number
        (b"a:2:{i:0;i:5;i:0;R:2;}", "reference", 17),  # one place: it would refer to itself
    ],
)
def test_everything_else_is_refused_with_its_place(data: bytes, code: str, position: int | None) -> None:
    assert refusal(data) == (code, position)


def test_an_object_of_any_depth_and_name_is_only_a_record() -> None:
    value = php_unserialize(b'O:8:"stdClass":1:{s:10:"__destruct";O:10:"SplObject0":0:{}}')
    assert value == PhpObject("stdClass", {"__destruct": PhpObject("SplObject0", {})})


def test_neither_errors_nor_reprs_show_what_was_in_the_body() -> None:
    body = b'O:1:"A":1:{s:4:"iban";s:4:"FR76";}'
    assert "FR76" not in repr(php_unserialize(body))
    with pytest.raises(DecodeError) as caught:
        php_unserialize(body[:-1])
    assert str(caught.value) == "truncated at byte 33"
    assert caught.value.__context__ is None


@pytest.mark.parametrize("levels", [64, 65])
def test_depth_is_limited_as_configured(levels: int) -> None:
    data = b"a:1:{i:0;" * levels + b"a:0:{}" + b"}" * levels  # as in PHP, an empty array is no level
    assert read_usual(data.decode(), Limits()) is UNUSUAL or levels == 64
    if levels == 64:
        php_unserialize(data)
    else:
        assert refusal(data, Limits())[0] == "too_deep"


def test_the_deepest_depth_needs_no_recursion() -> None:
    value: Any = php_unserialize(b'O:1:"A":1:{s:1:"x";' * 4095 + b"a:0:{}" + b"}" * 4095, ROOMY)
    for _ in range(4095):
        value = value.properties["x"]
    assert value == []


def test_depth_counts_what_references_stand_for() -> None:
    deep = b"a:1:{i:0;" * 40 + b"N;" + b"}" * 40
    outer = b"a:1:{i:0;" * 30
    assert refusal(b"a:2:{i:0;" + deep + b"i:1;" + outer + b"R:2;" + b"}" * 31, Limits())[0] == "too_deep"


def test_elements_are_limited_altogether() -> None:
    array = b"a:3:{i:0;N;i:1;N;i:2;N;}"
    assert refusal(b"a:2:{i:0;" + array + b"i:1;" + array + b"}", Limits(max_elements=7))[0] == "too_many_elements"
    php_unserialize(b"a:2:{i:0;" + array + b"i:1;" + array + b"}", Limits(max_elements=8))


def test_a_body_past_the_limit_is_not_even_looked_at() -> None:
    assert refusal(b"i:1;", Limits(max_bytes=3)) == ("too_large", None)


def test_limits_beyond_phps_own_depth_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="4096"):
        Limits(max_depth=4097)


def laughs(levels: int) -> bytes:
    """Each level is an array of ten references to the level before: 10 ** levels values, written out in full."""
    data, number = b"i:0;a:1:{i:0;i:7;}", 2
    count = 1
    following = number + 2
    for level in range(1, levels + 1):
        references = b"".join(b"i:%d;R:%d;" % (key, number) for key in range(10))
        data += b"i:%d;a:10:{%s}" % (level, references)
        number, following = following, following + 1
        count += 1
    return b"a:%d:{%s}" % (count, data)


BOMBS = {
    "references upon references": laughs(9),
    "a string of a claimed exabyte": b's:1152921504606846976:"x";',
    "an array of claimed billions": b"a:4294967295:{i:0;N;}",
    "an object of claimed billions": b'O:1:"A":4294967295:{s:1:"x";N;}',
    "a class name of a claimed exabyte": b'O:1152921504606846976:"A":0:{}',
    "arrays within arrays": b"a:1:{i:0;" * 400_000,
    "objects within objects": b'O:1:"A":1:{i:0;' * 250_000,
    "many empty arrays": b"a:600000:{" + b"".join(b"i:%d;a:0:{}" % key for key in range(250_000)),
    "a number without an end": b"i:" + b"1" * 3_000_000,
    "a float without an end": b"d:" + b"1" * 3_000_000,
    "an exponent without an end": b"d:1e" + b"1" * 3_000_000 + b";",
    "one string, referred to again and again": b'a:9001:{i:0;s:1000000:"%s";%s}'
    % (b"x" * 1_000_000, b"".join(b"i:%d;R:2;" % key for key in range(1, 9001))),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_quickly_and_in_little_memory(bomb: str) -> None:
    data = BOMBS[bomb]
    tracemalloc.start()
    started = time.process_time()
    try:
        if bomb.startswith("an exponent"):
            assert php_unserialize(data) == math.inf
        else:
            refusal(data, Limits())
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 5
    assert peak_bytes < 12 * len(data) + 1_000_000


SEEDS = (
    b'a:4:{i:0;O:1:"A":1:{s:1:"x";s:1:"v";}i:1;r:2;i:2;R:3;i:3;E:6:"Suit:A";}',
    b'O:1:"B":3:{s:4:"\0B\0x";d:0.5;s:4:"\0*\0y";a:1:{s:1:"k";N;}s:1:"z";b:1;}',
    b'C:3:"Old":8:{raw}data}',
    b'S:3:"\\41\\00b";',
    laughs(2),
)


@st.composite
def mutants(draw: st.DrawFn) -> bytes:
    """A valid text with pieces of it cut out, repeated, exchanged or overwritten."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 12)))
        piece = draw(
            st.binary(max_size=4)
            | st.sampled_from([b"R:1;", b"r:1;", b"r:2;", b"N;", b"}", b"{", b'"', b":", b"9", b"-", b"a:2:{", data])
        )
        data = data[:start] + piece + data[end:]
    return data


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200) | mutants() | st.text('aOCEsSidbrRN:;{}"0123456789\\', max_size=80).map(str.encode))
def test_whatever_comes_is_decoded_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        php_unserialize(data, Limits(max_bytes=10_000, max_elements=1000))
    except DecodeError as error:
        position = error.position or 0
    else:
        position = 0
    assert 0 <= position <= len(data)
