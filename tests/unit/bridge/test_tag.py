import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.tag import Tags


def tags(count: int, size_bytes: int = 1) -> Tags:
    one = Tags()
    for tag in range(1, count + 1):
        one.add(tag, size_bytes)
    return one


def test_one_acknowledgement_settles_all_up_to_the_first_that_is_open() -> None:
    assert list(tags(5).settle([3, 1, 2])) == [(3, True)]


def test_what_lies_behind_an_open_tag_is_settled_alone() -> None:
    assert list(tags(6).settle([1, 2, 4, 6])) == [(2, True), (4, False), (6, False)]


def test_a_single_tag_needs_no_word_for_many() -> None:
    assert list(tags(2).settle([1])) == [(1, False)]


def test_a_tag_is_settled_once() -> None:
    one = tags(2)
    one.settle([1])
    with pytest.raises(KeyError):
        one.settle([1])


def test_what_is_unsettled_is_weighed() -> None:
    one = tags(4, size_bytes=10)
    one.settle([1, 3])
    assert (len(one), one.size_bytes) == (2, 20)


@given(st.integers(1, 30).flatmap(lambda n: st.tuples(st.just(n), st.permutations(range(1, n + 1)))), st.data())
def test_no_acknowledgement_ever_passes_an_unsettled_tag(drawn: tuple[int, list[int]], data: st.DataObject) -> None:
    count, order = drawn
    one, known_to_broker = tags(count), set[int]()
    settled: set[int] = set()
    while order:
        size = data.draw(st.integers(1, len(order)))
        chosen, order = order[:size], order[size:]
        settled |= set(chosen)
        for tag, multiple in one.settle(chosen):
            acknowledged = set(range(1, tag + 1)) - known_to_broker if multiple else {tag}
            assert acknowledged <= settled, "the broker would forget what nobody has sent"
            assert acknowledged, "the broker would close the channel: it knows no such tag"
            known_to_broker |= acknowledged
        assert known_to_broker == settled, "whatever is settled is told"
