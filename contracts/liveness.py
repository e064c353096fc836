"""Whether a comparison is alive: what became of its mutants, by message type, kind and place.

*Killed*: called different. *Tolerated*: called equal by an accepted rule on a place that may be tolerated (an hour,
where a rule allows an hour). *Survived*: called equal, and nobody may say so, a rule on money, identity or state
neither. One survivor voids the comparison, and so does a type that agrees and of which no mutant was made.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Literal, get_args

from contracts.difference import effect_path
from contracts.effect import Attempt, Effect
from contracts.judge import judge as judge_messages
from contracts.judged_type import JudgedType
from contracts.mutant import MutantKind, Place, mutate, places
from contracts.verdict import AGREED, Verdict

Fate = Literal["killed", "tolerated", "survived"]
Probe = Callable[[Sequence[Effect]], Verdict | None]
"""Judges a message's outcome with other effects in the candidate's place; None where those are the control's own: a
tolerated value may be altered into just what the control did, and nothing is wrong then."""

KINDS: tuple[MutantKind, ...] = get_args(MutantKind)
WHOLE: frozenset[MutantKind] = frozenset(
    {
        *("lost row", "doubled row", "dropped event", "reordered pair"),
        *("one cent", "wrong signature", "swapped parties", "other writing"),
    }
)
"""Kinds that nothing may tolerate, wherever they are made."""
AT_ONCE: Mapping[MutantKind, int] = {"altered value": 4}
"""Mutants of a kind that one message is made; of the others one."""
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that was called equal."""

    type: str
    kind: MutantKind
    path: str
    count: int


@dataclass
class Liveness:
    """Counts of fates, added up as a comparison goes. Mergeable."""

    fates: Counter[tuple[str, MutantKind, str, Fate]] = field(default_factory=Counter)
    """Number of mutants by type, kind, place and fate."""
    agreed: Counter[str] = field(default_factory=Counter)
    """Agreeing messages that have effects, by type: of some of them mutants are to be made."""

    def probe(self, effects: Sequence[Effect], message_type: JudgedType, judge: Probe) -> None:
        """Make mutants of every kind that an agreeing message offers, in its least tried places, and judge them."""
        candidates: dict[MutantKind, list[Place]] = {}
        for place in places(effects, message_type):
            candidates.setdefault(place.kind, []).append(place)
        for kind, offered in candidates.items():
            offered.sort(key=lambda place: self._tried(message_type.name, place))
            # One a path: a mask is over a path, and a long list would take the turns of all other fields.
            chosen: dict[str, Place] = {}
            for place in offered:
                chosen.setdefault(place.path, place)
            for place in islice(chosen.values(), AT_ONCE.get(kind, 1)):
                within = effect_path(effects[place.position])
                self.note(message_type, kind, place.path, judge(mutate(effects, place)), within=within)

    def probe_pair(
        self, message_type: JudgedType, one: Sequence[Effect], other: Sequence[Effect], judge: Probe
    ) -> None:
        """Give one message what another one did, as if they had been processed in the other order.

        Two messages that did the same, but for what rules are about, make no mutant: nothing would be wrong.
        """
        verdict = judge(other)
        if verdict not in AGREED or _differ_beyond_rules(message_type, one, other):
            self.note(message_type, "reordered pair", effect_path(other[0]) if other else "", verdict)

    def note(
        self, message_type: JudgedType, kind: MutantKind, path: str, verdict: Verdict | None, *, within: str = ""
    ) -> None:
        """Count one mutant by the verdict that it got.

        Args:
            message_type: what it was judged by.
            kind: what is wrong in it.
            path: and where.
            verdict: of the judge; None where it was no mutant, and is not counted.
            within: path of the effect that is wrong: it may have dots, and its name guards nothing.
        """
        if verdict is None:
            return
        fate: Fate = "killed" if verdict not in AGREED else "survived"
        # As the registry has it: what stands beneath a guarded field is guarded too.
        guarded = any(step.rstrip("[]") in message_type.guarded for step in path.removeprefix(within).split("."))
        if verdict is Verdict.MATCH_BY_RULE and kind not in WHOLE and not guarded:
            fate = "tolerated"
        self.fates[message_type.name, kind, path, fate] += 1

    def add(self, other: "Liveness") -> None:
        """Take in another part of the same comparison."""
        self.fates.update(other.fates)
        self.agreed.update(other.agreed)

    def counts(self, fate: Fate) -> Mapping[tuple[str, MutantKind], int]:
        """Number of mutants of that fate, by type and kind."""
        counts: Counter[tuple[str, MutantKind]] = Counter()
        for (name, kind, _, known), count in self.fates.items():
            if known == fate:
                counts[name, kind] += count
        return counts

    @property
    def survivors(self) -> tuple[Survivor, ...]:
        """What was called equal, the most frequent first."""
        found = [
            Survivor(name, kind, path, count)
            for (name, kind, path, fate), count in self.fates.items()
            if fate == "survived"
        ]
        return tuple(sorted(found, key=lambda one: (-one.count, one.type, one.kind, one.path)))

    @property
    def unprobed(self) -> tuple[str, ...]:
        """Types whose messages agree, and of which no mutant was made: nobody knows what is seen of them."""
        probed = {name for name, *_ in self.fates}
        return tuple(sorted(name for name, count in self.agreed.items() if count and name not in probed))

    def _tried(self, name: str, place: Place) -> int:
        return sum(self.fates[name, place.kind, place.path, fate] for fate in get_args(Fate))


def did_the_same(one: Iterable[Effect], other: Iterable[Effect]) -> bool:
    """Whether two sides' effects are equal, value for value. Asks nothing of the judge, which is what is tried."""
    left = list(other)
    for effect in one:
        if effect not in left:
            return False
        left.remove(effect)
    return not left


def _differ_beyond_rules(message_type: JudgedType, one: Sequence[Effect], other: Sequence[Effect]) -> bool:
    terms = message_type.terms
    ruled = {rule.path for rule in terms.rules}
    sides = [[Attempt("", message_type.name, 1, "done", None, _NEVER, tuple(effects))] for effects in (one, other)]
    found = judge_messages(sides[0], sides[1], replace(terms, rules=()), today=date.min)
    return any(difference.path not in ruled for difference in found.differences)
