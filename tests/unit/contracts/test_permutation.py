"""Permutations: nothing gets lost, nothing falls together, and every fourth symbol is another."""

import hashlib
import hmac
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.permutation import Permutation

SECRET = b"s" * 32
ONE = Permutation(SECRET)

sequences = st.lists(st.integers(2, 128), max_size=200).flatmap(
    lambda alphabets: st.tuples(st.just(alphabets), st.tuples(*(st.integers(0, size - 1) for size in alphabets)))
)


@pytest.mark.parametrize("size", [1, 2, 3, 9, 10, 26, 97, 366, 1000])
def test_numbers_are_permuted(size: int) -> None:
    assert sorted(ONE.number(value, size, b"t") for value in range(size)) == list(range(size))


@pytest.mark.parametrize("alphabets", [[2], [10], [26, 10], [3, 2, 5, 4], [2, 3, 4, 2, 3, 2, 2, 3]])
def test_sequences_are_permuted(alphabets: list[int]) -> None:
    found = {tuple(ONE.symbols(one, alphabets, b"t")) for one in product(*map(range, alphabets))}
    assert len(found) == prod(alphabets)
    assert all(symbol < size for one in found for symbol, size in zip(one, alphabets, strict=True))


@given(sequences)
def test_every_fourth_symbol_becomes_another_and_all_stay_in_their_alphabets(
    case: tuple[list[int], tuple[int, ...]],
) -> None:
    alphabets, symbols = case
    changed = ONE.symbols(symbols, alphabets, b"t")
    assert len(changed) == len(symbols)
    assert all(0 <= symbol < size for symbol, size in zip(changed, alphabets, strict=True))
    assert all(symbols[at : at + 4] != tuple(changed[at : at + 4]) for at in range(len(symbols) - 3))
    assert changed == Permutation(SECRET).symbols(symbols, alphabets, b"t")


def test_long_ones_that_differ_only_at_an_end_have_nothing_in_common() -> None:
    alphabets = [26] * 300
    first = ONE.symbols([0] * 300, alphabets, b"t")
    for place in (0, 299):
        other = ONE.symbols([int(at == place) for at in range(300)], alphabets, b"t")
        same = [at for at in range(300) if first[at] == other[at]]
        assert len(same) < 40, "1 of 26 by chance"
        assert {at // 48 for at in range(300) if first[at] != other[at]} == set(range(7))


def test_chunks_lose_nothing() -> None:
    """49 symbols, two of which vary: on both sides of the boundary."""
    found = set()
    for left, right in product(range(20), repeat=2):
        symbols = [0] * 47 + [left, right]
        found.add(tuple(ONE.symbols(symbols, [26] * 49, b"t")))
    assert len(found) == 400


def test_another_secret_or_tweak_is_another_permutation() -> None:
    symbols, alphabets = [0] * 12, [10] * 12
    one = ONE.symbols(symbols, alphabets, b"t")
    assert one != ONE.symbols(symbols, alphabets, b"u")
    assert one != Permutation(b"t" * 32).symbols(symbols, alphabets, b"t")


def test_it_is_hmac_sha256() -> None:
    assert ONE._authenticate(b"text") == hmac.digest(SECRET, b"text", hashlib.sha256)
