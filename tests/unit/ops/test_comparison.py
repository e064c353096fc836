import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.verdict import Verdict
from ops.comparison import TypeAgreement, quantile


def test_pending_messages_are_seen_and_do_not_count_for_agreement() -> None:
    one = TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.PENDING: 2})
    assert (one.seen, one.agreement) == (5, 1.0)


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.99, 4.0), (0.0, 1.0), (1.0, 4.0)])
def test_a_quantile_is_a_value_that_was_seen(share: float, value: float) -> None:
    assert quantile([4.0, 1.0, 3.0, 2.0], share) == value


def test_nothing_has_no_quantile() -> None:
    assert quantile([], 0.5) is None


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_at_least_that_share_does_not_exceed_a_quantile(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert found is not None
    assert sum(value <= found for value in values) >= share * len(values)
