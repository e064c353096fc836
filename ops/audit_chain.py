"""The audit chain: who did what to a deployment, when and why, each entry holding the hash of the one before.

Whoever changes something writes here first: where the entry cannot be written, nothing is done. An entry that was
altered, taken out or put in between breaks the chain from there on, and is named. What nobody can see from inside is a
chain cut off at its end: `strangler cutover history` prints number and hash of the last entry, to be kept elsewhere.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.control_item import write_time
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PARTITION = "audit"
BEGINNING = "0" * 64
"""What the first entry has for the hash of the one before."""
TRIES = 30
"""How often another entry may be faster before we give up."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody is about to do."""

    action: str
    """A verb, and what it is about: `live: begin`."""
    operator: str
    """ARN of the credentials; in entries of earlier versions, whatever `--operator` said."""
    reason: str
    family: str | None = None
    ticket: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Anything that JSON knows; never personal data."""
    named: str | None = None
    """Whom the operator says that it is, which nobody can check; None where nothing was said."""

    @property
    def by(self) -> str:
        """Who does it, in words: who is said to, and whose credentials they are."""
        return self.operator if self.named is None else f"{self.named} ({self.operator})"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the chain."""

    sequence: int
    """Counts from 1."""
    at: str
    """RFC 3339, UTC, with milliseconds, by the operator's clock."""
    act: Act
    previous: str
    hash: str
    """SHA-256, hexadecimal, over all of the entry but itself."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold."""

    sequence: int
    text: str


def link(act: Act, previous: Entry | None, at: datetime) -> Entry:
    """The entry that follows. Pure."""
    sequence, before = (1, BEGINNING) if previous is None else (previous.sequence + 1, previous.hash)
    unsealed = Entry(sequence, write_time(at), act, before, "")
    return Entry(sequence, unsealed.at, act, before, digest(unsealed))


def digest(entry: Entry) -> str:
    """The hash that the entry should have."""
    act = entry.act
    document = {
        "sequence": entry.sequence,
        "at": entry.at,
        "action": act.action,
        "operator": act.operator,
        "reason": act.reason,
        "family": act.family,
        "ticket": act.ticket,
        "detail": json.loads(_json(act.detail)),
        "previous": entry.previous,
        # Left out where nothing was said, as in entries that were written before it could be.
        **({} if act.named is None else {"named": act.named}),
    }
    return hashlib.sha256(_json(document).encode()).hexdigest()


def verify(entries: Iterable[Entry]) -> Break | None:
    """The first place where a whole chain, in order from its beginning, does not hold; None where it does."""
    before, expected = BEGINNING, 1
    for entry in entries:
        if entry.sequence != expected:
            return Break(expected, f"entry {expected} is missing: {entry.sequence} comes in its place")
        if entry.previous != before:
            return Break(entry.sequence, f"entry {entry.sequence} does not follow from the one before it")
        if digest(entry) != entry.hash:
            return Break(entry.sequence, f"entry {entry.sequence} was altered: its hash is another")
        before, expected = entry.hash, expected + 1
    return None


class AuditChain:
    """The chain of one deployment, in its control table. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str, now: Callable[[], datetime]) -> None:
        """Args: now: the time, UTC."""
        self._client = client
        self._stack = stack
        self._now = now
        self._table = naming.control_table_name(stack)

    def append(self, act: Act) -> Entry:
        """Write an entry; returns once it is there. Nothing that it tells of may be done before."""
        return self.append_with(act, ())

    def append_with(self, act: Act, others: Iterable[Any]) -> Entry:
        """Write an entry and other items of the database in one transaction: all of them or none.

        Args:
            others: actions of TransactWriteItems.

        Raises:
            NotAsReadError: the condition of one of the others does not hold any more.
        """
        actions = tuple(others)
        for _ in range(TRIES):
            entry = link(act, self.last(), self._now())
            put: Any = {
                "TableName": self._table,
                "Item": _item(entry),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
            with in_plain_words(self._stack):
                try:
                    self._client.transact_write_items(TransactItems=[{"Put": put}, *actions])
                except self._client.exceptions.TransactionCanceledException as error:
                    _ensure_only_late(error.response)
                    continue
            return entry
        raise CommandError(
            ExitCode.UNREACHABLE,
            "others write to the audit chain all the time; nothing was done, try again in a moment",
        )

    def last(self) -> Entry | None:
        """The newest entry, strongly consistent."""
        with in_plain_words(self._stack):
            answer = self._client.query(**self._all(), ScanIndexForward=False, Limit=1)
        return next((_entry(item) for item in answer["Items"]), None)

    def entries(self) -> Iterator[Entry]:
        """The whole chain from its beginning."""
        with in_plain_words(self._stack):
            for page in self._client.get_paginator("query").paginate(**self._all()):
                yield from map(_entry, page["Items"])

    def _all(self) -> Any:
        return {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :audit",
            "ExpressionAttributeValues": {":audit": {"S": PARTITION}},
            "ConsistentRead": True,
        }


class NotAsReadError(Exception):
    """Somebody else was faster: an item that was to be written is not as it was read. Nothing was written."""


def _ensure_only_late(response: Any) -> None:
    """Return where only the entry's own place was taken, or DynamoDB asks to try again."""
    codes = [reason.get("Code") or "None" for reason in response.get("CancellationReasons", ())]
    if any(code == "ConditionalCheckFailed" for code in codes[1:]):
        raise NotAsReadError
    unknown = set(codes) - {"None", "ConditionalCheckFailed", "TransactionConflict", "ThrottlingError"}
    if unknown or not codes:
        raise CommandError(
            ExitCode.FAILED, f"the audit chain cannot be written ({', '.join(sorted(unknown))}); nothing was done"
        )


def _item(entry: Entry) -> dict[str, Any]:
    act = entry.act
    texts = {
        "pk": PARTITION,
        "sk": f"{entry.sequence:012d}",
        "at": entry.at,
        "operator": act.operator,
        "named": act.named,
        "action": act.action,
        "family": act.family,
        "reason": act.reason,
        "ticket": act.ticket,
        "detail": _json(act.detail),
        "previous": entry.previous,
        "hash": entry.hash,
    }
    return {name: {"S": text} for name, text in texts.items() if text is not None}


def _entry(item: Mapping[str, Any]) -> Entry:
    """An item as it is, be it altered: `verify` says so. Raises CommandError where it is no entry at all."""
    try:
        text = {name: value["S"] for name, value in item.items() if "S" in value}
        act = Act(
            text["action"],
            text["operator"],
            text["reason"],
            text.get("family"),
            text.get("ticket"),
            json.loads(text["detail"]),
            text.get("named"),
        )
        return Entry(int(text["sk"]), text["at"], act, text["previous"], text["hash"])
    except (KeyError, ValueError) as error:
        where = item.get("sk", {}).get("S", "?")
        raise CommandError(ExitCode.FAILED, f"entry {where} of the audit chain cannot be read: {error!r}") from error


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
