"""Reads the ledger: what became of messages, never what was in them.

The sealed outcomes are left where they are: no command decrypts. Counts come from the index `verdicts`, which is
eventually consistent: a verdict of this second may be missing in it.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.amendment import Amendment, read_amendments
from contracts.message_type import Family
from contracts.registry import FAMILIES
from contracts.shown import Shown, ShownDifference
from contracts.verdict import AGREED, UNDECIDED, Verdict
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

VERDICT_INDEX = "verdicts"
DIFFERING = tuple(verdict for verdict in Verdict if verdict not in AGREED | UNDECIDED)
"""Verdicts that somebody has to look at."""

_AT_ONCE = 8
_BATCH = 100
"""DynamoDB answers at most 100 keys a call (API reference, BatchGetItem)."""
_BATCH_TRIES = 8


@dataclass(frozen=True, slots=True)
class LedgerVerdict:
    """One message's verdict."""

    message_id: str
    type: str
    verdict: Verdict
    groups: tuple[str, ...]
    """Signatures of its differences."""
    differences: tuple[ShownDifference, ...] = ()
    """Empty until `Ledger.detailed`: the index does not carry them."""
    judged_at: str = ""
    """When it was given, RFC 3339."""
    rules: tuple[str, ...] = ()
    """Paths of the rules that tolerated something."""


@dataclass(frozen=True, slots=True)
class Timing:
    """When the bridge took one message from RabbitMQ, and when it was judged."""

    message_id: str
    type: str
    verdict: Verdict | None
    """None while a side has not told its outcome."""
    received_at: datetime | None
    """None while only the monolith's outcome is known."""
    judged_at: datetime | None
    due: bool
    """Something has come in since it was judged last."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One message's entry without what is sealed in it."""

    message_id: str
    type: str | None
    family: str | None
    business_key: str | None
    received_at: str | None
    processed_at: str | None
    epoch: int | None
    candidate_ending: str | None
    candidate_cause: str | None
    candidate_sealed: bool
    control_attempts: tuple[int, ...]
    conflict: bool
    revision: int
    due: bool
    """Something has come in since it was judged last."""
    verdict: Verdict | None
    judged_at: str | None
    groups: tuple[str, ...]
    differences: tuple[ShownDifference, ...]
    rules: tuple[str, ...]
    """Paths whose differences a rule tolerated."""
    control_endings: tuple[str | None, ...] = ()
    """How each of those attempts has ended; None of what an earlier version has noted."""
    awaited_since: str | None = None
    """Since when it has waited for a side; None where it does not."""
    amendments: tuple[Amendment, ...] = ()
    """The verdicts that stood before, oldest first; at most `contracts.amendment.KEPT`."""
    amended: int = 0
    """How often it was amended."""


class Ledger:
    """The ledger of one deployment, read only. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str, families: Sequence[Family] = FAMILIES) -> None:
        """Args: families: whose types are counted."""
        self._client = client
        self._stack = stack
        self._table = naming.ledger_table_name(stack)
        self._types = tuple(message_type.name for family in families for message_type in family.types)

    def counts(self) -> Mapping[str, Mapping[Verdict, int]]:
        """Number of messages by type and verdict, every known type and no zeros. Pending ones are in `pending`."""
        wanted = [(name, verdict) for name in self._types for verdict in Verdict if verdict is not Verdict.PENDING]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(lambda one: self._count(*one), wanted))
        counts: dict[str, dict[Verdict, int]] = {name: {} for name in self._types}
        for (name, verdict), count in zip(wanted, found, strict=True):
            if count:
                counts[name][verdict] = count
        return counts

    def pending(self) -> Mapping[str, int]:
        """Number of messages by type that have no verdict yet. Reads the whole ledger: costs with its size."""
        pending: dict[str, int] = {}
        for timing in self.timings():
            if timing.verdict is None:
                pending[timing.type] = pending.get(timing.type, 0) + 1
        return pending

    def verdicts(self, message_type: str, verdict: Verdict) -> Iterator[LedgerVerdict]:
        """Messages of one type and verdict, latest first, without their differences."""
        request: Any = {**self._of(message_type, verdict), "ScanIndexForward": False}
        for item in self._pages("query", request):
            yield _verdict(item, message_type, verdict)

    def detailed(self, verdicts: Iterable[LedgerVerdict]) -> Iterator[LedgerVerdict]:
        """The same with their differences; an entry that is gone is left out."""
        remaining = iter(verdicts)
        while chunk := list(itertools.islice(remaining, _BATCH)):
            found = self._differences([one.message_id for one in chunk])
            for one in chunk:
                if one.message_id in found:
                    shown = found[one.message_id]
                    yield replace(one, differences=shown)

    def differing(self, message_type: str | None = None) -> Iterator[LedgerVerdict]:
        """Messages on which both sides do not agree, with their differences, masked."""
        types = self._types if message_type is None else (message_type,)
        for name, verdict in itertools.product(types, DIFFERING):
            yield from self.detailed(self.verdicts(name, verdict))

    def timings(self) -> Iterator[Timing]:
        """Every entry's times. Reads the whole ledger: costs with its size, for the sealed outcomes count as read."""
        request: Any = {
            "TableName": self._table,
            "ProjectionExpression": "pk, #type, verdict, received_at, judged_at, comparison",
            "ExpressionAttributeNames": {"#type": "type"},
        }
        for item in self._pages("scan", request):
            verdict = _text(item, "verdict")
            yield Timing(
                item["pk"]["S"],
                _text(item, "type") or "",
                None if verdict is None else Verdict(verdict),
                _time(item, "received_at"),
                _time(item, "judged_at"),
                _text(item, "comparison") == "due",
            )

    def entry(self, message_id: str) -> LedgerEntry | None:
        """One message's entry, strongly consistent; None where there is none."""
        with in_plain_words(self._stack):
            answer = self._client.get_item(TableName=self._table, Key={"pk": {"S": message_id}}, ConsistentRead=True)
        item: Any = answer.get("Item")
        return None if item is None else _entry(item)

    def _count(self, message_type: str, verdict: Verdict) -> int:
        request: Any = {**self._of(message_type, verdict), "Select": "COUNT"}
        total = 0
        with in_plain_words(self._stack):
            for page in self._client.get_paginator("query").paginate(**request):
                total += page["Count"]
        return total

    def _of(self, message_type: str, verdict: Verdict) -> dict[str, object]:
        return {
            "TableName": self._table,
            "IndexName": VERDICT_INDEX,
            "KeyConditionExpression": "verdict_of = :of",
            "ExpressionAttributeValues": {":of": {"S": f"{message_type}#{verdict.value}"}},
        }

    def _pages(self, operation: Any, request: Any) -> Iterator[Any]:
        with in_plain_words(self._stack):
            for page in self._client.get_paginator(operation).paginate(**request):
                yield from page["Items"]

    def _differences(self, message_ids: Sequence[str]) -> Mapping[str, tuple[ShownDifference, ...]]:
        keys = [{"pk": {"S": message_id}} for message_id in message_ids]
        request: Any = {self._table: {"Keys": keys, "ProjectionExpression": "pk, differences"}}
        found: dict[str, tuple[ShownDifference, ...]] = {}
        with in_plain_words(self._stack):
            for _ in range(_BATCH_TRIES):
                answer: Any = self._client.batch_get_item(RequestItems=request)
                for item in answer["Responses"].get(self._table, ()):
                    found[item["pk"]["S"]] = _shown(item)
                request = answer.get("UnprocessedKeys")
                if not request:
                    break
        return found


