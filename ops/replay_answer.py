"""What came of a letter that was sent again: told by the ledger and by the index, never by the sending. Pure."""

from dataclasses import dataclass
from typing import Literal, get_args

from contracts.effect_id import read_effect_id
from ops.letter import Letter
from ops.plan_file import PlannedLetter

Answer = Literal[
    "processed",
    "already done",
    "handed to hold",
    "handed to return",
    "failed the same way",
    "failed anew",
    "not comparable",
    "refused",
    "no answer",
]
"""`processed`: by this run. `already done`: before it. `handed to hold`: the router stamps it anew. `handed to return`:
it lies in the return queue, and nothing tells when RabbitMQ has taken it, only when it does not. `failed the same way`,
`failed anew`: it is a dead letter again, of the same fingerprint or of another. `not comparable`: a copy whose
authority has moved. `refused`: it is not what the plan says, or SQS will never take it. `no answer`: not in time."""

ANSWERS: tuple[Answer, ...] = get_args(Answer)
ENDS_LETTER: frozenset[Answer] = frozenset({"processed", "already done", "handed to hold", "handed to return"})
"""Nothing is left to be done: the letter is resolved."""
FAILURES: frozenset[Answer] = frozenset(
    {"failed the same way", "failed anew", "not comparable", "refused", "no answer"}
)
"""What the error budget counts."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What the ledger says of a message."""

    done: bool
    body_digest: str | None
    replay: str | None = None
    """The replay run by which it was done."""
    stale: bool = False
    pending: frozenset[str] = frozenset()
    """Ordinals of the effects that have not left."""
    control_final: bool = False
    """The monolith will not try it again."""
    as_copy: bool = False
    """Done as a copy: its effects were the monolith's to send."""


def hear(planned: PlannedLetter, letter: Letter, glance: Glance | None, run: str) -> Answer | None:
    """The answer about a letter, as far as there is one.

    Done with other bytes is an id conflict, which is for the worker to say.
    """
    noted = noted_answer(letter, run)
    if noted is not None:
        return noted
    ours = letter.sent_in == run
    # An effect that nobody took carries no run: what was marked and is open again has come back.
    came_back = ours and letter.state == "open" and (letter.run == run or planned.effect is not None)
    if came_back:
        return "failed the same way" if letter.fingerprint == planned.fingerprint else "failed anew"
    if planned.way == "return":
        return None  # the ledger lets go of an effect when SQS takes it, so it tells nothing of what came after
    if planned.effect is not None:
        return "processed" if ours and glance is not None and _has_left(planned.effect, glance) else None
    if glance is None:
        return None
    if is_done(planned, glance):
        return "processed" if glance.done and glance.replay == run else "already done"
    same = glance.body_digest in (None, planned.body_digest)
    return "not comparable" if same and ours and glance.stale else None


def is_done(planned: PlannedLetter, glance: Glance) -> bool:
    """Whether a message, no effect of it, has come to its end on the side that was to act, whichever way it was to go.

    What was stamped new and the monolith has ended, it got from the router, stamped anew: the worker would pass it over
    without a word, and it must not be held once more. What only a copy of has been processed, nobody's effects left of.
    """
    if glance.body_digest not in (None, planned.body_digest):
        return False
    if planned.authority != "new":
        return glance.done
    return glance.control_final or (glance.done and not glance.as_copy)


def _has_left(effect: str, glance: Glance) -> bool:
    _, ordinal = read_effect_id(effect)
    return ordinal not in glance.pending


def noted_answer(letter: Letter, run: str) -> Answer | None:
    """The answer of this run that the index holds already; one that was still missing is waited for again."""
    if letter.answered_in != run:
        return None
    return next((one for one in ANSWERS if one == letter.answer and one != "no answer"), None)
