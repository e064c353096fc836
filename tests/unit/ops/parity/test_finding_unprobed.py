from datetime import date

import pytest

from contracts.judge import Judgement
from contracts.liveness import Liveness, Survivor
from contracts.registry import type_named
from contracts.tally import Sighting, Tally
from contracts.verdict import Verdict
from ops.comparison import MutantCount
from ops.parity.finding import Asked, finding

ASKED = Asked(date(2026, 11, 28))
PAYIN = type_named("payin.create")


@pytest.fixture
def tally() -> Tally:
    tally = Tally()
    for name in ("payin.create", "payout.update"):
        tally.of(name).add(Judgement(Verdict.MATCH), name, "w1", Sighting(0), 100)
    return tally


def test_types_that_agree_and_of_which_no_mutant_was_made_are_found(tally: Tally) -> None:
    liveness = Liveness()
    liveness.agreed.update({"payin.create": 1, "payout.update": 1})
    liveness.note(PAYIN, "altered value", "row:payins.label", Verdict.MISMATCH)
    found = finding(tally, liveness, ASKED)
    assert found.unprobed == ("payout.update",)
    assert found.survivors == ()
    assert found.mutants == (MutantCount("payin.create", "altered value", 1, 0, 0),)
    assert found.void


def test_where_every_agreeing_type_was_tried_the_comparison_is_not_void(tally: Tally) -> None:
    liveness = Liveness()
    liveness.agreed.update({"payin.create": 1})
    liveness.note(PAYIN, "altered value", "row:payins.label", Verdict.MISMATCH)
    found = finding(tally, liveness, ASKED)
    assert (found.unprobed, found.void) == ((), False)


def test_a_guarded_place_that_a_rule_tolerates_is_a_survivor(tally: Tally) -> None:
    liveness = Liveness()
    liveness.note(PAYIN, "altered value", "row:payins.status", Verdict.MATCH_BY_RULE)
    liveness.note(PAYIN, "altered value", "row:payins.recorded_at", Verdict.MATCH_BY_RULE)
    found = finding(tally, liveness, ASKED)
    assert found.survivors == (Survivor("payin.create", "altered value", "row:payins.status", 1),)
    assert found.mutants == (MutantCount("payin.create", "altered value", 0, 1, 1),)
