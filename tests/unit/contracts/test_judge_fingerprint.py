import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from contracts.judge_fingerprint import JUDGING
from contracts.judge_fingerprint import judge_fingerprint as fingerprint_on
from contracts.message_type import EffectContract
from contracts.registry import type_named
from contracts.rule import Rule

PAYIN = type_named("payin.create")
TODAY = date(2026, 11, 28)
judge_fingerprint = partial(fingerprint_on, today=TODAY)
RULE = Rule("row:payins.recorded_at", "time within", "clocks", "payments", date(2027, 9, 30), 60)


def test_the_same_code_and_terms_have_the_same_one() -> None:
    assert len(judge_fingerprint(PAYIN)) == 12
    assert judge_fingerprint(PAYIN) == judge_fingerprint(replace(PAYIN))


def test_other_terms_have_another_one() -> None:
    fee = next(one for one in PAYIN.effects if one.path == "row:payins")
    others = [
        replace(PAYIN, rules=(RULE,)),
        replace(PAYIN, rules=()),
        replace(PAYIN, guarded=PAYIN.guarded | {"another"}),
        replace(PAYIN, effects=(*PAYIN.effects, EffectContract("row:more", frozenset()))),
        replace(PAYIN, effects=(replace(fee, lists={"history": "multiset"}), *PAYIN.effects[1:])),
    ]
    assert len({judge_fingerprint(one) for one in (PAYIN, *others)}) == 1 + len(others)


def test_a_rule_that_has_expired_is_none() -> None:
    ruled = replace(PAYIN, rules=(RULE,))
    after = RULE.expires + timedelta(days=1)
    assert fingerprint_on(ruled, RULE.expires) == judge_fingerprint(ruled)
    assert fingerprint_on(ruled, after) == fingerprint_on(replace(PAYIN, rules=()), after)


def test_a_rule_that_ends_too_late_is_none() -> None:
    endless = replace(RULE, expires=date.max)
    assert judge_fingerprint(replace(PAYIN, rules=(endless,))) == judge_fingerprint(replace(PAYIN, rules=()))


def test_what_has_no_part_in_a_verdict_has_none_in_it() -> None:
    assert judge_fingerprint(replace(PAYIN, lateness_s=5)) == judge_fingerprint(PAYIN)


def test_all_that_the_judge_is_made_of_counts() -> None:
    """Nobody has to think of it: a module that the judge takes in is seen here."""
    asked = "import sys, contracts.judge; print(*(name for name in sys.modules if name.startswith('contracts.')))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) <= {one.__name__ for one in JUDGING}
