"""Dead letters as an operator sees them: all that the index tells unopened, and how to choose among them."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from contracts.envelope import Stamp
from contracts.letter import STATES, Source, State, fingerprint

PLAIN_ATTRIBUTES = (
    *("pk", "state", "source", "queue", "family", "type", "message_id", "tenant", "business_key", "authority"),
    *("stamp_epoch", "cause", "fingerprint", "first_seen", "last_seen", "count", "attempts", "body_digest", "run"),
    *("fingerprints", "effect", "sent_in", "answer", "answered_in", "resolved_at", "resolved_by", "expires_at"),
)
"""All of an index item but what is sealed."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter, nothing of its message opened."""

    letter_id: str
    state: State
    source: Source
    queue: str
    """Where it was found: the dead-letter queue, or the Invalid Message Channel's."""
    cause: str
    fingerprint: str
    first_seen: str
    """RFC 3339, as all times of a letter."""
    last_seen: str
    count: int
    """How often the message was given up on."""
    attempts: int
    """Receives that went before, of the last time."""
    body_digest: str
    tenant: str
    family: str | None = None
    type: str | None = None
    message_id: str | None = None
    business_key: str | None = None
    effect: str | None = None
    """Id of the one effect that the letter is about; None where it is about a message."""
    stamp: Stamp | None = None
    """Its decision; None where nobody could read one."""
    run: str | None = None
    """The replay run that it came back from last."""
    fingerprints: tuple[str, ...] = ()
    """Of all times that it came."""
    sent_in: str | None = None
    """The replay run that has taken it, or did last."""
    answer: str | None = None
    answered_in: str | None = None
    """The replay run that `answer` belongs to."""
    resolved_at: str | None = None
    resolved_by: str | None = None
    expires_at: int | None = None
    """Seconds since the epoch at which a resolved letter goes; an open one is kept."""


def read_letter(item: Mapping[str, Any]) -> Letter:
    """The letter in an item of the index. Raises KeyError, ValueError where it is none."""
    text = {name: value["S"] for name, value in item.items() if "S" in value}
    number = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    cause = text["cause"]
    return Letter(
        letter_id=text["pk"],
        state=_known(text["state"], STATES),
        source=_known(text["source"], get_args(Source)),
        queue=text.get("queue", ""),
        cause=cause,
        fingerprint=text.get("fingerprint") or fingerprint(text.get("type"), cause),
        first_seen=text["first_seen"],
        last_seen=text["last_seen"],
        count=number.get("count", 1),
        attempts=number.get("attempts", 0),
        body_digest=text["body_digest"],
        tenant=text.get("tenant", "default"),
        family=text.get("family"),
        type=text.get("type"),
        message_id=text.get("message_id"),
        business_key=text.get("business_key"),
        effect=text.get("effect"),
        stamp=_stamp(text.get("authority"), number.get("stamp_epoch")),
        run=text.get("run"),
        fingerprints=tuple(one["S"] for one in item.get("fingerprints", {}).get("L", ())),
        sent_in=text.get("sent_in"),
        answer=text.get("answer"),
        answered_in=text.get("answered_in"),
        resolved_at=text.get("resolved_at"),
        resolved_by=text.get("resolved_by"),
        expires_at=number.get("expires_at"),
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """What an operator chooses letters by; what is None does not matter. All of them hold."""

    type: str | None = None
    family: str | None = None
    cause: str | None = None
    """A whole cause, or its first word: `model` stands for `model:payins.0.amount` too."""
    fingerprint: str | None = None
    since: datetime | None = None
    """Seen last then or later."""

    def takes(self, letter: Letter) -> bool:
        """Whether the letter is one of those."""
        return (
            self.type in (None, letter.type)
            and self.family in (None, letter.family)
            and self.fingerprint in (None, letter.fingerprint)
            and self.cause in (None, letter.cause, letter.cause.partition(":")[0])
            and (self.since is None or datetime.fromisoformat(letter.last_seen) >= self.since)
        )

    def document(self) -> dict[str, str]:
        """What was asked for, as a plan tells it."""
        named = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else str(value)
            for name, value in named.items()
            if value is not None
        }


def in_order(letters: Iterable[Letter]) -> tuple[Letter, ...]:
    """Oldest first: within a business key, the order in which messages failed, which is that of their publishing."""
    return tuple(sorted(letters, key=lambda one: (datetime.fromisoformat(one.first_seen), one.letter_id)))


def _stamp(authority: str | None, epoch: int | None) -> Stamp | None:
    if epoch is None or authority not in ("legacy", "new"):
        return None
    return Stamp(authority, epoch)  # type: ignore[arg-type]  # looked at above


def _known(value: str, words: tuple[Any, ...]) -> Any:
    if value not in words:
        raise ValueError("a letter's state or source that nobody knows")
    return value
