import json
from typing import Any

import pytest

from contracts.php.error import UnknownRuleError
from contracts.php.runtime import PHP_8_2, PhpRuntime, RuntimeFormatError, read_runtime

PRINTED: dict[str, Any] = {
    "version": "8.2.36",
    "precision": 14,
    "serialize_precision": -1,
    "timezone": "Europe/Paris",
    "tzdata": "2025.1",
}


def test_what_the_script_prints_is_read() -> None:
    assert read_runtime(json.dumps(PRINTED)) == PhpRuntime((8, 2), 14, -1, "Europe/Paris", "2025.1")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"version": "8"}, "version"),
        ({"version": None}, "version"),
        ({"precision": "14"}, "precision"),
        ({"serialize_precision": 99}, "serialize_precision"),
        ({"precision": True}, "precision"),
        ({"timezone": ""}, "timezone"),
        ({"tzdata": 1}, "tzdata"),
    ],
)
def test_what_is_wrong_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(RuntimeFormatError, match=f"^{named}: "):
        read_runtime(json.dumps(PRINTED | change))


@pytest.mark.parametrize("text", ["", "[]", "PHP Warning: nothing"])
def test_what_is_no_runtime_is_refused(text: str) -> None:
    with pytest.raises(RuntimeFormatError):
        read_runtime(text)


def test_a_version_of_which_nothing_is_known_says_so() -> None:
    PHP_8_2.must_know("round")
    for version in ((5, 6), (9, 0)):
        with pytest.raises(UnknownRuleError, match=rf"round: the rule of PHP {version[0]}\.{version[1]} is not known"):
            PhpRuntime(version).must_know("round")
    with pytest.raises(UnknownRuleError):
        PhpRuntime((7, 4)).must_know("ksort", since=(8, 0))
