"""Judges messages one after the other, adds up what it finds, and makes mutants of some of them on the way."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import msgspec

from contracts.effect import Effect, write_json
from contracts.judge import Judgement, final_ending, judge_lines
from contracts.judged_type import JudgedType, judged_type
from contracts.liveness import Liveness, did_the_same
from contracts.outcome_line import EffectLine, OutcomeLine
from contracts.tally import Sighting, Tally
from contracts.verdict import AGREED, Verdict

PROBED_AT_LEAST = 20
"""Agreeing messages of a type that mutants are made of, from its first one on."""
PROBED_OF = 5_000
"""Afterwards one in so many."""
_NONE = re.compile(rb"\[\s*\]")


@dataclass
class Judging:
    """A comparison, or a part of one."""

    today: date
    tally: Tally = field(default_factory=Tally)
    liveness: Liveness = field(default_factory=Liveness)
    _types: dict[str, JudgedType] = field(default_factory=dict)
    _former: dict[str, Sequence[Effect]] = field(default_factory=dict)

    def judge(
        self,
        control: Sequence[OutcomeLine],
        candidate: Sequence[OutcomeLine],
        seen: Sighting,
        size_bytes: int,
        name: str | None = None,
    ) -> Judgement:
        """Judge one message, both sides being over with it. Raises MalformedOutcomeError.

        Args:
            control: the monolith's outcomes.
            candidate: ours.
            seen: where the message stands in the comparison.
            size_bytes: of all outcomes.
            name: of its type; as the first outcome says unless given.
        """
        name = name or (control or candidate)[0].type
        known = self._types.get(name)
        if known is None:
            known = self._types[name] = judged_type(name)
        judgement = self._judge(control, candidate, known)
        message_id = (control or candidate)[0].message_id
        self.tally.of(name).add(judgement, name, message_id, seen, size_bytes)
        if judgement.verdict in AGREED and (
            acting := [line for line in candidate if not _NONE.fullmatch(line.effects)]
        ):
            self.liveness.agreed[name] += 1
            if _is_probed(self.liveness.agreed[name]):
                self._probe(known, control, candidate, acting)
        return judgement

    def match(self, name: str, *, acting: bool) -> bool:
        """Count a message of which it is known already that both sides did the same.

        Args:
            name: of its type.
            acting: whether it has effects.

        Returns:
            False where it was not counted: mutants are to be made of it, and `judge` makes them.
        """
        if acting:
            if _is_probed(self.liveness.agreed[name] + 1):
                return False
            self.liveness.agreed[name] += 1
        self.tally.of(name).counts[Verdict.MATCH] += 1
        return True

    def _judge(self, control: Sequence[OutcomeLine], candidate: Sequence[OutcomeLine], known: JudgedType) -> Judgement:
        judgement = judge_lines(control, candidate, known.terms, today=self.today)
        if judgement.verdict is not Verdict.PENDING:
            return judgement
        theirs, ours = final_ending(control), final_ending(candidate)
        if theirs is None and ours is None:
            return Judgement(Verdict.EXPIRED)
        return Judgement(Verdict.CANDIDATE_ONLY if theirs is None else Verdict.CONTROL_ONLY)

    def _probe(
        self,
        known: JudgedType,
        control: Sequence[OutcomeLine],
        candidate: Sequence[OutcomeLine],
        acting: Sequence[OutcomeLine],
    ) -> None:
        """Make mutants of the last attempt of those that have effects."""
        last = max(acting, key=lambda line: (line.ending != "duplicate", line.attempt))
        lines = last.effect_lines()
        effects = [line.effect() for line in lines]
        others = [line for line in candidate if line is not last]
        written = {id(effect): line for effect, line in zip(effects, lines, strict=True)}

        def verdict(altered: Sequence[Effect]) -> Verdict | None:
            found = self._judge(control, [*others, _with(last, altered, written)], known).verdict
            same = found is Verdict.MATCH and did_the_same(_effects(control), [*_effects(others), *altered])
            return None if same else found

        self.liveness.probe(effects, known, verdict)
        former = self._former.get(known.name)
        if former is not None:
            self.liveness.probe_pair(known, effects, former, verdict)
        self._former[known.name] = effects


def _is_probed(number: int) -> bool:
    """Whether mutants are made of the agreeing message of that number, of those of its type that have effects."""
    return number <= PROBED_AT_LEAST or number % PROBED_OF == 0


def _effects(lines: Sequence[OutcomeLine]) -> list[Effect]:
    return [effect.effect() for line in lines for effect in line.effect_lines()]


def _with(line: OutcomeLine, effects: Sequence[Effect], written: Mapping[int, EffectLine]) -> OutcomeLine:
    """The outcome with other effects, by way of their bytes: a mutant takes the way that every outcome takes.

    Args:
        line: the outcome.
        effects: what is to be in it.
        written: by the identity of an object, the bytes of those that stay as they are.
    """
    listed = [
        written.get(id(one)) or {"kind": one.kind, "name": one.name, "key": one.key, "value": one.value}
        for one in effects
    ]
    return msgspec.structs.replace(line, effects=msgspec.Raw(write_json(listed).encode()))