def _verdict(item: Mapping[str, Any], message_type: str, verdict: Verdict) -> LedgerVerdict:
    groups, judged_at = _texts(item, "groups"), item["judged_at"]["S"]  # the index's own keys: they are there
    return LedgerVerdict(
        item["pk"]["S"], message_type, verdict, groups, judged_at=judged_at, rules=_texts(item, "rules")
    )


def _entry(item: Mapping[str, Any]) -> LedgerEntry:
    verdict = _text(item, "verdict")
    attempts = sorted(
        int(name.removeprefix(naming.CONTROL_ATTRIBUTE)) for name in item if name.startswith(naming.CONTROL_ATTRIBUTE)
    )
    return LedgerEntry(
        message_id=item["pk"]["S"],
        type=_text(item, "type"),
        family=_text(item, "family"),
        business_key=_text(item, "business_key"),
        received_at=_text(item, "received_at"),
        processed_at=_text(item, "processed_at"),
        epoch=int(item["epoch"]["N"]) if "epoch" in item else None,
        candidate_ending=_text(item, "candidate_ending"),
        candidate_cause=_text(item, "candidate_cause"),
        candidate_sealed="candidate" in item,
        control_attempts=tuple(attempts),
        conflict=bool(item.get("conflict", {}).get("BOOL")),
        revision=int(item.get("revision", {}).get("N", 0)),
        due=_text(item, "comparison") == "due",
        verdict=None if verdict is None else Verdict(verdict),
        judged_at=_text(item, "judged_at"),
        groups=_texts(item, "groups"),
        differences=_shown(item),
        rules=_texts(item, "rules"),
        control_endings=tuple(_text(item, f"{naming.CONTROL_ENDING_ATTRIBUTE}{number}") for number in attempts),
        awaited_since=_text(item, "awaited_since"),
        amendments=read_amendments(_text(item, "amendments") or "[]"),
        amended=int(item.get("amended", {}).get("N", 0)),
    )


def _shown(item: Mapping[str, Any]) -> tuple[ShownDifference, ...]:
    listed: list[dict[str, Any]] = json.loads(_text(item, "differences") or "[]")
    return tuple(_difference(**one) for one in listed)


def _difference(path: str, kind: str, shapes: tuple[str, str], control: Shown, candidate: Shown) -> ShownDifference:
    return ShownDifference(path, kind, shapes[0], shapes[1], control, candidate)


def _text(item: Mapping[str, Any], name: str) -> str | None:
    return item[name]["S"] if name in item else None


def _texts(item: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(one["S"] for one in item.get(name, {}).get("L", ()))


def _time(item: Mapping[str, Any], name: str) -> datetime | None:
    text = _text(item, name)
    return None if text is None else datetime.fromisoformat(text)
