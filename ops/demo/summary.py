"""What a run has shown, as figures: `summary.json`, and whether the run was a success."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.verdict import AGREED, Verdict, agreement
from ops.audit import LOST, TWICE
from ops.comparison import Comparison, TypeAgreement, quantile, total
from ops.demo.move import Move
from ops.document import document
from ops.ledger import Timing

_FAULTS = (*LOST, *TWICE, "unexpected")


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run."""

    published: int
    comparison: Comparison
    audit: Mapping[str, Any]
    """The independent audit's finding over the shadow run."""
    duration_s: float
    move: Move | None = None
    """What the second act has shown; None where it was not played."""

    @property
    def verdicts(self) -> Mapping[Verdict, int]:
        """Number of messages by verdict."""
        return total(self.comparison.types)

    @property
    def agreed(self) -> bool:
        """In the shadow run nothing lost or twice, both sides agree on every single message, and no mutant survived."""
        agreed = sum(count for verdict, count in self.verdicts.items() if verdict in AGREED)
        clean = not any(self.audit[name] for name in _FAULTS)
        return clean and not self.comparison.void and agreed == self.published == self.audit["published"]

    @property
    def succeeded(self) -> bool:
        """Both sides agreed, and where the second act was played, it went well too."""
        return self.agreed and (self.move is None or self.move.succeeded)

    def document(self) -> dict[str, Any]:
        """As it is written to `summary.json`."""
        return {
            "published": self.published,
            "ledger": self.audit["ledger"],
            "lost": self.audit["lost"],
            "processed_twice": self.audit["processed_twice"],
            "unexpected": self.audit["unexpected"],
            "verdicts": _verdicts(self.verdicts),
            "pending": self.verdicts.get(Verdict.PENDING, 0),
            "agreement": agreement(self.verdicts),
            "types": {
                one.type: {
                    "seen": one.seen,
                    "agreed": sum(count for verdict, count in one.counts.items() if verdict in AGREED),
                    "verdicts": _verdicts(one.counts),
                    "agreement": one.agreement,
                    "p50_s": one.p50_s,
                    "p99_s": one.p99_s,
                    "agreement_at_least": None if one.confidence is None else one.confidence.agreement_at_least,
                    "messages_needed": None if one.confidence is None else one.confidence.messages_needed,
                }
                for one in self.comparison.types
            },
            "groups": [
                {"signature": one.signature, "count": one.count, "also": one.also} for one in self.comparison.groups
            ],
            "mutants": {
                fate: sum(getattr(one, fate) for one in self.comparison.mutants)
                for fate in ("killed", "tolerated", "survived")
            },
            "survivors": document(self.comparison.survivors),
            "void": self.comparison.void,
            "cutover": None if self.move is None else self.move.document(),
            "replayed": 0 if self.move is None else self.move.replayed,
            "duration_s": round(self.duration_s, 1),
            "succeeded": self.succeeded,
        }


def tally(
    types: Mapping[str, str], published_at: Mapping[str, datetime], timings: Iterable[Timing]
) -> tuple[TypeAgreement, ...]:
    """Verdicts and times of every published message, by type; one without a verdict is pending."""
    judged = {timing.message_id: timing for timing in timings if timing.verdict is not None}
    counts: dict[str, dict[Verdict, int]] = defaultdict(lambda: defaultdict(int))
    waits: dict[str, list[float]] = defaultdict(list)
    for message_id, type_name in types.items():
        timing = judged.get(message_id)
        if timing is None or timing.verdict is None or timing.judged_at is None:
            counts[type_name][Verdict.PENDING] += 1
            continue
        counts[type_name][timing.verdict] += 1
        waits[type_name].append((timing.judged_at - published_at[message_id]).total_seconds())
    return tuple(
        TypeAgreement(name, dict(counts[name]), quantile(waits[name], 0.5), quantile(waits[name], 0.99))
        for name in sorted(counts)
    )


def _verdicts(counts: Mapping[Verdict, int]) -> dict[str, int]:
    return {verdict.value: counts[verdict] for verdict in Verdict if counts.get(verdict)}
