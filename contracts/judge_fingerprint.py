"""What verdicts on a type hang on, as a short text: the code that judges, and the type's own terms.

Counts of mutants belong to it. Where either changes, what was killed before says nothing of what survives now.
"""

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from contracts import difference, effect, judge, liveness, mutant, outcome_line, rule, shape, terms, verdict
from contracts.message_type import MessageType

JUDGING: tuple[ModuleType, ...] = (
    *(difference, effect, judge, outcome_line, rule, shape, terms, verdict),
    *(liveness, mutant),
)
"""All that a verdict comes from, and all that says which mutants there are and what became of them."""
_DIGITS = 12


def judge_fingerprint(message_type: MessageType) -> str:
    """Twelve hexadecimal digits; the same wherever the same code judges by the same terms."""
    return _fingerprint(
        message_type.terms.rules,
        sorted(message_type.terms.derived.items()),
        sorted(message_type.terms.lists.items()),
        sorted(message_type.guarded),
        [(one.path, sorted(one.plain)) for one in message_type.effects],
    )


def _fingerprint(*said: Iterable[object]) -> str:
    # Rules are dataclasses of texts, numbers and days: what they are written as is what they say.
    return hashlib.sha256(_code() + repr(said).encode()).hexdigest()[:_DIGITS]


@cache
def _code() -> bytes:
    digest = hashlib.sha256()
    for module in JUDGING:
        digest.update(f"{module.__name__}\0".encode() + Path(str(module.__file__)).read_bytes() + b"\0")
    return digest.digest()
