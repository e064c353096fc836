"""Dead letters that share a fingerprint: one fault, one group, however often it struck."""

from collections.abc import Iterable
from dataclasses import dataclass

from ops.letter import Letter, in_order

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Letters of one fingerprint."""

    fingerprint: str
    cause: str
    """Of the one seen last; those of the others differ in their numbers at most."""
    types: tuple[str, ...]
    letters: int
    given_up: int
    """How often one of them was given up on."""
    first_seen: str
    last_seen: str
    examples: tuple[str, ...]
    """Ids of the oldest."""

    @property
    def command(self) -> str:
        """What plans a replay of the group."""
        return f"strangler replay plan -o {self.fingerprint}.json --fingerprint {self.fingerprint} --reason '...'"


def group(letters: Iterable[Letter], examples: int = EXAMPLES) -> tuple[LetterGroup, ...]:
    """Groups, the largest first."""
    together: dict[str, list[Letter]] = {}
    for letter in letters:
        together.setdefault(letter.fingerprint, []).append(letter)
    groups = [_group(fingerprint, in_order(members), examples) for fingerprint, members in together.items()]
    return tuple(sorted(groups, key=lambda one: (-one.letters, one.fingerprint)))


def _group(fingerprint: str, members: tuple[Letter, ...], examples: int) -> LetterGroup:
    latest = max(members, key=lambda one: one.last_seen)
    return LetterGroup(
        fingerprint=fingerprint,
        cause=latest.cause,
        types=tuple(sorted({one.type or "unknown" for one in members})),
        letters=len(members),
        given_up=sum(one.count for one in members),
        first_seen=members[0].first_seen,
        last_seen=latest.last_seen,
        examples=tuple(one.letter_id for one in members[:examples]),
    )
