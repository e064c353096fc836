"""What was made is remembered of that very value, of no other, and of no more than is said."""

import threading
import weakref
from collections.abc import Callable

import pytest

from bridge import remember
from bridge.remember import by_identity


class Value(list[int]):
    """Equal to others, and may be told from them and watched."""

    __hash__ = None


def made_by(calls: list[Value]) -> Callable[[Value], bytes]:
    def make(value: Value) -> bytes:
        calls.append(value)
        return bytes(value)

    return by_identity(make, lambda made: made)


def to_bytes(value: Value) -> bytes:
    return bytes(value)


def itself(made: bytes) -> bytes:
    return made


def test_a_value_that_comes_again_is_not_made_again() -> None:
    calls: list[Value] = []
    make, value = made_by(calls), Value([1])
    assert [make(value), make(value)] == [b"\1", b"\1"]
    assert calls == [value]


def test_a_value_that_equals_another_is_made_for_itself() -> None:
    calls: list[Value] = []
    make = made_by(calls)
    one, other = Value([1]), Value([1])
    make(one), make(other), make(one)
    assert [call is value for call, value in zip(calls, [one, other], strict=True)] == [True, True]


def test_a_value_whose_place_in_memory_another_has_had_is_made_for_itself() -> None:
    make = by_identity(to_bytes, itself)
    for number in range(4 * remember.MOST):
        assert make(Value([number % 251])) == bytes([number % 251])


def test_nothing_is_remembered_of_a_value_of_which_something_large_was_made() -> None:
    calls: list[Value] = []
    make = made_by(calls)
    just, large = Value([0] * remember.SMALL_BYTES), Value([0] * (remember.SMALL_BYTES + 1))
    for value in (just, just, large, large):
        make(value)
    assert list(map(len, calls)) == [len(just), len(large), len(large)]
    calls.clear()
    watched = weakref.ref(large)
    del value, large
    assert watched() is None


def test_no_more_values_are_kept_than_are_said() -> None:
    make = by_identity(to_bytes, itself)
    watched = []
    for number in range(3 * remember.MOST):
        value = Value([number % 251])
        watched.append(weakref.ref(value))
        make(value)
        del value
        assert sum(one() is not None for one in watched[-remember.MOST - 1 :]) <= remember.MOST
    assert sum(one() is not None for one in watched) <= remember.MOST


def test_what_could_not_be_made_is_tried_again() -> None:
    calls: list[Value] = []
    make, value = made_by(calls), Value([256])
    for _ in range(2):
        with pytest.raises(ValueError, match="range"):
            make(value)
    value[:] = [1]
    assert make(value) == b"\1"


def test_threads_get_each_what_was_made_of_its_own() -> None:
    make = by_identity(to_bytes, itself)
    shared = [Value([number]) for number in range(50)]
    right: list[bool] = []
    together = threading.Barrier(4)

    def work(salt: int) -> None:
        together.wait()
        for number in range(3_000):
            values = (shared[(number + salt) % 50], Value([salt, number % 251]))
            right.extend(make(value) == bytes(value) for value in values)

    threads = [threading.Thread(target=work, args=(salt,)) for salt in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 4 * 3_000 * 2
    assert all(right)
