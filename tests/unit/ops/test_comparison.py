from collections.abc import Iterable, Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.shown import ShownDifference
from contracts.verdict import Verdict
from ops.comparison import TypeAgreement, compare, quantile, total
from ops.ledger import LedgerVerdict

FEE = 'payin.create | row:payins.fee | value | "9.9" -> "9.9"'
WEBHOOK = 'payin.create | webhook:payin.booked.body.fee | value | "9.9" -> "9.9"'
DIFFERENCE = ShownDifference("row:payins.fee", "value", '"9.9"', '"9.9"', "0.13", "0.12")


class MemoryLedger:
    """The reads of a comparison, over a list; remembers what details were asked for."""

    def __init__(self, *messages: LedgerVerdict) -> None:
        self._messages = messages
        self.detailed_ids: list[str] = []

    def counts(self) -> Mapping[str, Mapping[Verdict, int]]:
        counts: dict[str, dict[Verdict, int]] = {"payin.create": {Verdict.MATCH: 90}, "payout.update": {}}
        for one in self._messages:
            counts[one.type][one.verdict] = counts[one.type].get(one.verdict, 0) + 1
        return counts

    def verdicts(self, message_type: str, verdict: Verdict) -> Iterator[LedgerVerdict]:
        return (one for one in self._messages if (one.type, one.verdict) == (message_type, verdict))

    def detailed(self, verdicts: Iterable[LedgerVerdict]) -> Iterator[LedgerVerdict]:
        for one in verdicts:
            self.detailed_ids.append(one.message_id)
            yield LedgerVerdict(one.message_id, one.type, one.verdict, one.groups, (DIFFERENCE,))


def _messages(count: int) -> list[LedgerVerdict]:
    return [LedgerVerdict(f"m{number}", "payin.create", Verdict.MISMATCH, (FEE, WEBHOOK)) for number in range(count)]


def test_one_bug_is_one_group_with_the_places_that_differ_along() -> None:
    comparison = compare(MemoryLedger(*_messages(10)))
    (group,) = comparison.groups
    assert (group.signature, group.count, group.also) == (FEE, 10, (WEBHOOK,))
    assert comparison.agreement == 0.9


def test_details_are_read_only_for_the_examples_that_are_shown() -> None:
    ledger = MemoryLedger(*_messages(10))
    (group,) = compare(ledger, examples=2).groups
    assert [example.message_id for example in group.examples] == ledger.detailed_ids == ["m0", "m1"]
    assert group.examples[0].differences == (DIFFERENCE,)


def test_groups_beyond_the_limit_are_counted_without_examples() -> None:
    other = LedgerVerdict("other", "payin.create", Verdict.MISMATCH, ("elsewhere",))
    comparison = compare(MemoryLedger(*_messages(2), other), detailed_groups=1)
    assert [(group.count, len(group.examples)) for group in comparison.groups] == [(2, 2), (1, 0)]


def test_a_message_that_differs_without_a_difference_is_grouped_by_its_verdict() -> None:
    conflict = LedgerVerdict("m", "payout.update", Verdict.ID_CONFLICT, ())
    (group,) = compare(MemoryLedger(conflict)).groups
    assert group.signature == "payout.update | id conflict"


def test_one_type_is_compared_without_the_others() -> None:
    comparison = compare(MemoryLedger(*_messages(3)), types=["payout.update"])
    assert comparison.groups == ()
    assert [one.type for one in comparison.types] == ["payout.update"]
    assert comparison.agreement is None


def test_one_verdict_is_grouped_without_the_others() -> None:
    conflict = LedgerVerdict("m", "payout.update", Verdict.ID_CONFLICT, ())
    comparison = compare(MemoryLedger(*_messages(3), conflict), verdicts=[Verdict.ID_CONFLICT])
    assert [group.count for group in comparison.groups] == [1]
    assert total(comparison.types)[Verdict.MISMATCH] == 3


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
