"""Parity of the ported handlers with the monolith itself, over its own publisher's scenario."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date

from contracts.judge import judge
from contracts.registry import type_named
from contracts.verdict import AGREED, Verdict
from tests.contract.parity.side import candidate, control, scenario

TODAY = date(2026, 11, 21)


def test_both_sides_agree_on_every_message_of_the_scenario(php: Sequence[str]) -> None:
    notifications = scenario(php, 1500, seed=9)
    theirs = defaultdict(list)
    for attempt in control(php, notifications):
        theirs[attempt.message_id].append(attempt)
    ours = candidate(notifications)
    verdicts: Counter[Verdict] = Counter()
    differing = []
    for message_id, attempts in theirs.items():
        message_type = type_named(attempts[0].type)
        entry = ours.entries.get(message_id)
        judgement = judge(
            attempts,
            [] if entry is None else [entry.attempt],
            message_type.terms,
            today=TODAY,
        )
        verdicts[judgement.verdict] += 1
        if judgement.verdict not in AGREED:
            differing.append((message_type.name, judgement.verdict, judgement.differences[:3]))
    assert differing == []
    assert sum(verdicts.values()) == 1500
    assert verdicts[Verdict.MATCH] > 0
    assert verdicts[Verdict.MATCH_BY_RULE] > 0
