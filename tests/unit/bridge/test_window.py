from hypothesis import given
from hypothesis import strategies as st

from bridge.port import Entry
from bridge.window import BATCH_BYTES, Pending, Window
from tests.fakes.message import delivery


def pending(name: str, group: str | None = None, size_bytes: int = 1) -> Pending:
    return Pending(delivery("payin.create", b"{}"), Entry("{}", "{}", name, "payin.create", group, None, size_bytes))


def window(*content: Pending) -> Window:
    filled = Window()
    for one in content:
        filled.add(one)
    return filled


def next_ids(one: Window) -> list[str]:
    return [pending.entry.id for _, pending in one.next_batch()]


def test_an_empty_window_has_nothing_to_send() -> None:
    assert next_ids(Window()) == []


def test_ten_entries_go_at_once_oldest_first() -> None:
    assert next_ids(window(*(pending(str(n), group=str(n)) for n in range(12)))) == [str(n) for n in range(10)]


def test_two_entries_of_one_key_never_go_together() -> None:
    one = window(pending("1", "a"), pending("2", "a"), pending("3", "b"), pending("4", "a"))
    assert next_ids(one) == ["1", "3"]


def test_a_key_goes_on_once_its_oldest_is_settled() -> None:
    one = window(pending("1", "a"), pending("2", "b"), pending("3", "a"), pending("4", "b"))
    first, second = (ticket for ticket, _ in one.next_batch())
    one.settle(second)
    assert next_ids(one) == ["1", "4"]
    one.settle(first)
    assert next_ids(one) == ["3", "4"]


def test_entries_without_a_key_hold_nobody_up() -> None:
    assert next_ids(window(pending("1"), pending("2"), pending("3"))) == ["1", "2", "3"]


def test_a_batch_stays_within_the_bytes_of_one_call() -> None:
    half = BATCH_BYTES // 2
    assert next_ids(window(pending("1", size_bytes=half), pending("2", size_bytes=half), pending("3"))) == ["1", "2"]
    assert next_ids(window(pending("1", size_bytes=half), pending("2", size_bytes=half + 1), pending("3"))) == ["1"]


def test_an_entry_of_the_full_size_goes_alone() -> None:
    assert next_ids(window(pending("1", size_bytes=BATCH_BYTES), pending("2"))) == ["1"]


def test_what_is_not_settled_is_offered_again() -> None:
    one = window(pending("1"), pending("2"))
    assert next_ids(one) == next_ids(one) == ["1", "2"]
    assert len(one) == 2


def test_a_cleared_window_has_forgotten_everything() -> None:
    one = window(pending("1", "a"))
    one.clear()
    assert (len(one), next_ids(one)) == (0, [])
    one.add(pending("2", "a"))
    assert next_ids(one) == ["2"]


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from([1, BATCH_BYTES // 3, BATCH_BYTES]))),
    st.lists(st.booleans(), min_size=1),
)
def test_every_key_keeps_its_order_whatever_is_accepted_when(
    content: list[tuple[str | None, int]], answers: list[bool]
) -> None:
    one = window(*(pending(str(n), group, size) for n, (group, size) in enumerate(content)))
    accepted: list[int] = []
    calls = 0
    while len(one):
        batch = one.next_batch()
        groups = [entry.entry.group for _, entry in batch if entry.entry.group is not None]
        assert 1 <= len(batch) <= 10
        assert len(groups) == len(set(groups))
        assert len(batch) == 1 or sum(entry.entry.size_bytes for _, entry in batch) <= BATCH_BYTES
        for position, (ticket, entry) in enumerate(batch):
            calls += 1
            if position == 0 or answers[calls % len(answers)]:
                one.settle(ticket)
                accepted.append(int(entry.entry.id))
    assert sorted(accepted) == list(range(len(content)))
    for key in ("a", "b", "c"):
        of_key = [n for n in accepted if content[n][0] == key]
        assert of_key == sorted(of_key)
