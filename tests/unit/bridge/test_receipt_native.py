"""Receipts in C beside those in Python: the same of whatever was sent and is answered, and nothing is kept."""

import gc
import sys
from collections.abc import Callable, Sequence
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from bridge.port import Entry, Receipt
from bridge.sqs import reconcile
from tests import receipt_space as space
from tests.receipt_half import Accepted, native_half, with_half
from tests.receipt_space import FIELDS, LARGE_BYTES, LONE, TEXTS, Misfit, md5, right_answer, written_attributes

EXAMPLES = 100


@pytest.fixture(scope="module")
def native() -> Accepted:
    return native_half()


class OfAnEntryError(Exception):
    """Whatever may go wrong there."""


class Strange:
    """No entry: when one of its parts is asked for, something is done first."""

    def __init__(self, entry: Entry, part: str, does: Callable[[], object]) -> None:
        self._entry, self._part, self._does = entry, part, does

    def __getattr__(self, name: str) -> object:
        if name == self._part:
            self._does()
        return getattr(self._entry, name)


def some(count: int) -> list[Entry]:
    return [Entry(f"body {one}" * 10, f"envelope {one}" * 9, f"w{one}", "t", f"g{one}") for one in range(count)]


def receipts(count: int) -> list[Receipt]:
    return [Receipt("accepted", "", f"m{position}") for position in range(count)]


def outcome(half: Accepted | None, entries: Any, answer: object) -> object:
    try:
        with with_half(half):
            return [(type(one), astuple(one)) for one in reconcile(entries, answer)]
    except Exception as error:  # noqa: BLE001  whatever it is, it is to be the same
        return type(error), str(error)


def native_bind() -> Any:
    """Whatever it is given."""
    from bridge._receipt import bind  # noqa: PLC0415  there are machines without it

    return bind


def fail(*_: object) -> Any:
    raise OfAnEntryError


def interrupt() -> None:
    raise KeyboardInterrupt


@settings(max_examples=EXAMPLES)
@given(space.entries, st.integers(0, 2**32))
def test_of_what_is_nearly_right_both_halves_say_the_same(native: Accepted, entries: list[Entry], seed: int) -> None:
    choose = Random(seed)
    answer = right_answer(entries)
    assert native(entries, answer) == receipts(len(entries))
    for _ in range(50):
        sent, told = space.nearly(choose, entries, answer)
        ways = choose.choice([list, list, tuple, iter, lambda one: one[0] if one else None])
        assert outcome(native, ways(sent), told) == outcome(None, ways(sent), told)


@given(space.entries, space.any_json, space.any_json)
def test_of_any_json_both_halves_say_the_same(
    native: Accepted, entries: list[Entry], successful: Any, failed: Any
) -> None:
    for answer in (successful, {"Successful": successful}, {"Successful": [successful], "Failed": failed}):
        assert outcome(native, entries, answer) == outcome(None, entries, answer)


@pytest.mark.parametrize("count", [*range(11), 25])
def test_what_sqs_mostly_answers_is_read_in_c(native: Accepted, count: int) -> None:
    entries = some(count)
    answer = right_answer(entries)
    for told in (answer, {**answer, "Failed": []}, {**answer, "ResponseMetadata": {"HTTPStatusCode": 200}}):
        assert native(entries, told) == receipts(count)
        assert native(tuple(entries), told) == receipts(count)
    for one in answer["Successful"][::2]:
        one["MD5OfMessageAttributes"] = None
    for one in answer["Successful"][1::3]:
        one.pop("MD5OfMessageAttributes")
    assert native(entries, answer) == receipts(count)
    with with_half(fail), pytest.raises(OfAnEntryError):
        reconcile(entries, answer)


@pytest.mark.parametrize("count", [1, 3, 4, 5, 8, 10])
def test_the_sums_of_texts_of_any_length_are_those_of_hashlib(native: Accepted, count: int) -> None:
    """Of lengths that are near and far from each other in the same call, and of what was there before."""
    choose = Random(7)
    letters = "".join(map(chr, range(128)))
    lengths = [length for least in range(0, 301, count) for length in range(least, least + count)]
    for least in range(0, len(lengths), count):
        near = lengths[least : least + count]
        for sizes in (near, [choose.choice([one, choose.randrange(301), 64, 0]) for one in near]):
            texts = [["".join(choose.choices(letters, k=size)) for _ in TEXTS] for size in sizes]
            entries = [Entry(body, choose.choice(["", envelope]), id_, type_) for body, envelope, id_, type_ in texts]
            assert native(entries, right_answer(entries)) == receipts(count)


