from hypothesis import given
from hypothesis import strategies as st

from bridge.port import Delivery, Entry
from bridge.window import BATCH_BYTES, KEPT_BYTES, Pending, Window
from tests.fakes.message import delivery


def pending(name: str, group: str | None = None, size_bytes: int = 1) -> Pending:
    def translate(_: Delivery) -> Entry:
        return Entry("{}", "{}", name, "payin.create", group, None, size_bytes)

    return Pending.of(delivery("payin.create", b"{}"), translate, 1, 0.0)[0]


def window(*content: Pending) -> Window:
    filled = Window()
    for one in content:
        filled.add(one)
    return filled


def next_ids(one: Window, now: float = 0.0) -> list[str]:
    return [pending.entry().id for _, pending in one.next_batch(now)]


def test_an_empty_window_has_nothing_to_send() -> None:
    assert next_ids(Window()) == []
    assert Window().waits_s(0) is None


def test_ten_entries_go_at_once_oldest_first() -> None:
    one = window(*(pending(str(n), group=str(n)) for n in range(12)))
    assert next_ids(one) == [str(n) for n in range(10)]
    assert next_ids(one) == ["10", "11"]


def test_two_entries_of_one_key_never_go_together() -> None:
    one = window(pending("1", "a"), pending("2", "a"), pending("3", "b"), pending("4", "a"))
    assert next_ids(one) == ["1", "3"]
    assert next_ids(one) == [], "what is under way keeps the rest of its key behind it"


def test_a_key_goes_on_once_its_oldest_is_settled() -> None:
    one = window(pending("1", "a"), pending("2", "b"), pending("3", "a"), pending("4", "b"))
    first, second = (ticket for ticket, _ in one.next_batch(0))
    one.settle(second)
    assert next_ids(one) == ["4"]
    one.settle(first)
    assert next_ids(one) == ["3"]


def test_entries_without_a_key_hold_nobody_up() -> None:
    assert next_ids(window(pending("1"), pending("2"), pending("3"))) == ["1", "2", "3"]


def test_a_batch_stays_within_the_bytes_of_one_call() -> None:
    half = BATCH_BYTES // 2
    assert next_ids(window(pending("1", size_bytes=half), pending("2", size_bytes=half), pending("3"))) == ["1", "2"]
    assert next_ids(window(pending("1", size_bytes=half), pending("2", size_bytes=half + 1), pending("3"))) == ["1"]


def test_an_entry_of_the_full_size_goes_alone() -> None:
    assert next_ids(window(pending("1", size_bytes=BATCH_BYTES), pending("2"))) == ["1"]


def test_what_goes_alone_takes_nobody_with_it_and_joins_nobody() -> None:
    one = window(pending("1"), pending("2"), pending("3"), pending("4"))
    batch = one.next_batch(0)
    for ticket, entry in batch[1:3]:
        entry.alone = True
        one.retry(ticket, 0)
    assert [next_ids(one), next_ids(one), next_ids(one)] == [["2"], ["3"], []]


def test_what_failed_is_offered_again_in_its_time_before_what_came_later() -> None:
    one = window(pending("1", "a"), pending("2", "a"))
    ((ticket, _),) = one.next_batch(0)
    one.retry(ticket, 5)
    one.add(pending("3", "b"))
    assert (next_ids(one, 4.9), one.waits_s(4.9)) == (["3"], 5 - 4.9)
    one.add(pending("4", "c"))
    assert next_ids(one, 5) == ["1", "4"]
    assert len(one) == 4


def test_an_entry_of_a_large_body_is_made_anew_each_time_it_is_sent() -> None:
    made: list[Entry] = []

    def translate(_: Delivery) -> Entry:
        made.append(Entry("x" * (KEPT_BYTES + 1), "{}", "1", "payin.create", "a", None, 1))
        return made[-1]

    large, entry = Pending.of(delivery("payin.create", b"{}"), translate, 1, 0.0)
    assert entry == large.entry() == large.entry()
    assert len(made) == 3


def test_the_oldest_tells_how_long_something_has_been_in_hand() -> None:
    one = window(pending("1"), pending("2"))
    assert one.oldest_at == 0.0
    for ticket, _ in one.next_batch(0):
        one.settle(ticket)
    assert one.oldest_at is None


def test_a_cleared_window_has_forgotten_everything() -> None:
    one = window(pending("1", "a"), pending("2", "b"))
    one.retry(one.next_batch(0)[0][0], 1)
    one.clear()
    assert (len(one), next_ids(one, 9), one.waits_s(9)) == (0, [], None)
    one.add(pending("3", "a"))
    assert next_ids(one) == ["3"]


@given(
    st.lists(st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from([1, BATCH_BYTES // 3, BATCH_BYTES]))),
    st.lists(st.sampled_from(["settle", "retry", "later", "wait"]), min_size=1),
)
def test_every_key_keeps_its_order_whatever_is_accepted_when(
    content: list[tuple[str | None, int]], answers: list[str]
) -> None:
    one = window(*(pending(str(n), group, size) for n, (group, size) in enumerate(content)))
    accepted: list[int] = []
    under_way: dict[int, Pending] = {}
    turn, now = 0, 0.0
    while len(one):
        now += 1
        batch = one.next_batch(now)
        under_way |= dict(batch)
        groups = [entry.group for entry in under_way.values() if entry.group is not None]
        assert len(batch) <= 10
        assert len(groups) == len(set(groups)), "two of one key are on their way"
        assert len(batch) < 2 or sum(entry.size_bytes for _, entry in batch) <= BATCH_BYTES
        for ticket, entry in list(under_way.items()):
            turn += 1
            answer = answers[turn % len(answers)] if turn < 1_000 else "settle"
            if answer == "settle":
                one.settle(ticket)
                accepted.append(int(entry.entry().id))
            elif answer != "wait":
                one.retry(ticket, now + (answer == "later") * 3)
            if answer != "wait":
                del under_way[ticket]
    assert sorted(accepted) == list(range(len(content)))
    for key in ("a", "b", "c"):
        of_key = [n for n in accepted if content[n][0] == key]
        assert of_key == sorted(of_key)
