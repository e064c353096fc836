import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.php import json_reader, json_writer
from contracts.php.error import PhpValueError, UnknownValueError
from contracts.php.functions import call
from contracts.php.json import JsonError, JsonOptions, json_decode, json_encode
from contracts.php.number import INT_MAX, INT_MIN
from contracts.php.runtime import PHP_8_2
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, std_class


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('Café / \\ "', '"Caf\\u00e9 \\/ \\\\ \\""'),
        ("\b\f\n\r\t\0\x1f\x7f", '"\\b\\f\\n\\r\\t\\u0000\\u001f\x7f"'),
        ("a/\x7f/b", '"a\\/\x7f\\/b"'),
        ("😀\u2028", '"\\ud83d\\ude00\\u2028"'),
        (b"caf\xc3\xa9", '"caf\\u00e9"'),
        ("\udcc3\udca9", '"\\u00e9"'),  # two halves, put together again
        ([10.0, 0.1, 1e-7, 1e25, -0.0], "[10,0.1,1.0e-7,1.0e+25,-0]"),
        ([None, True, False, -7], "[null,true,false,-7]"),
        ({}, "[]"),
        ([], "[]"),
        (std_class(), "{}"),
        ({0: "a", 1: "b"}, '["a","b"]'),
        ({"0": "a", "1": "b"}, '["a","b"]'),
        ({1: "a", 0: "b"}, '{"1":"a","0":"b"}'),
        ({1: "a"}, '{"1":"a"}'),
        ({"a": [], "b": {"c": ()}}, '{"a":[],"b":{"c":[]}}'),
        (std_class({"0": "a"}), '{"0":"a"}'),
    ],
)
def test_values_are_written_as_php_writes_them(value: Any, expected: str) -> None:
    assert json_encode(value) == expected


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ("é/\u2028", {"unescaped_unicode": True}, '"é\\/\\u2028"'),
        ("é/", {"unescaped_slashes": True}, '"\\u00e9/"'),
        ("\\/", {"unescaped_slashes": True}, '"\\\\/"'),
        ("\u2028", {"unescaped_unicode": True, "unescaped_line_terminators": True}, '"\u2028"'),
        ([10.0, 1.5], {"preserve_zero_fraction": True}, "[10.0,1.5]"),
        ([1], {"force_object": True}, '{"0":1}'),
        ({}, {"force_object": True}, "{}"),
        (["007", "1.50", "x"], {"numeric_check": True}, '[7,1.5,"x"]'),
        (
            "<&'\"\\",
            {"hex_tag": True, "hex_amp": True, "hex_apos": True, "hex_quot": True},
            '"\\u003C\\u0026\\u0027\\u0022\\\\"',
        ),
        (
            {"a": [1, {}], "b": []},
            {"pretty_print": True},
            '{\n    "a": [\n        1,\n        []\n    ],\n    "b": []\n}',
        ),
    ],
)
def test_options_work_as_phps_flags(value: Any, options: JsonOptions, expected: str) -> None:
    assert json_encode(value, **options) == expected


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("\udcc3", "utf8"),
        ({"\udcc3": 1}, "utf8"),
        (b"\xff", "utf8"),
        (chr(0xD800), "utf8"),
        (math.inf, "inf_or_nan"),
        ([math.nan], "inf_or_nan"),
        (2**63, "unsupported_type"),
        (Decimal("1.1"), "unsupported_type"),
    ],
)
def test_what_php_cannot_write_is_an_error(value: Any, code: str) -> None:
    with pytest.raises(JsonError) as caught:
        json_encode(value)
    assert caught.value.code == code


def test_what_a_class_decides_is_not_guessed() -> None:
    for value in (PhpEnum("App\\Suit", "Hearts"), PhpOpaque("Old", b"")):
        with pytest.raises(UnknownValueError):
            json_encode([value])


def test_only_public_properties_are_written() -> None:
    written: dict[int | str, str] = {"b": "\0*\0b", "c": "\0App\\Foo\0c"}
    assert json_encode(PhpObject("App\\Foo", {"a": 1, "b": 2, "c": 3}, written)) == '{"a":1}'


