import pytest

from contracts.php.collation import strcasecmp, strcmp, strnatcmp, strncmp
from contracts.php.error import PhpValueError, UnknownRuleError
from contracts.php.runtime import PHP_8_2, PhpRuntime


@pytest.mark.parametrize(
    ("left", "right", "expected"), [("a", "a", 0), ("a", "abcd", -1), ("abcd", "a", 1), ("b", "z", -24), ("é", "z", 73)]
)
def test_strcmp_tells_the_distance_of_bytes(left: str, right: str, expected: int) -> None:
    assert strcmp(left, right, runtime=PHP_8_2) == expected


def test_case_is_ignored_for_ascii_only() -> None:
    assert strcasecmp("HELLO", "hello", runtime=PHP_8_2) == 0
    assert strcasecmp("[", "A", runtime=PHP_8_2) == -6
    assert strcasecmp("É", "é", runtime=PHP_8_2) == -32


def test_strncmp_looks_at_so_many_bytes() -> None:
    assert strncmp("abc", "abd", 2, runtime=PHP_8_2) == 0
    assert strncmp("abc", "a", 9, runtime=PHP_8_2) == 1
    with pytest.raises(PhpValueError):
        strncmp("a", "b", -1, runtime=PHP_8_2)


def test_the_distance_is_not_known_before_8_2() -> None:
    assert strcmp("a", "a", runtime=PhpRuntime((8, 1))) == 0
    with pytest.raises(UnknownRuleError):
        strcmp("a", "abc", runtime=PhpRuntime((8, 1)))


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("img10", "img9", 1),
        ("img010", "img9", -1),  # a fraction: 0 before 9
        ("0010", "9", 1),
        ("-03", "-1", -1),
        ("1.5", "1.05", 1),
        ("a  1", "a 1", 0),
        ("a1", "a1 ", -1),
        ("", "a", -1),
        ("A", "a", -1),
    ],
)
def test_natural_order(left: str, right: str, expected: int) -> None:
    assert strnatcmp(left, right) == expected
