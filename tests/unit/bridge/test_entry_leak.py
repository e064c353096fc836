"""Nothing of what the maker of entries in C has seen is kept, on whichever path."""

import gc
import sys
import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bridge import entry
from bridge.entry import write_batch
from bridge.port import Entry
from contracts.entry_size import ENTRY_BYTES
from tests.entry_maker import Message, need_native_entries

URL = "https://sqs.eu-west-1.amazonaws.com/1/ship"
ROUNDS = 3_500
"""Of some thirty calls."""
ROUNDS_WEIGHED = 100
"""Of a batch's calls, with a look at what each has allocated, which takes longer."""


@pytest.fixture(scope="module")
def compose() -> Any:
    need_native_entries()
    return entry._compose


class OfTheEntryError(Exception):
    """Whatever may go wrong there."""


def _fails(*_: object) -> Any:
    raise OfTheEntryError


TEXTS = ("i" * 9, "k" * 9, "g" * 9, "d" * 9, "é" * 9)
"""That nobody else has, so that one that is kept, or let go once too often, is missed."""
FIRST = Entry("b\n" * 3_000, TEXTS[4], *TEXTS[:4])
NO_ENTRIES: Any = (
    [FIRST, None],
    [FIRST, Entry(None, "", "i", "t")],  # type: ignore[arg-type]
    [FIRST, Entry("\ud800", "", "i", "t")],
    [FIRST, SimpleNamespace(body="b", envelope="e", id="i", type="t", group=None)],
    None,
)


def write_all() -> None:
    assert write_batch(URL, [FIRST] * 12)
    assert write_batch(URL, (FIRST,))
    assert write_batch(URL, [])
    for batch in NO_ENTRIES:
        with pytest.raises((TypeError, AttributeError, UnicodeEncodeError)):
            write_batch(URL, batch)


def same_after(run: Callable[[], None], known: tuple[object, ...]) -> None:
    """Many rounds leave as many blocks and references as there were."""

    def counted() -> tuple[int, list[int]]:
        gc.collect()
        return sys.getallocatedblocks(), list(map(sys.getrefcount, known))

    for _ in range(20):
        run()
    before = counted()
    for _ in range(ROUNDS):
        run()
    after = counted()
    assert after[1:] == before[1:]
    assert after[0] - before[0] < ROUNDS // 10


def test_the_maker_in_c_keeps_nothing(compose: Any) -> None:
    from bridge._entry import bind  # noqa: PLC0415  there are machines without it

    failing, _ = bind(_fails, ENTRY_BYTES)  # type: ignore[arg-type]
    plain = Message()
    layout = entry._layout(plain.exchange, plain.redelivered, plain.type, plain.stamp)
    assert layout is not None
    given = (
        layout,
        b"body\n\xc3\xa9",
        "k",
        {"a": 2**40, "b": TEXTS[0]},
        b"null",
        *TEXTS[:2],
        *TEXTS[:2],
        "at",
        *TEXTS[2:4],
    )
    not_plain = [
        *((*given[:1], body, *given[2:]) for body in (b"\xff", b"\0", b"", b"\xef\xbf\xbe", b"x" * ENTRY_BYTES, None)),
        *((*given[:at], value, *given[at + 1 :]) for at in (2, 5, 6, 9) for value in (b"", TEXTS[4])),
        (*given[:3], {f"n{number}": number for number in range(40)}, *given[4:]),
        (*given[:3], {"a": TEXTS[0], "b": 2**70}, *given[4:]),
    ]
    wrong = [(), given[1:], (None, *given[1:]), ((*layout[:-1], -1), *given[1:])]

    def run() -> None:
        assert compose(*given) is not None
        for arguments in not_plain:
            assert compose(*arguments) is None
        for arguments in wrong:
            with pytest.raises((TypeError, OverflowError)):
                compose(*arguments)
        with pytest.raises(OfTheEntryError):
            failing(*given)

    same_after(run, (*TEXTS, layout, *layout[:5], Entry, ENTRY_BYTES))


@pytest.mark.usefixtures("compose")
def test_the_writer_in_c_keeps_nothing() -> None:
    same_after(write_all, (*TEXTS, FIRST, URL, *NO_ENTRIES, Entry))


@pytest.mark.usefixtures("compose")
def test_the_writer_in_c_lets_go_of_what_it_has_written_into() -> None:
    """Larger than what the interpreter counts as blocks."""
    write_all()
    tracemalloc.start()
    try:
        write_all()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(ROUNDS_WEIGHED):
            write_all()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < ROUNDS_WEIGHED * 100


@pytest.mark.usefixtures("compose")
def test_what_is_bound_goes_with_its_last_user() -> None:
    from bridge._entry import bind  # noqa: PLC0415  there are machines without it

    def run() -> None:
        bind(Entry, ENTRY_BYTES)
        with pytest.raises(TypeError):
            bind(Entry, "1")  # type: ignore[arg-type]

    same_after(run, (Entry, ENTRY_BYTES, "body", "deduplication"))
