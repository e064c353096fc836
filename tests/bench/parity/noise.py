"""Bar 15: the monolith beside itself gives no alarm, and its noise is learnt by itself."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from unittest.mock import patch

from contracts.outcome_line import OutcomeLine, read_line
from contracts.registry import FAMILIES
from contracts.rule import Rule
from contracts.tally import Sighting
from contracts.verdict import AGREED
from ops.parity.calibrate import Calibration
from tests.bench.parity import monolith
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import TODAY, found_by, judging_by, with_rules

_SEED = 15
_LATER = (datetime.fromisoformat(monolith.NOW) + timedelta(hours=1)).isoformat()
"""The second run's clock: as far behind as the rule on it allows."""
_ENVELOPES = {(one.name, rule.path, rule.kind) for family in FAMILIES for one in family.types for rule in one.rules}
Rules = Mapping[str, Sequence[Rule]]
"""By type."""

NO_RULES: Rules = {one.name: () for family in FAMILIES for one in family.types}
REGISTRY: Rules = {one.name: one.rules for family in FAMILIES for one in family.types}


def beside_itself(messages: int, rules: Rules) -> Measured:
    """Two runs of real PHP, an hour apart by their clocks, judged by rules; and what calibration makes of them."""
    proposed = _proposed(messages)
    alarms, decided, void = _alarms(messages, rules)
    by_proposal, _, _ = _alarms(messages, proposed)
    found = {(name, rule.path, rule.kind) for name, some in proposed.items() for rule in some}
    kinds = sorted({kind for _, _, kind in found})
    return Measured(
        f"{alarms:,} false alarms in {decided:,} messages; calibration without a rule proposes {len(found)} envelopes "
        f"({', '.join(kinds)}), {'those of the registry' if found == _ENVELOPES else 'others than the registry has'}, "
        f"and by these there are {by_proposal:,} false alarms",
        not alarms and not by_proposal and not void and decided == messages and found == _ENVELOPES,
    )


def _alarms(messages: int, rules: Rules) -> tuple[int, int, bool]:
    """How many messages are called different, of how many, and whether the comparison is void."""
    judging, alarms, decided = judging_by(*(with_rules(name, some) for name, some in rules.items())), 0, 0
    first, second = (monolith.by_message(monolith.control(messages, _SEED, now)) for now in (monolith.NOW, _LATER))
    assert first.keys() == second.keys()
    for position, (message_id, lines) in enumerate(first.items()):
        others = second[message_id]
        size_bytes = sum(map(len, (*lines, *others)))
        judgement = judging.judge(_read(lines), _read(others), Sighting(position), size_bytes)
        alarms += judgement.verdict not in AGREED
        decided += 1
    return alarms, decided, found_by(judging).void


def _read(lines: Iterable[bytes]) -> list[OutcomeLine]:
    return [read_line(line) for line in lines]


@cache
def _proposed(messages: int) -> Rules:
    """What calibration proposes by itself, by type."""
    with _no_rules():
        found = Calibration()
        both = (monolith.control(messages, _SEED, now) for now in (monolith.NOW, _LATER))
        for one, other in zip(*both, strict=True):
            control, again = read_line(one), read_line(other)
            if control.ending == again.ending == "done":
                found.add(control.type, control, again, None)
        proposed: dict[str, list[Rule]] = {name: [] for name in NO_RULES}
        for place in found.places(alpha=0.05, owner="payments", expires=TODAY, lag_s=3600, today=TODAY):
            if place.proposal is not None:
                proposed[place.type].append(place.proposal)
    return proposed


@contextmanager
def _no_rules() -> Iterator[None]:
    """A registry that nobody has put a rule into yet."""
    types = {name: with_rules(name, ()) for name in NO_RULES}
    with patch("ops.parity.calibrate.judged_type", types.__getitem__):
        yield
