from hypothesis import given
from hypothesis import strategies as st

from bridge.credit import QUIET_S, Credit

MIB = 1024 * 1024


def credit(*queues: str, most: int = 200, budget_mib: int = 64) -> Credit:
    one = Credit(len(queues), most=most, budget_bytes=budget_mib * MIB)
    for queue in queues:
        one.open(queue)
    return one


def test_it_begins_as_if_every_message_were_a_megabyte() -> None:
    assert credit("a", "b").prefetch("a") == 32
    assert credit(*map(str, range(14))).prefetch("3") == 4
    assert credit("a", most=5).prefetch("a") == 5
    assert credit(*map(str, range(100))).prefetch("99") == 1


def test_a_queue_that_keeps_us_busy_with_small_messages_gets_more_up_to_the_most() -> None:
    one = credit("a", "b")
    granted = []
    for now in range(6):
        one.weigh("a", 500)
        one.adjust({"a": one.prefetch("a")}, float(now))
        granted.append(one.prefetch("a"))
    assert granted == [64, 128, 200, 200, 200, 200]
    assert one.prefetch("b") == 32


def test_a_queue_that_is_not_saturated_is_left_alone() -> None:
    one = credit("a")
    one.weigh("a", 500)
    assert list(one.adjust({"a": 3}, 0.0)) == []


def test_large_messages_lower_the_prefetch_until_all_may_fit() -> None:
    one = credit("a")
    for now in range(3):
        one.weigh("a", 100)
        one.adjust({"a": one.prefetch("a")}, float(now))
    assert one.prefetch("a") == 200
    one.weigh("a", 4 * MIB)
    assert list(one.adjust({"a": 200}, 4.0)) == ["a"]
    assert one.prefetch("a") == 12


def test_a_message_larger_than_the_budget_is_still_taken() -> None:
    one = credit("a", budget_mib=1)
    one.weigh("a", 100 * MIB)
    one.adjust({"a": 1}, 0.0)
    assert one.prefetch("a") == 1


def test_a_large_message_is_forgotten_after_many_small_ones() -> None:
    one = credit("a")
    one.weigh("a", 60 * MIB)
    one.adjust({"a": 1}, 0.0)
    assert one.prefetch("a") == 1
    for now in range(100):
        one.weigh("a", 100)
        one.adjust({"a": one.prefetch("a")}, float(now))
    assert one.prefetch("a") == 200


def test_a_queue_that_was_quiet_begins_anew() -> None:
    one = credit("a")
    for now in range(3):
        one.weigh("a", 100)
        one.adjust({"a": one.prefetch("a")}, float(now))
    one.adjust({"a": 0}, 2 + QUIET_S - 0.1)
    assert one.prefetch("a") == 200
    assert list(one.adjust({"a": 0}, 2 + QUIET_S)) == ["a"]
    assert one.prefetch("a") == 64


def test_a_queue_that_is_closed_weighs_nothing() -> None:
    one = credit("a", "b", budget_mib=2)
    one.close("a")
    one.weigh("b", MIB)
    one.adjust({"b": 1}, 0.0)
    assert one.prefetch("b") == 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 4 * MIB)), max_size=200))
def test_what_may_come_to_be_in_hand_stays_in_the_budget_or_at_one_a_queue(arrivals: list[tuple[str, int]]) -> None:
    one = credit("a", "b", "c")
    largest = dict.fromkeys("abc", 0)
    for now, (queue, size_bytes) in enumerate(arrivals):
        one.weigh(queue, size_bytes)
        largest[queue] = size_bytes
        one.adjust({name: one.prefetch(name) for name in "abc"}, float(now))
        granted = {name: one.prefetch(name) for name in "abc"}
        assert all(1 <= prefetch <= 200 for prefetch in granted.values())
        exposed = sum(granted[name] * largest[name] for name in "abc")
        assert exposed <= 64 * MIB or set(granted.values()) == {1}
