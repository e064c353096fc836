"""Some of the differential fuzzing of `make php-fuzz`: 100 seeded calls of every function, here and in real PHP."""

import shutil
from collections.abc import Iterator

import pytest

from contracts.php.functions import FUNCTIONS
from contracts.php.runtime import PhpRuntime
from tests.php_fuzz.__main__ import OF_8_4, differing, php_8_4
from tests.php_fuzz.generate import cases
from tests.php_fuzz.oracle import Oracle

CASES, SEED = 100, 20_241_027
OLD, NEW = PhpRuntime((8, 2), timezone="Europe/Paris"), PhpRuntime((8, 4), timezone="Europe/Paris")


@pytest.fixture(scope="module")
def old() -> Iterator[Oracle]:
    php = shutil.which("php")
    if php is None:
        pytest.fail("php is not installed: `make install` installs it")
    with Oracle([php], OLD) as oracle:
        yield oracle


@pytest.fixture(scope="module")
def new() -> Iterator[Oracle]:
    with Oracle(php_8_4(), NEW) as oracle:
        yield oracle


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_php_8_2_answers_the_same(old: Oracle, function: str) -> None:
    found, skipped = differing(old, OLD, function, cases(function, CASES, SEED))
    assert found == []
    assert skipped < CASES / 2


@pytest.mark.parametrize("function", OF_8_4)
def test_php_8_4_answers_the_same(new: Oracle, function: str) -> None:
    assert differing(new, NEW, function, cases(function, CASES, SEED)) == ([], 0)


def test_a_rule_of_another_version_would_be_noticed(old: Oracle) -> None:
    calls = [[8868.835, 2], [1.7249999999999999, 2], [0.285, 2]]
    assert differing(old, OLD, "round", calls) == ([], 0)
    assert differing(old, NEW, "round", calls) != ([], 0)
