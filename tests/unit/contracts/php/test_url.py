import pytest

from contracts.php.error import UnknownRuleError
from contracts.php.runtime import PHP_8_2, PHP_8_4, PhpRuntime
from contracts.php.url import PHP_QUERY_RFC3986, http_build_query, rawurlencode, urlencode
from contracts.php.value import PhpObject


def test_urls_are_encoded_by_bytes() -> None:
    assert urlencode("a b~-_./é\udcff") == "a+b%7E-_.%2F%C3%A9%FF"
    assert rawurlencode("a b~-_./é\udcff") == "a%20b~-_.%2F%C3%A9%FF"


def test_a_query_leaves_out_what_is_null_or_empty() -> None:
    data = {"a": None, "b": True, "c": False, "d": [], "e": "", "f g": [1, [2.50, None]], 7: {"x": 1e20}}
    assert http_build_query(data, runtime=PHP_8_2) == "b=1&c=0&e=&f+g%5B0%5D=1&f+g%5B1%5D%5B0%5D=2.5&7%5Bx%5D=1.0E%2B20"


def test_a_prefix_is_for_outer_int_keys_only() -> None:
    assert http_build_query([1, [2]], "p&", ";", runtime=PHP_8_2) == "p&0=1;p&1%5B0%5D=2"


def test_a_query_by_rfc_3986_and_precision() -> None:
    assert http_build_query({"a b": "~ "}, encoding=PHP_QUERY_RFC3986, runtime=PHP_8_2) == "a%20b=~%20"
    assert http_build_query({"a": 0.1 + 0.2}, runtime=PhpRuntime(precision=17)) == "a=0.30000000000000004"


def test_of_an_object_the_public_properties_are_written() -> None:
    hidden = PhpObject("A", {"x": 1, "y": 2}, {"y": "\0*\0y"})
    assert http_build_query(hidden, runtime=PHP_8_2) == "x=1"
    assert http_build_query({"o": hidden}, runtime=PHP_8_2) == "o%5Bx%5D=1"


def test_a_separator_ends_at_a_nul_before_8_4() -> None:
    data = {"a": 1, "b": 2}
    assert http_build_query(data, "", ";\0x", runtime=PHP_8_2) == "a=1;b=2"
    assert http_build_query(data, "", "\0", runtime=PHP_8_2) == "a=1b=2"
    assert http_build_query(data, "", ";\0x", runtime=PHP_8_4) == "a=1;\0xb=2"
    with pytest.raises(UnknownRuleError):
        http_build_query(data, "", "\0", runtime=PhpRuntime((8, 3)))


def test_bytes_of_one_character_meet_in_a_query() -> None:
    assert http_build_query({0: 1, 3: 2}, "\udca9", "\udcc3", runtime=PHP_8_2) == "\udca90=1é3=2"


def test_a_query_may_be_nested_deeply_and_leaves_out_what_is_inside_of_itself() -> None:
    deep: object = 1
    for _ in range(3000):
        deep = [deep]
    assert http_build_query([deep], runtime=PHP_8_2) == f"0{'%5B0%5D' * 3000}=1"
    itself = PhpObject("stdClass", {"a": 1})
    itself.properties["b"] = itself
    assert http_build_query({"x": itself, "y": itself}, runtime=PHP_8_2) == "x%5Ba%5D=1&y%5Ba%5D=1"