@pytest.mark.parametrize(
    ("value", "options", "expected"),
    [
        ({"\udcff": "\udcfe", 1: math.nan, 2: -math.inf}, {}, '{"":null,"1":0,"2":0}'),
        ([Decimal(1)], {}, "[null]"),
        (["1e1000", "1.0"], {"numeric_check": True}, '["1e1000",1]'),
        ("a\udce2\udc82b\udcff", {"invalid_utf8_ignore": True}, '"ab"'),
        ("a\udce2\udc82b\udcff", {"invalid_utf8_substitute": True}, '"a\\ufffdb\\ufffd"'),  # one for two bytes
        ("\udced\udca0\udc80", {"invalid_utf8_substitute": True}, '"\\ufffd"'),
        ("\udcff", {"invalid_utf8_substitute": True, "unescaped_unicode": True}, '"\ufffd"'),
    ],
)
def test_what_cannot_be_written_may_be_replaced(value: Any, options: JsonOptions, expected: str) -> None:
    assert json_encode(value, partial_output_on_error=True, **options) == expected  # type: ignore[misc]


def test_one_key_written_in_two_ways_is_one_element() -> None:
    assert json_encode({0: 1, "0": 2}) == "[2]"


def test_partial_output_ends_where_an_array_holds_itself() -> None:
    array: list[Any] = [1]
    array.append(array)
    assert json_encode(array, partial_output_on_error=True) == "[1,null]"


def test_an_array_that_holds_itself_twice_is_an_error_and_no_explosion() -> None:
    array: list[Any] = []
    array += [array, array]
    with pytest.raises(JsonError, match="recursion"):
        json_encode(array)


def test_floats_have_the_digits_of_the_setting() -> None:
    assert json_encode([0.1, 19.99 * 100, 10.0, 1e25], serialize_precision=17) == (
        "[0.10000000000000001,1998.9999999999998,10,1.0000000000000001e+25]"
    )


@pytest.mark.parametrize(
    "value",
    [
        [10.0, "10.0,", "x.0}"],  # the end of a number, in a text
        [0.0, -0.0, 1e15, 1e16, 1e17, 1e-4, 1e-5, 123456.5],
        ["\\u007f", "\x7f", "\\ud83d", "😀"],
        [{"0": 1}, {}, {"a": {}}, {1: {0: 1}}],
        {"a": std_class({"b": 10.0, "c": std_class()}), "d": (1, 2)},
        [INT_MAX, INT_MIN, True, None, "é/\u2028"],
    ],
)
@pytest.mark.parametrize("options", [{}, {"unescaped_unicode": True}, {"preserve_zero_fraction": True}])
def test_the_fast_way_and_the_careful_one_agree(value: Any, options: JsonOptions) -> None:
    assert json_encode(value, **options) == json_writer.write(value, 512, -1, options)


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels - 1):
        value = [value]
    return value


def test_512_levels_are_written_and_513_are_not() -> None:
    assert json_encode(nested(512)) == "[" * 512 + "]" * 512
    with pytest.raises(JsonError, match="depth"):
        json_encode(nested(513))


def test_a_value_that_holds_itself_is_an_error_and_no_endless_loop() -> None:
    array: list[Any] = []
    array.append(array)
    for depth in (1, 512, 2**31 - 1):
        with pytest.raises(JsonError, match="recursion"):
            json_encode(array, depth=depth)


@pytest.mark.parametrize(
    ("value", "item"),
    [
        ([1] * 150_000, "1"),
        (["a/é"] * 150_000, '"a\\/\\u00e9"'),
        ([2.0, 0.5] * 75_000, "2,0.5"),
        ([[]] * 60_000, "[]"),
        ([["x"], {"k": None}] * 30_000, '["x"],{"k":null}'),
        ([std_class({"k": [True]})] * 60_000, '{"k":[true]}'),
    ],
)
def test_nothing_of_a_long_array_is_lost(value: list[Any], item: str) -> None:
    times = len(value) // (2 if value[0] != value[1] else 1)
    expected = "[" + ",".join([item] * times) + "]"
    assert json_encode(value) == expected
    assert json_encode(std_class({"a": value})) == f'{{"a":{expected}}}'


