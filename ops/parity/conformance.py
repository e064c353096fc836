"""Whether a program keeps to the oracle's protocol: tried with messages of a corpus, each promise by itself."""

from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from contracts.difference import Difference
from contracts.effect import MalformedOutcomeError
from contracts.envelope import AmqpFacts
from contracts.judge import judge_lines
from contracts.judged_type import judged_type
from contracts.outcome_line import OutcomeLine, read_line
from contracts.terms import Terms
from ops.notification import MADE_UP, contract_of, identity_of
from ops.parity.oracle import Oracle, OracleError
from ops.wording import number, plural


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of the protocol, and whether it was kept."""

    name: str
    kept: bool
    found: str
    """What was seen, without a value of a message."""


def check_oracle(command: Sequence[str], lines: Sequence[bytes], secret: str, other_secret: str) -> tuple[Promise, ...]:
    """Try a program with these notifications. Ends with the first promise whose breach makes the others pointless."""
    promises: list[Promise] = []
    try:
        answers = _run(command, lines, secret)
    except OracleError as error:
        return (Promise("one answer for each notification, then ends with 0", kept=False, found=str(error)),)
    promises.append(
        Promise("one answer for each notification, then ends with 0", kept=True, found=plural(len(answers), "answer"))
    )
    try:
        outcomes = _read(answers)
    except OracleError as error:
        return (*promises, Promise("every answer is an outcome document", kept=False, found=str(error)))
    empty = sum(1 for one in outcomes if one is None)
    promises.append(Promise("every answer is an outcome document", kept=True, found=f"{number(empty)} of them empty"))
    for name, check in (
        ("state begins anew with each process", lambda: _afresh(command, lines, secret, outcomes)),
        ("an answer does not hang on what comes after it", lambda: _alone(command, lines, secret, outcomes)),
        (
            "webhooks are signed with the secret that it is given",
            lambda: _signed(command, lines, other_secret, outcomes),
        ),
        ("an answer is about its notification, in their order", lambda: _in_order(lines, outcomes)),
    ):
        promises.append(_promise(name, check))
    return tuple(promises)


_Outcomes = Sequence[OutcomeLine | None]


def _promise(name: str, check: Callable[[], tuple[bool, str]]) -> Promise:
    try:
        return Promise(name, *check())
    except OracleError as error:
        return Promise(name, kept=False, found=str(error))


def _run(command: Sequence[str], lines: Sequence[bytes], secret: str) -> list[bytes]:
    with Oracle(command, secret) as oracle:
        return list(oracle.answers(lines))


def _read(answers: Sequence[bytes]) -> list[OutcomeLine | None]:
    found: list[OutcomeLine | None] = []
    for position, answer in enumerate(answers, 1):
        try:
            line = read_line(answer) if answer else None
            for effect in line.effect_lines() if line is not None else ():
                effect.effect()
        except MalformedOutcomeError as error:
            raise OracleError(f"answer {position:,}: {error}") from error
        found.append(line)
    return found


def _in_order(lines: Sequence[bytes], outcomes: _Outcomes) -> tuple[bool, str]:
    """Whether messages that were done have the identity that their contract names; of others nobody can tell."""
    told = wrong = 0
    for line, outcome in zip(lines, outcomes, strict=True):
        notification: dict[str, Any] = orjson.loads(line)
        contract = contract_of(notification["type"])
        if contract is None or outcome is None or outcome.ending != "done":
            continue
        facts = AmqpFacts(
            notification.get("exchange", ""),
            notification.get("routing_key", ""),
            redelivered=False,
            properties=notification.get("properties") or {},
        )
        identity = identity_of(contract, b64decode(notification.get("body_base64", "")), facts)
        if not identity.startswith(MADE_UP):
            told += 1
            wrong += identity != outcome.message_id
    if wrong:
        return False, f"{number(wrong)} of {plural(told, 'answer')} name another message: in order, one for each"
    return (
        True,
        f"{plural(told, 'answer')} with the identity of the contract" if told else "no message to tell by: not seen",
    )


def _afresh(command: Sequence[str], lines: Sequence[bytes], secret: str, first: _Outcomes) -> tuple[bool, str]:
    again = _read(_run(command, lines, secret))
    endings = sum(1 for one, other in zip(first, again, strict=True) if _ending(one) != _ending(other))
    if endings:
        return False, f"{plural(endings, 'message')} ended otherwise in a second process: does it keep its state?"
    noisy = sum(1 for one, other in zip(first, again, strict=True) if _differences(one, other))
    return True, f"{plural(noisy, 'message')} with noise; `compare calibrate` says which"


def _alone(command: Sequence[str], lines: Sequence[bytes], secret: str, first: _Outcomes) -> tuple[bool, str]:
    (alone,) = _read(_run(command, lines[:1], secret))
    if _ending(alone) != _ending(first[0]):
        return False, "the first message ended otherwise when it came alone"
    return True, "the first message, alone"


def _signed(command: Sequence[str], lines: Sequence[bytes], secret: str, first: _Outcomes) -> tuple[bool, str]:
    if not any(effect.kind == "webhook" for one in first if one is not None for effect in one.effect_lines()):
        return True, "no webhook among these messages: not seen"
    other = _read(_run(command, lines, secret))
    changed = noisy = 0
    for one, another in zip(first, other, strict=True):
        derived = judged_type(one.type).terms.derived if one is not None else {}
        paths = {each.path for each in _differences(one, another) if each.path.startswith("webhook:")}
        changed += bool(paths & derived.keys() if derived else paths)
        noisy += bool(paths and derived and not paths & derived.keys())
    if noisy and not changed:
        return True, f"{plural(noisy, 'message')} with noise in what is signed: not seen"
    return changed > 0, f"{plural(changed, 'message')} with another signature under another secret"


def _ending(one: OutcomeLine | None) -> str:
    return "rejected" if one is None else one.ending


def _differences(one: OutcomeLine | None, other: OutcomeLine | None) -> Sequence[Difference]:
    if one is None or other is None:
        return ()
    # A signature over a body that differs is left out: it would be another under the same secret, too.
    terms = Terms((), judged_type(one.type).terms.derived)
    return judge_lines([one], [other], terms, today=date.min).differences