def test_the_sums_of_attributes_of_any_length_are_those_of_hashlib(native: Accepted) -> None:
    least = len(written_attributes(Entry("", "", "", "")))
    for length in range(301):
        entries = [Entry("", "", "i" * length, ""), Entry("", "é" * (length // 2), "", "t" * (length % 2))]
        assert len(written_attributes(entries[0])) == least + length
        assert native(entries, right_answer(entries)) == receipts(2)


@pytest.mark.parametrize("size", [1_000, 4_095, 4_096, 30_000, LARGE_BYTES - 1, LARGE_BYTES, LARGE_BYTES + 1])
@pytest.mark.parametrize("letter", ["x", "é"])
@pytest.mark.parametrize("field", TEXTS)
def test_a_text_that_is_too_large_is_left_to_hashlib(native: Accepted, size: int, letter: str, field: str) -> None:
    text = letter * (size // len(letter.encode())) + "x" * (size % len(letter.encode()))
    entries = [*some(2), replace(some(1)[0], **{field: text}), *some(4)]
    answer = right_answer(entries)
    assert native(entries, answer) == (receipts(7) if size <= LARGE_BYTES else None)
    assert reconcile(entries, answer) == receipts(7)


def test_a_sum_of_which_one_digit_is_another_is_never_accepted(native: Accepted) -> None:
    entries = some(5)
    answer = right_answer(entries)
    for one, name, place, digit in product(answer["Successful"], FIELDS[2:], range(32), "0123456789abcdef"):
        right: str = one[name]
        one[name] = right[:place] + digit + right[place + 1 :]
        assert (native(entries, answer) is None) == (one[name] != right)
        one[name] = right
    assert native(entries, answer) == receipts(5)


@pytest.mark.parametrize("field", TEXTS)
def test_a_text_of_which_one_letter_is_another_is_never_accepted(native: Accepted, field: str) -> None:
    entries = some(5)
    answer = right_answer(entries)
    for position, entry in enumerate(entries):
        text: str = getattr(entry, field)
        for place in range(len(text)):
            other = replace(entry, **{field: text[:place] + "~" + text[place + 1 :]})
            assert native([*entries[:position], other, *entries[position + 1 :]], answer) is None


def test_a_sum_whose_bytes_stand_in_letters_of_two_is_none(native: Accepted) -> None:
    entries = some(1)
    [told] = right_answer(entries)["Successful"]
    for name in FIELDS[2:]:
        wide = told[name].encode().decode(f"utf-16-{sys.byteorder[0]}e") + "世" * 16
        assert native(entries, {"Successful": [{**told, name: wide}]}) is None


def test_what_is_told_besides_is_not_passed_over(native: Accepted) -> None:
    entries = some(2)
    told = right_answer(entries)["Successful"]
    answer = {"Successful": [*told, {**told[0], "MD5OfMessageBody": md5(b"another")}]}
    assert native(entries, answer) is None
    assert [one.fate for one in reconcile(entries, answer)] == ["unknown", "accepted"]


@pytest.mark.parametrize("arguments", [(), ([],), ([], {}, None)])
def test_it_is_called_with_entries_and_an_answer(native: Any, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError):
        native(*arguments)
    with pytest.raises(TypeError):
        native([], answer={})


@pytest.mark.usefixtures("native")
def test_it_makes_receipts_of_the_type_that_it_is_given_and_leaves_it_to_python_where_that_fails() -> None:
    make = native_bind()
    answer = right_answer(some(6))
    assert make(lambda *said: said)(some(6), answer) == [("accepted", "", f"m{position}") for position in range(6)]
    assert make(fail)(some(6), answer) is None
    for other in ((None,), (), (Receipt, Receipt)):
        with pytest.raises(TypeError):
            make(*other)


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize("part", TEXTS)
def test_what_an_entry_raises_is_pythons_to_say_but_an_interruption(native: Accepted, part: str, position: int) -> None:
    entries: list[Any] = some(6)
    answer = right_answer(entries)
    entries[position] = Strange(entries[position], part, fail)
    assert native(entries, answer) is None
    with pytest.raises(OfAnEntryError):
        reconcile(entries, answer)
    entries[position] = Strange(some(6)[position], part, interrupt)
    with pytest.raises(KeyboardInterrupt):
        native(entries, answer)


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize("part", TEXTS)
def test_what_is_taken_away_while_it_is_read_is_not_read(native: Accepted, part: str, position: int) -> None:
    """Entries, and what the answer tells; but what it reads already stays until it has done so."""

    def read_while(gone: Callable[[list[Any], dict[str, Any]], object]) -> Sequence[Receipt] | None:
        entries: list[Any] = some(6)
        answer = right_answer(entries)
        entries[position] = Strange(entries[position], part, lambda: gone(entries, answer))
        return native(entries, answer)

    assert read_while(lambda entries, _: entries.clear()) == (receipts(6) if position == 5 else None)
    assert read_while(lambda _, answer: answer["Successful"].clear()) is None
    assert read_while(lambda _, answer: answer.clear()) == receipts(6)


LEAK_ROUNDS = 4_000
"""Of thirty calls, on every path."""


def test_it_keeps_nothing_of_what_it_has_read(native: Any) -> None:
    bind = native_bind()
    entries = [*some(4), Entry("é" * 9, "", "w", "t"), *some(6)[5:]]
    answer = right_answer(entries)

    def with_one(**parts: Any) -> list[Any]:
        return [*entries[:4], replace(entries[4], **parts), *entries[5:]]

    def telling(**fields: Any) -> dict[Any, Any]:
        told = answer["Successful"]
        return {"Successful": [*told[:5], {**told[5], **fields}]}

    without_place = telling()
    without_place["Successful"][5].pop("MessageId")
    calls: list[tuple[Callable[..., object], Any, Any]] = [
        (native, entries, answer),
        (native, tuple(entries), {**answer, "Failed": []}),
        (native, entries, telling(MD5OfMessageAttributes=None)),
        (native, [], {"Successful": []}),
        (native, entries, {**answer, "Failed": [{}]}),
        (native, entries, {**answer, "Failed": None}),
        (native, entries, {**answer, Misfit("Failed"): []}),
        (native, entries, {Misfit("Successful"): []}),
        (native, entries, {"Successful": tuple(answer["Successful"])}),
        (native, entries[1:], answer),
        (native, iter(entries), answer),
        (native, entries, None),
        (native, entries, {"Successful": [*answer["Successful"][:5], None]}),
        (native, entries, without_place),
        *((native, entries, telling(**{name: "é"})) for name in FIELDS[:1] + FIELDS[2:]),
        *((native, entries, telling(**{name: md5(b"another")})) for name in FIELDS[:1] + FIELDS[2:]),
        *((native, entries, telling(**{name: 0})) for name in FIELDS),
        (native, entries, {"Successful": [*answer["Successful"][:5], {"Id": "5", Misfit("MD5OfMessageBody"): ""}]}),
        *((native, with_one(**{name: LONE}), answer) for name in TEXTS),
        *((native, with_one(**{name: None}), answer) for name in TEXTS),
        *((native, with_one(**{name: "x" * (LARGE_BYTES + 1)}), answer) for name in TEXTS),
        *((native, [*entries[:5], Strange(entries[5], name, fail)], answer) for name in TEXTS),
        (bind(fail), entries, answer),
    ]

    def call_all() -> None:
        accepted = [one(sent, told) is not None for one, sent, told in calls]
        assert accepted == [True] * 4 + [False] * (len(calls) - 4)
        with pytest.raises(TypeError):
            native()
        bind(Receipt)

    def counted() -> tuple[int, list[int]]:
        gc.collect()
        texts = [getattr(one, name) for one in entries for name in TEXTS]
        told = [answer["Successful"], *answer["Successful"], *(one["MessageId"] for one in answer["Successful"])]
        return sys.getallocatedblocks(), list(map(sys.getrefcount, [entries, *entries, *texts, answer, *told, *calls]))

    for _ in range(20):
        call_all()
    before = counted()
    for _ in range(LEAK_ROUNDS):
        call_all()
    after = counted()
    assert after[1] == before[1]
    assert after[0] - before[0] < LEAK_ROUNDS // 10