def test_nothing_of_a_long_object_is_lost() -> None:
    value = {f"k{number}": number for number in range(1, 150_001)}
    inner = ",".join(f'"{key}":{number}' for key, number in value.items())
    assert json_encode(value) == f"{{{inner}}}"
    assert json_encode([value, value]) == f"[{{{inner}}},{{{inner}}}]"
    assert json_encode(std_class(value), unescaped_unicode=True) == f"{{{inner}}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-0", 0),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", 9223372036854775808.0),
        ("1" * 5000, math.inf),
        ("1E400", math.inf),
        ('{"a":1,"b":2,"a":3}', {"a": 3, "b": 2}),
        ('{"0":"x","07":1,"-5":2}', {0: "x", "07": 1, -5: 2}),
        ('{"\\u0030":1}', [1]),
        ('{"\\u0031":1}', {1: 1}),
        ("{}", []),
        (' [1 , "\\ud83d\\ude00\\/"]\n', [1, "😀/"]),
        ('"\x7f\\u0000"', "\x7f\0"),
    ],
)
def test_texts_are_read_as_php_reads_them(text: str, expected: Any) -> None:
    value = json_decode(text)
    assert value == expected
    assert type(value) is type(expected)
    assert list(value) == list(expected) if isinstance(value, dict) else True


def test_objects_are_read_as_objects_if_asked() -> None:
    value = json_decode('{"0":{"a":1,"b":{},"a":[]}}', associative=False)
    assert value == std_class({"0": std_class({"a": [], "b": std_class()})})
    with pytest.raises(JsonError) as caught:
        json_decode('{"\\u0000a":1}', associative=False)
    assert caught.value.code == "invalid_property_name"
    assert json_decode('{"\\u0000a":1}') == {"\0a": 1}


def test_long_integers_stay_texts_if_asked() -> None:
    text = '[12345678901234567890,-12345678901234567890,1e30,7,{"12345678901234567890":1}]'
    assert json_decode(text, bigint_as_string=True) == [
        "12345678901234567890",
        "-12345678901234567890",
        1e30,
        7,
        {"12345678901234567890": 1},
    ]


def test_invalid_bytes_in_strings_are_dropped_or_replaced_if_asked() -> None:
    text = b'["a\xe2\x82b","\xff\\u00e9"]'
    assert json_decode(text, invalid_utf8_ignore=True) == ["ab", "é"]
    assert json_decode(text, invalid_utf8_substitute=True) == ["a\ufffd\ufffdb", "\ufffdé"]  # one for each byte
    with pytest.raises(JsonError, match="utf8"):
        json_decode(b"\xff", invalid_utf8_substitute=True)


def test_a_repeated_key_hides_no_depth() -> None:
    with pytest.raises(JsonError, match="depth"):
        json_decode('{"a":{"b":1},"a":1}', depth=2)


@pytest.mark.parametrize("depth", [0, -1, 2**31, 2**32])
def test_a_depth_out_of_range_is_a_value_error(depth: int) -> None:
    with pytest.raises(PhpValueError, match=r"Argument #3 \(\$depth\) must be"):
        json_decode("1", depth=depth)


def test_the_greatest_depth_is_31_bits() -> None:
    assert json_decode("[1]", depth=2**31 - 1) == [1]
    with pytest.raises(JsonError, match="syntax"):
        json_decode("", depth=0)  # an empty text is looked at first


@pytest.mark.parametrize("depth", [0, -1, 2**31, 2**32, 2**32 - 1])
def test_no_depth_is_left_in_the_lowest_32_bits(depth: int) -> None:
    assert json_encode(1, depth=depth) == "1"
    for value in ([1], [], std_class()):
        with pytest.raises(JsonError, match="depth"):
            json_encode(value, depth=depth)


def test_a_depth_past_32_bits_is_cut() -> None:
    assert json_encode([1], depth=2**32 + 1) == json_encode([1], depth=1 - 2**32) == "[1]"


