from typing import Any

import pytest

from contracts.codecs.error import DecodeError
from contracts.php.error import PhpError
from contracts.php.functions import call
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.value import PhpObject


def test_values_are_written_with_the_precision_of_the_runtime() -> None:
    assert call(PHP_8_2, "serialize", [[0.1, "é"]]) == 'a:2:{i:0;d:0.1;i:1;s:2:"é";}'
    assert call(PhpRuntime(serialize_precision=17), "serialize", [0.1]) == "d:0.10000000000000001;"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (['a:2:{s:2:"10";i:1;s:2:"01";i:2;}'], {10: 1, "01": 2}),
        (["a:3:{i:2;i:1;i:0;R:2;i:1;i:1;}"], {2: 1, 0: 1, 1: 1}),
        (["i:9223372036854775808;"], 2**63 - 1),
        ([""], False),
        (["", {"max_depth": -1}], False),  # the text is looked at first
        (["a:2:{i:0;a:0:{}i:1;R:2;}", {"max_depth": 1}], [[], []]),
        (["a:2:{i:0;i:5;i:0;R:2;}"], False),
        (["a:3:{i:0;i:5;i:0;i:6;i:1;R:2;}"], [6, 6]),
        (["a:2:{i:0;R:1;i:0;R:9;}"], False),  # a cycle, but then something wrong
        (["rya"], False),
        (["i:823"], False),
        (["a:1:{i:0;r:1;}"], False),
        (["b:0;"], False),
        (["a:1:{i:0;a:1:{i:0;i:5;}}", {"max_depth": 1}], False),
        (['a:1:{i:0;O:8:"stdClass":0:{}}', {"max_depth": 1}], False),
        (["a:1:{i:0;a:0:{}}", {"max_depth": 0}], [[]]),
        ([12], False),
        (
            ['O:8:"stdClass":1:{s:1:"x";i:1;}', {"allowed_classes": False}],
            PhpObject("__PHP_Incomplete_Class", {"__PHP_Incomplete_Class_Name": "stdClass", "x": 1}),
        ),
        (['O:8:"stdClass":0:{}', {"allowed_classes": ["STDCLASS"]}], PhpObject("stdClass", {})),
    ],
)
def test_texts_are_read_as_php_reads_them(arguments: list[Any], expected: Any) -> None:
    value = call(PHP_8_2, "unserialize", arguments)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("options", "php_class"),
    [
        ({"max_depth": "x"}, "TypeError"),
        ({"max_depth": None}, "TypeError"),
        ({"max_depth": -1}, "ValueError"),
        ({"allowed_classes": None}, "TypeError"),
        ({"allowed_classes": "x"}, "TypeError"),
    ],
)
def test_wrong_options_throw(options: dict[str, Any], php_class: str) -> None:
    with pytest.raises(PhpError) as caught:
        call(PHP_8_2, "unserialize", ["N;", options])
    assert caught.value.php_class == php_class


def test_a_value_that_contains_itself_is_not_called_unreadable() -> None:
    with pytest.raises(DecodeError, match="cycle"):
        call(PHP_8_2, "unserialize", ["a:1:{i:0;R:1;}"])


def test_what_is_deeper_than_we_read_is_not_called_unreadable() -> None:
    deep = "a:1:{i:0;" * 5000 + "N;" + "}" * 5000
    assert call(PHP_8_2, "unserialize", [deep]) is False
    for depth in (0, 6000):
        with pytest.raises(DecodeError, match="too_deep"):
            call(PHP_8_2, "unserialize", [deep, {"max_depth": depth}])


def test_an_object_of_another_class_stays_one_object_at_any_depth() -> None:
    text = "a:1:{i:0;" * 3000 + 'a:2:{i:0;O:1:"A":0:{}i:1;r:3002;}' + "}" * 3000
    value = call(PHP_8_2, "unserialize", [text, {"allowed_classes": False}])
    for _ in range(3000):
        value = value[0]
    assert value[0] is value[1]
    assert value[0].class_name == "__PHP_Incomplete_Class"
