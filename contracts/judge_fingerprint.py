"""What verdicts on a type hang on, as a short text: the code that judges, and the type's own terms.

Counts of mutants belong to it. Where either changes, what was killed before says nothing of what survives now.
"""

import hashlib
from collections.abc import Mapping, Set
from dataclasses import fields, replace
from datetime import date
from functools import cache
from pathlib import Path
from types import ModuleType

from contracts import (
    closest,
    difference,
    effect,
    judge,
    liveness,
    mutant,
    outcome_line,
    pairing,
    rule,
    shape,
    spelling,
    terms,
    tolerance,
    verdict,
)
from contracts.message_type import MessageType

JUDGING: tuple[ModuleType, ...] = (
    *(closest, difference, effect, judge, outcome_line, pairing, rule, shape, spelling, terms, tolerance, verdict),
    *(liveness, mutant),
)
"""All that a verdict comes from, and all that says which mutants there are and what became of them."""
_DIGITS = 12


def judge_fingerprint(message_type: MessageType, today: date) -> str:
    """Twelve hexadecimal digits; the same wherever the same code judges by the same terms.

    Args:
        message_type: whose.
        today: a rule that is not in force then is none.
    """
    rules = tuple(one for one in message_type.terms.rules if one.in_force(today))
    known = replace(message_type.terms, rules=rules)
    said = [
        *(_ordered(getattr(known, one.name)) for one in fields(known)),
        _ordered(message_type.guarded),
        [(one.path, _ordered(one.plain)) for one in message_type.effects],
    ]
    # Rules are dataclasses of texts, numbers and days: what they are written as is what they say.
    return hashlib.sha256(_code() + repr(said).encode()).hexdigest()[:_DIGITS]


def _ordered(value: object) -> object:
    if isinstance(value, Mapping):
        return sorted(value.items())
    return sorted(value) if isinstance(value, Set) else value


@cache
def _code() -> bytes:
    digest = hashlib.sha256()
    for module in JUDGING:
        digest.update(f"{module.__name__}\0".encode() + Path(str(module.__file__)).read_bytes() + b"\0")
    return digest.digest()
