import pytest

from contracts.php.error import PhpError, PhpTypeError, PhpValueError
from contracts.php.piece import explode, implode, str_replace
from contracts.php.value import PhpObject


def test_implode_writes_scalars_as_text() -> None:
    assert implode(",", [True, False, None, 1.0, 1e14, [1], "x"]) == "1,,,1,1.0E+14,Array,x"
    assert implode({"b": 1, "a": 0.1 + 0.2}, precision=17) == "10.30000000000000004"
    assert implode("", ["\udcc3", "\udca9"]) == "é"


@pytest.mark.parametrize("arguments", [(",",), (["a"], ["b"])])
def test_implode_wants_a_text_and_an_array(arguments: tuple[str, list[str]]) -> None:
    with pytest.raises(PhpTypeError):
        implode(*arguments)


def test_an_object_is_no_text() -> None:
    with pytest.raises(PhpError, match="Object of class A could not be converted to string"):
        implode(",", [PhpObject("A", {})])


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, ["a", "b", "", "c"]),
        (2, ["a", "b,,c"]),
        (1, ["a,b,,c"]),
        (0, ["a,b,,c"]),
        (-1, ["a", "b", ""]),
        (-4, []),
        (-9, []),
    ],
)
def test_explode_limits_pieces(limit: int | None, expected: list[str]) -> None:
    assert explode(",", "a,b,,c", limit) == expected


def test_explode_of_nothing_is_one_empty_piece() -> None:
    assert explode(",", "") == [""]
    assert explode(",", "", -1) == []
    assert explode("\udca9", "é!") == ["\udcc3", "!"]
    with pytest.raises(PhpValueError):
        explode("", "a")


def test_later_replacements_find_what_earlier_ones_put_in() -> None:
    assert str_replace(["a", "b"], ["b", "c"], "ab") == "cc"
    assert str_replace(["a", "", "c"], ["1", "2"], "abc") == "1b"
    assert str_replace(["a", "b"], "x", "abc") == "xxc"


def test_bytes_are_replaced_inside_of_characters() -> None:
    assert str_replace("\udca9", "\udca8", "é") == "è"


def test_an_array_is_replaced_value_by_value() -> None:
    assert str_replace("1", "2", {"k": 11, "l": [1], "m": None}) == {"k": "22", "l": "Array", "m": ""}
    with pytest.raises(PhpTypeError):
        str_replace("a", ["b"], "a")


def test_a_replacement_becomes_text_when_its_turn_comes() -> None:
    thing = PhpObject("stdClass", {})
    assert str_replace([], [thing], "x") == "x"
    assert str_replace(["a"], ["b", thing], "xa") == "xb"
    assert str_replace(["a", "b"], ["", thing], "a") == ""
    assert str_replace([thing], "x", "") == ""
    for search in ("", "z"):
        with pytest.raises(PhpError, match="could not be converted to string"):
            str_replace([search], [thing], "a")
