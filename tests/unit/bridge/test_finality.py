"""What a router concludes from how far a message has got."""

from dataclasses import replace

import pytest

from bridge.finality import Finality, is_settled, resolve
from contracts.authority import AuthorityRecord
from contracts.routing import Decision, direct

LIVE = AuthorityRecord("payin", "live", 8, 8)
BACK = AuthorityRecord("payin", "shadow", 12, 12)
REJECTED = Finality(candidate="new", rejected=True)


@pytest.mark.parametrize("record", [LIVE, BACK])
def test_what_new_has_rejected_goes_where_a_message_goes_that_nobody_has_seen(record: AuthorityRecord) -> None:
    assert resolve(REJECTED, record) == direct(record)
    assert direct(record).route == {"live": "new", "shadow": "shadow"}[record.stage]


def test_what_new_has_done_stays_new_s_whoever_has_authority_now() -> None:
    assert resolve(Finality(candidate="new"), BACK) == Decision("new", 12)


@pytest.mark.parametrize("record", [LIVE, BACK])
def test_what_new_has_done_stays_new_s_though_the_monolith_has_caught_up_with_it(record: AuthorityRecord) -> None:
    known = Finality(control_final=True, candidate="new")
    assert resolve(known, record) == Decision("new", record.stamp_epoch)


@pytest.mark.parametrize("record", [LIVE, BACK])
def test_what_new_has_rejected_and_the_monolith_has_ended_is_the_monoliths(record: AuthorityRecord) -> None:
    assert resolve(replace(REJECTED, control_final=True), record) == Decision("legacy", record.stamp_epoch)


def test_a_copy_that_was_rejected_is_not_acted_on_by_new() -> None:
    assert resolve(Finality(candidate="legacy", rejected=True), LIVE) == Decision("legacy", 8)


def test_a_rejection_is_an_end_for_a_fence() -> None:
    assert is_settled("new", REJECTED)
    assert is_settled("shadow", Finality(control_final=True, candidate="legacy", rejected=True))
    assert not is_settled("shadow", Finality(candidate="legacy", rejected=True))
