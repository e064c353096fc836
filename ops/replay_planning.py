"""Makes a plan of what the index, the ledger and the control table say now. Sends nothing and changes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from bridge.port import Delivery, Entry
from bridge.translator import notification_translator
from contracts.authority import AuthorityRecord
from contracts.control_item import write_time
from contracts.envelope import read_envelope, write_envelope
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import Family
from ops.letter import Letter
from ops.letter_opening import LetterOpener, OpenedLetter, delivery
from ops.letter_structure import type_of
from ops.plan_file import Plan, PlannedFamily, PlannedLetter
from ops.replay_answer import Glance, is_done
from ops.replay_message import Outgoing, RefusedLetterError, again, rehomed, returned, translated
from ops.replay_plan import TAPPED, Circumstances, Reading, Weighed, weigh


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator asks for."""

    stack: str
    operator: str
    reason: str
    ticket: str | None
    choice: Mapping[str, object]
    limit: int | None
    rate_per_s: float
    max_failures: str
    rehome: bool


def make_plan(
    letters: Sequence[Letter],
    wish: Wish,
    families: Mapping[str, Family],
    opener: LetterOpener,
    standing: Callable[[str], AuthorityRecord],
    running: frozenset[str],
    now: datetime,
) -> tuple[Plan | None, Weighed]:
    """The plan, and what was left out of it; no plan where nothing is left. Raises CommandError."""
    records = {name: standing(name) for name in families}
    readings = {one.letter_id: read_anew(one, opener, families, now) for one in letters if one.source == "invalid"}
    around = Circumstances(wish.stack, families, records, readings, running, wish.rehome)
    weighed = weigh(letters, around, wish.limit)
    if not weighed.letters:
        return None, weighed
    touched = sorted({one.family for one in weighed.letters})
    plan = Plan(
        stack=wish.stack,
        created_at=write_time(now),
        operator=wish.operator,
        reason=wish.reason,
        ticket=wish.ticket,
        choice=wish.choice,
        rate_per_s=wish.rate_per_s,
        max_failures=wish.max_failures,
        rehome=wish.rehome,
        families=tuple(
            PlannedFamily(name, records[name].stage, records[name].stamp_epoch, records[name].phase) for name in touched
        ),
        letters=weighed.letters,
    )
    return plan, weighed


def done_already(letters: Sequence[PlannedLetter], glances: Mapping[str, Glance]) -> int:
    """How many of the messages the ledger knows as done: a run only resolves those."""
    found = ((one, glances.get(one.message_id or "")) for one in letters if one.effect is None)
    return sum(1 for one, glance in found if glance is not None and is_done(one, glance))


def read_anew(letter: Letter, opener: LetterOpener, families: Mapping[str, Family], now: datetime) -> Reading | str:
    """What a message of the Invalid Message Channel reads as by the present contracts, or why it cannot be read."""
    try:
        _, entry = _translate(letter, opener.open(letter), families, now)
    except RefusedLetterError as error:
        return str(error)
    return Reading(entry.id, entry.type, read_envelope(entry.envelope).subject)


def compose(
    planned: PlannedLetter,
    letter: Letter,
    opened: OpenedLetter,
    families: Mapping[str, Family],
    run: str,
    now: datetime,
) -> Outgoing:
    """The message that a planned letter is sent as. Raises RefusedLetterError."""
    if opened.parked is not None:
        parked_delivery, entry = _translate(letter, opened, families, now)
        return translated(planned, parked_delivery, lambda _: entry, run)
    if planned.source == "return":
        return returned(planned, opened.content, opened.body, opened.claim, run)
    if planned.way == "hold":
        return rehomed(planned, opened.content, letter.business_key, run)
    return again(planned, opened.content, families[planned.family], run)


def _translate(
    letter: Letter, opened: OpenedLetter, families: Mapping[str, Family], now: datetime
) -> tuple[Delivery, Entry]:
    """By the present contract of where it was published; stamped as it was, or as the tap would have."""
    parked = opened.parked
    if parked is None:
        raise RefusedLetterError("it is no message of the Invalid Message Channel")
    message_type = type_of(families, None, letter.source, (parked.exchange, parked.routing_key))
    if message_type is None:
        raise RefusedLetterError("unknown-type: no contract for its exchange and routing key")
    family = next(one for one in families.values() if message_type in one.types)
    again = delivery(parked)
    try:
        entry = notification_translator(family, now.timestamp)(again)
    except InvalidMessageError as error:
        raise RefusedLetterError(error.cause) from error
    envelope = read_envelope(entry.envelope)
    stamped = replace(envelope, stamp=parked.stamp or TAPPED)
    return again, replace(entry, envelope=write_envelope(stamped))
