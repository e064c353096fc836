import pytest

from contracts.php.error import PhpError, PhpTypeError
from contracts.php.ordered_map import OrderedMap, normal_key
from contracts.php.runtime import PHP_8_2, PHP_8_4


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("7", 7),
        ("-7", -7),
        ("07", "07"),
        ("-0", "-0"),
        ("7.0", "7.0"),
        (" 7", " 7"),
        ("\u0667", "\u0667"),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", "9223372036854775808"),
        ("-9223372036854775808", -(2**63)),
        (True, 1),
        (False, 0),
        (None, ""),
        (1.7, 1),
        (-1.7, -1),
        ("\udcc3\udca9", "é"),
    ],
)
def test_keys_of_php(given: object, key: int | str) -> None:
    found = normal_key(given)
    assert (found, type(found)) == (key, type(key))


def test_an_array_is_no_key() -> None:
    with pytest.raises(PhpTypeError):
        normal_key([])


def test_an_index_is_never_given_again() -> None:
    array = OrderedMap(["a", "b"], runtime=PHP_8_2)
    del array["1"]
    array.append("c")
    array[True] = "d"
    assert array.value() == {0: "a", 2: "c", 1: "d"}
    assert array["2"] == "c"


def test_what_follows_a_negative_index_changed_in_8_3() -> None:
    for runtime, following in ((PHP_8_2, 0), (PHP_8_4, -4)):
        array = OrderedMap({-5: "a"}, runtime=runtime)
        array.append("b")
        assert array.value() == {-5: "a", following: "b"}


def test_keys_in_order_make_a_list() -> None:
    array = OrderedMap(runtime=PHP_8_2)
    array.append("a")
    array["1"] = "b"
    assert array.value() == ["a", "b"]


def test_nothing_follows_the_last_index() -> None:
    with pytest.raises(PhpError, match="already occupied"):
        OrderedMap({2**63 - 1: "a"}, runtime=PHP_8_2).append("b")
