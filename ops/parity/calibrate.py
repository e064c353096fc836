"""The monolith beside itself, and beside us: what of its outcomes is noise."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from contracts.calibration import Noise
from contracts.difference import Difference
from contracts.effect import MalformedOutcomeError
from contracts.judge import judge_lines
from contracts.judged_type import judged_type
from contracts.message_type import MessageType
from contracts.noise import flagged
from contracts.outcome_line import OutcomeLine, read_line
from contracts.rule import Rule
from contracts.terms import Terms
from ops.corpus import CorpusReader
from ops.corpus_key import open_key
from ops.notification import contract_of
from ops.parity.oracle import Oracle, OracleError
from ops.parity.part import Sides

NOW = "{now}"
"""Stands for the time in the oracle's command, where it takes one: the second run's is an hour and a bit later."""
_LATER = timedelta(hours=1, minutes=1, seconds=1)


@dataclass(frozen=True, slots=True)
class Place:
    """One noisy place of a type."""

    type: str
    path: str
    messages: int
    """Of the type, whose two control outcomes differ there."""
    share: float
    """Of all messages of the type, 0 to 1."""
    tolerated: str | None
    """The accepted rule that covers it, where there is one."""
    proposal: Rule | None
    refused: str | None
    """Why no rule is proposed."""
    candidate_only: int
    """Messages in which the candidate differs from the first control there, and the second does not."""
    control_only: int
    """The other way round."""
    e_value: float
    flagged: bool
    """Whether the candidate differs there more than noise can explain."""


@dataclass
class Calibration:
    """What two runs of the oracle, and one of ours, have in common, by type and path."""

    messages: dict[str, int] = field(default_factory=dict)
    noise: dict[tuple[str, str], Noise] = field(default_factory=dict)

    def add(self, name: str, control: OutcomeLine, again: OutcomeLine, candidate: OutcomeLine | None) -> None:
        """Take in one delivery's three outcomes."""
        self.messages[name] = self.messages.get(name, 0) + 1
        known = judged_type(name)
        noisy = self.repeat(name, control, again)
        ours = set() if candidate is None else set(_differences(known.terms, control, candidate))
        for path in ours | set(noisy):
            seen = self.noise.setdefault((name, path), Noise(path))
            seen.paired = seen.paired.after(
                candidate_differs=path in ours and path not in noisy,
                secondary_differs=path in noisy and path not in ours,
            )

    def repeat(self, name: str, control: OutcomeLine, again: OutcomeLine) -> Mapping[str, Sequence[Difference]]:
        """Take in two control outcomes of one message: of two runs, or of two deliveries that were processed."""
        noisy = _differences(judged_type(name).terms, control, again)
        for path, one in noisy.items():
            self.noise.setdefault((name, path), Noise(path)).add(one)
        return noisy

    def places(self, *, alpha: float, owner: str, expires: date, lag_s: float, today: date) -> Iterator[Place]:
        """Every noisy place, with what is proposed. A place in which the monolith never differs has no noise."""
        noisy = {key: one for key, one in self.noise.items() if one.messages}
        found = flagged({f"{name} {path}": one.paired.e_value for (name, path), one in noisy.items()}, alpha)
        for (name, path), one in sorted(noisy.items()):
            known = judged_type(name)
            effects = tuple(effect.path for effect in known.effects) if isinstance(known, MessageType) else ()
            guarded = known.guarded if isinstance(known, MessageType) else frozenset[str]()
            rule = next((rule for rule in known.terms.rules if _covers(rule, one, today)), None)
            signed = known.terms.derived.values()
            proposed = one.proposal(effects, guarded, signed, owner=owner, expires=expires, lag_s=lag_s)
            yield Place(
                type=name,
                path=path,
                messages=one.messages,
                share=one.messages / self.messages[name],
                tolerated=None if rule is None else f"{rule.kind}, until {rule.expires}",
                proposal=proposed if rule is None and isinstance(proposed, Rule) else None,
                refused=proposed if rule is None and isinstance(proposed, str) else None,
                candidate_only=one.paired.candidate_differs,
                control_only=one.paired.secondary_differs,
                e_value=one.paired.e_value,
                flagged=f"{name} {path}" in found,
            )


def _covers(rule: Rule, noise: Noise, today: date) -> bool:
    """Whether an accepted rule is about this noise. How far times are apart is ours: see `NOW`."""
    if rule.path != noise.path or rule.kind != noise.kind or not rule.in_force(today):
        return False
    return rule.kind != "counter within" or noise.furthest <= rule.tolerance


def _differences(terms: Terms, control: OutcomeLine, other: OutcomeLine) -> Mapping[str, Sequence[Difference]]:
    """By path, whatever the rules say; what only follows from another difference is left out."""
    bare = replace(terms, rules=())
    found: dict[str, list[Difference]] = {}
    for one in judge_lines([control], [other], bare, today=date.min).differences:
        found.setdefault(one.path, []).append(one)
    return found


def calibrate(sides: Sides, types: tuple[str, ...] | None, messages: int) -> Calibration:
    """Run the oracle twice, and our side once, over the first messages of a corpus. Raises CommandError.

    Args:
        sides: as for a comparison; `NOW` in the oracle's command is filled in.
        types: names; all that have a contract where None.
        messages: how many at most.
    """
    from ops.parity.candidate import Candidate  # noqa: PLC0415  brings the AWS Encryption SDK

    found = Calibration()
    candidate = Candidate(sides.secret.encode(), lag=timedelta())
    now = datetime.now(UTC)
    sent: deque[bytes] = deque()
    processed: dict[str, OutcomeLine] = {}
    with (
        CorpusReader(sides.corpus, open_key(sides.key), unfinished=sides.unfinished) as corpus,
        CorpusReader(sides.corpus, open_key(sides.key), unfinished=sides.unfinished) as once_more,
        Oracle(_at(sides.oracle, now), sides.secret) as first,
        Oracle(_at(sides.oracle, now + _LATER), sides.secret) as second,
    ):

        def remembered() -> Iterator[bytes]:
            for line in _wanted(corpus, types, messages):
                sent.append(line)
                yield line

        again = second.answers(_wanted(once_more, types, messages))
        for position, answer in enumerate(first.answers(remembered()), 1):
            other, line = next(again), sent.popleft()
            if not answer or not other:
                continue
            notification: dict[str, Any] = orjson.loads(line)
            ours = candidate.process(notification).outcome
            try:
                control, repeated = read_line(answer), read_line(other)
                if control.ending == repeated.ending == "done":
                    name = notification["type"]
                    found.add(name, control, repeated, None if ours is None else read_line(ours))
                    former = processed.setdefault(f"{name} {notification['id']}", control)
                    if former is not control:  # a monolith that knows no repeated delivery does all of it again
                        found.repeat(name, former, control)
            except MalformedOutcomeError as error:
                raise OracleError(f"answer {position:,}: {error}") from error
        for _ in again:
            pass
    return found


def _at(command: Sequence[str], moment: datetime) -> tuple[str, ...]:
    return tuple(word.replace(NOW, moment.isoformat(timespec="seconds")) for word in command)


def _wanted(corpus: CorpusReader, types: tuple[str, ...] | None, messages: int) -> Iterator[bytes]:
    def chosen() -> Iterator[bytes]:
        for record in corpus.records():
            name = orjson.loads(record.line)["type"]
            if contract_of(name) is not None and (types is None or name in types):
                yield record.line

    return islice(chosen(), messages)
