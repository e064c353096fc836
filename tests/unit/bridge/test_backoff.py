from hypothesis import given
from hypothesis import strategies as st

from bridge.backoff import Backoff


def test_delays_double_up_to_the_most() -> None:
    backoff = Backoff(0.5, 10, uniform=lambda _, most_s: most_s)
    assert [backoff.next_s() for _ in range(7)] == [0.5, 1, 2, 4, 8, 10, 10]


def test_delays_begin_anew_after_a_success() -> None:
    backoff = Backoff(0.5, 10, uniform=lambda least_s, _: least_s)
    assert [backoff.next_s() for _ in range(3)] == [0.25, 0.5, 1]
    backoff.reset()
    assert backoff.next_s() == 0.25


@given(st.integers(1, 200))
def test_a_delay_is_never_less_than_half_its_step_nor_more_than_the_most(failures: int) -> None:
    backoff = Backoff(0.2, 30)
    delays = [backoff.next_s() for _ in range(failures)]
    assert all(0.1 <= delay_s <= 30 for delay_s in delays)
    assert all(delay_s >= 15 for delay_s in delays[9:])