@pytest.mark.parametrize("levels", [511, 3000, 10_000])
def test_any_number_of_levels_is_read_and_written(levels: int) -> None:
    for text, associative in (("[" * levels + "]" * levels, True), ('{"a":' * levels + "1" + "}" * levels, False)):
        value = json_decode(text, depth=levels + 1, associative=associative)
        assert json_encode(value, depth=levels) == text
        with pytest.raises(JsonError, match="depth"):
            json_encode(value, depth=levels - 1)


def test_errors_are_what_php_throws_if_told_to() -> None:
    assert JsonError("syntax", 0).php_class == "JsonException"
    assert call(PHP_8_2, "json_decode", ["["]) is None
    assert call(PHP_8_2, "json_encode", [math.nan]) is False
    for name, argument in (("json_decode", "["), ("json_encode", math.nan)):
        with pytest.raises(JsonError):
            call(PHP_8_2, name, [argument, *([None, 512] if name == "json_decode" else []), 1 << 22])


def test_an_object_with_list_keys_comes_back_as_a_list() -> None:
    assert json_encode(json_decode('{"0":"x","1":{}}')) == '["x",[]]'


@pytest.mark.parametrize(
    ("text", "code", "position"),
    [
        (b"", "syntax", 0),
        (b"NaN", "syntax", 0),
        (b"TRUE", "syntax", 0),
        (b"[1,]", "syntax", 3),
        (b"01", "syntax", 1),
        (b'{"a":1', "syntax", 6),
        (b"[1}", "state_mismatch", 2),
        (b'["\xc3\xa9\x01"]', "control_character", 4),
        (b'"abc', "control_character", 4),
        (b'["\xff"]', "utf8", 2),
        (b'["\\ud800"]', "utf16", 2),
        (b'["\\\\ud83d\\ude00"]', "utf16", 9),  # no pair: the first one is a backslash and some letters
        (b'["\\x"]', "syntax", 2),
        (b"\xef\xbb\xbf[]", "syntax", 0),
        (b"[" * 512 + b"]" * 512, "depth", 511),
        (b"[" * 100_000, "depth", 511),
        (b"[]]", "syntax", 2),
    ],
)
def test_what_php_refuses_is_refused_with_its_place(text: bytes, code: str, position: int) -> None:
    with pytest.raises(JsonError) as caught:
        json_decode(text)
    assert (caught.value.code, caught.value.position) == (code, position)


def test_511_levels_are_read() -> None:
    assert json_decode("[" * 511 + "]" * 511) == nested(511)


def test_an_error_holds_nothing_of_the_text() -> None:
    with pytest.raises(JsonError) as caught:
        json_decode('{"iban":"FR7630006000011234567890189"')
    assert "FR76" not in repr(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers().map(str), inner),
    max_leaves=20,
)


ESCAPES = ["\\", "\\ud83d", "\\ude00", "\\u0037"]
PIECES = [*ESCAPES, "\\\\", "\\u", "d83d", "7", "-", '"', '":', ",", "x", "é", "\x7f", "\x01", "1" * 19]
QUOTED = (
    st.lists(st.sampled_from(ESCAPES), min_size=2, max_size=4) | st.lists(st.sampled_from(PIECES), max_size=12)
).map(lambda pieces: '{"' + "".join(pieces) + '":1}')


@settings(deadline=None, max_examples=1000)
@given(
    st.builds(json.dumps, VALUES, ensure_ascii=st.booleans())
    | st.text('[]{}:,"\\u0123d8f -.eE\n')
    | QUOTED
    | QUOTED.map(lambda text: f"[{text[1:-3]}]")
)
def test_the_fast_way_and_phps_own_grammar_agree(text: str) -> None:
    def outcome(read: Any) -> tuple[Any, Any]:
        try:
            return repr(read()), None
        except JsonError as error:
            return None, (error.code, error.position)

    data = text.encode("utf-8", "surrogatepass")
    assert outcome(lambda: json_decode(data)) == outcome(json_reader._Reader(data, 512).read)


@settings(deadline=None)
@given(VALUES)
def test_a_text_that_was_read_and_written_twice_stays_as_it_is(value: Any) -> None:
    text = json.dumps(value)
    for _ in range(2):  # -0.0 becomes -0 becomes 0; {} becomes []
        text = json_encode(json_decode(text))
    assert json_encode(json_decode(text)) == text
