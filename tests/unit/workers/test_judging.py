from datetime import date
from typing import Any

import pytest

from contracts.effect import Attempt
from contracts.registry import type_named
from contracts.verdict import Verdict
from tests.fakes.key import refused_sealer, static_sealer
from tests.fakes.outcome import attempt, row
from workers.fate import UnavailableError
from workers.judging import judge_image
from workers.store.attribute import seal_attempt
from workers.store.seal import BrokenSealError, Sealer

SEALER = static_sealer()
TODAY = date(2026, 11, 21)
DONE = attempt(row(status="PENDING"))


def image(candidate: Attempt | None = None, *control: Attempt, conflict: bool = False) -> dict[str, Any]:
    entry: dict[str, Any] = {"pk": {"S": "w1"}, "tenant": {"S": "default"}, "type": {"S": "payin.create"}}
    if candidate is not None:
        entry["candidate"] = {"B": seal_attempt(candidate, "candidate", "default", SEALER)}
    for one in control:
        sealed = seal_attempt(one, f"control{one.attempt}", "default", SEALER)
        entry[f"control_attempt_{one.attempt}"] = {"B": sealed}
    return {**entry, "conflict": {"BOOL": True}} if conflict else entry


def verdict(entry: dict[str, Any], sealer: Sealer = SEALER) -> Verdict:
    return judge_image(entry, type_named("payin.create"), sealer, TODAY).judgement.verdict


def test_both_sides_outcomes_are_opened_and_judged() -> None:
    assert verdict(image(DONE, DONE)) is Verdict.MATCH
    assert verdict(image(DONE, attempt(row(status="VALIDATED")))) is Verdict.MISMATCH


def test_every_attempt_of_the_monolith_counts_whatever_the_order_of_the_attributes() -> None:
    retried = attempt(ending="retried")
    entry = image(DONE, attempt(row(status="PENDING"), number=11), retried)
    assert verdict(entry) is Verdict.MATCH
    assert verdict(dict(reversed(entry.items()))) is Verdict.MATCH
    assert verdict(image(DONE, attempt(row(status="PENDING"), ending="retried"), attempt(number=2))) is Verdict.MATCH


@pytest.mark.parametrize("entry", [image(), image(DONE), image(None, DONE), image(DONE, attempt(ending="retried"))])
def test_a_side_that_has_not_told_leaves_it_pending(entry: dict[str, Any]) -> None:
    assert verdict(entry) is Verdict.PENDING


def test_an_id_conflict_is_one_whatever_both_sides_did() -> None:
    assert verdict(image(DONE, DONE, conflict=True)) is Verdict.ID_CONFLICT
    assert verdict(image(conflict=True)) is Verdict.ID_CONFLICT


def test_the_rules_of_the_type_hold() -> None:
    early, late = (attempt(row(recorded_at=f"2026-11-21 10:0{n}:00")) for n in (0, 9))
    assert verdict(image(early, late)) is Verdict.MATCH_BY_RULE


def test_an_outcome_that_stands_in_another_attribute_is_not_believed() -> None:
    entry = image(DONE, DONE)
    with pytest.raises(BrokenSealError):
        verdict({**entry, "candidate": entry["control_attempt_1"]})
    with pytest.raises(BrokenSealError):
        verdict({**entry, "control_attempt_2": entry["control_attempt_1"]})


def test_a_key_that_is_refused_is_an_outage() -> None:
    with pytest.raises(UnavailableError):
        verdict(image(DONE, DONE), refused_sealer())


def test_a_message_that_only_new_was_meant_to_act_on_is_single_until_the_monolith_catches_up() -> None:
    alone = {**image(DONE), "authority": {"S": "new"}}
    assert verdict(alone) is Verdict.SINGLE
    assert verdict({**image(attempt(ending="rejected")), "authority": {"S": "new"}}) is Verdict.SINGLE
    assert verdict({**image(DONE), "authority": {"S": "legacy"}}) is Verdict.PENDING
    assert verdict({**image(DONE, DONE), "authority": {"S": "new"}}) is Verdict.MATCH
    assert verdict({**image(DONE, attempt(row(status="VALIDATED"))), "authority": {"S": "new"}}) is Verdict.MISMATCH
    assert verdict({**image(DONE, attempt(ending="retried")), "authority": {"S": "new"}}) is Verdict.PENDING


def test_a_stale_copy_is_not_comparable_whatever_the_monolith_did() -> None:
    for entry in (image(), image(None, DONE)):
        assert verdict({**entry, "stale": {"BOOL": True}}) is Verdict.NOT_COMPARABLE
