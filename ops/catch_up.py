"""The catch-up: what the new side has processed with authority is replayed into the monolith, which acts on nothing.

The monolith gets each message as it was published, marked as muted: it writes its rows as of the time at which the new
side wrote its own, and neither message nor webhook leaves. A message counts as caught up once the ledger knows how the
monolith has ended it, muted. Messages go in order of business key and sequence; one that goes twice is recognised.

A consumer whose recorder does not know the mark would let everything leave a second time. So the first message goes
alone, the others once it has come back as muted, and nothing more as soon as one has not.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import structs

from bridge.port import Clock, Delivery, NotRoutedError, Outgoing, Outlet, SourceLostError, SourceRefusedError
from bridge.stamp import before, stamp
from contracts import naming, point, stamp_header
from contracts.amqp_value import UnknownAmqpTypeError, pairs_of, untag_table
from contracts.authority import AuthorityRecord
from contracts.claim import Claim, LostClaimError
from contracts.envelope import AmqpFacts, MalformedEnvelopeError, read_envelope
from contracts.routing import Decision
from ops.batch_read import BatchReader
from ops.errand import OvertakenError
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.objection import Objection, about
from ops.session import in_plain_words
from ops.wording import plural
from workers.fate import UnavailableError
from workers.port import Carried
from workers.store.attribute import open_message
from workers.store.seal import BrokenSealError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from workers.store.seal import Sealer

STAMPED_INDEX = "stamped"
INDEX_LAG = timedelta(seconds=3)
"""How late the index may know of an entry: what is younger waits for the next look, so that no key is out of order."""
WINDOW = 500
"""Messages that are in the monolith's queue at once."""
LOOK_S = 0.5
LATE_S = 10.0
"""How long a message that is final may wait to be known as muted. It need not be ours that has ended it: the outcome of
an earlier time may have come late, and ours, a repeat, comes behind it."""
_OPENED = 100
"""Messages that are opened at a time: they are in clear then, in memory."""
_TRIES = 50
"""Entries come with their messages: a call ends at 16 MB long before its keys do (API reference, BatchGetItem)."""
_PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that the new side has processed, and the monolith not yet."""

    message_id: str
    business_key: str
    sequence: int
    """Version of its aggregate after it."""
    processed_at: str


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How far a catch-up came."""

    published: int
    left: tuple[str, ...]
    """Ids of messages that the monolith has not ended in time."""
    loud: tuple[str, ...] = ()
    """Ids of messages of this run that it has ended without saying that they were muted; no more were published."""


@dataclass(frozen=True, slots=True)
class _Endings:
    left: tuple[str, ...]
    loud: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything is not as it should be."""
        return bool(self.left or self.loud)


@dataclass(frozen=True, slots=True)
class _Opened:
    owed: Owed
    carried: Carried = field(repr=False)


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens the messages that the ledger keeps, and fetches those that it does not keep itself."""

    sealer: Callable[[], "Sealer"]
    """Made when first needed."""
    fetch: Callable[[Claim], bytes]
    """As `ops.claim.Claims.fetch`."""


class CatchUp:
    """Catches up one family at a time. Every method raises CommandError."""

    def __init__(
        self,
        client: "DynamoDBClient",
        stack: str,
        keys: Keys,
        connect: Callable[[], Outlet],
        clock: Clock,
        wait: Callable[[float], None],
        tell: Callable[[str], None],
        *,
        current: Callable[[str], AuthorityRecord],
    ) -> None:
        """Take what it works with.

        Args:
            connect: called when first needed.
            wait: for so many seconds.
            tell: a line of progress.
            current: a family's record as it is now.
        """
        self._client = client
        self._stack = stack
        self._keys = keys
        self._connect = connect
        self._current = current
        self._sealer: Sealer | None = None
        self._clock = clock
        self._rest = wait
        self._tell = tell
        self._table = naming.ledger_table_name(stack)

    def owed(self, record: AuthorityRecord) -> tuple[Owed, ...]:
        """What the monolith has not got yet of the family's messages since its last switch, in order.

        By an index that may be late by a moment, and that has every message of that time: costs with their number.
        """
        request: Any = {
            "TableName": self._table,
            "IndexName": STAMPED_INDEX,
            "KeyConditionExpression": "stamped = :of",
            "FilterExpression": "attribute_not_exists(control_final)",
            "ExpressionAttributeValues": {":of": {"S": f"{record.family}#{record.stamp_epoch}"}},
        }
        with in_plain_words(self._stack):
            pages = self._client.get_paginator("query").paginate(**request)
            found = [_owed(item) for page in pages for item in page["Items"]]
        return tuple(sorted(found, key=lambda one: (one.business_key, one.sequence, one.processed_at)))

    def run(self, record: AuthorityRecord, timeout_s: float, *, settled: bool) -> CaughtUp:
        """Publish what is owed, and wait until the ledger knows that the monolith has ended all of it.

        Args:
            record: of a family that new has authority over.
            timeout_s: how long in all.
            settled: whether nothing new is being processed (behind a fence): then it ends when nothing is owed. Else it
                ends with what was owed when it began, but for the youngest.

        Raises OvertakenError as soon as the family's record is another: others may do the same at the same time.
        """
        until = self._clock.monotonic() + timeout_s
        outlet: Outlet | None = None
        published, tried = 0, set[str]()
        if settled:
            self._rest(INDEX_LAG.total_seconds())
        try:
            while True:
                owed = [one for one in self._outstanding(record) if settled or self._old_enough(one)]
                todo = [one for one in owed if one.message_id not in tried]
                if not todo:
                    return CaughtUp(published, tuple(one.message_id for one in owed))
                outlet = outlet or self._connect()
                tried |= {one.message_id for one in todo}
                for window in self._windows(todo, is_proven=published > 0):
                    if self._current(record.family) != record:
                        raise OvertakenError(published)
                    self._publish(outlet, record, window)
                    published += len(window)
                    self._tell(f"{record.family}: {published:,} published for the monolith to catch up")
                    ended = self._wait(outlet, window, until)
                    if ended:
                        return CaughtUp(published, ended.left, ended.loud)
                if not settled:
                    return CaughtUp(published, ())
        except (SourceLostError, SourceRefusedError, NotRoutedError) as error:
            raise CommandError(ExitCode.UNREACHABLE, f"RabbitMQ, while the monolith catches up: {error}") from error
        finally:
            if outlet is not None:
                outlet.close()

    def _outstanding(self, record: AuthorityRecord) -> Sequence[Owed]:
        """What is owed by the index, without what the ledger itself knows better."""
        return self._not_final(self.owed(record))

    def _not_final(self, owed: Sequence[Owed]) -> Sequence[Owed]:
        final = self._final([one.message_id for one in owed])
        return [one for one in owed if one.message_id not in final]

    def _windows(self, todo: Sequence[Owed], *, is_proven: bool) -> Iterator[Sequence[Owed]]:
        """What is still owed when its turn comes, for others may have been faster; the first one alone if need be."""
        start = 0
        while start < len(todo):
            window = self._not_final(todo[start : start + WINDOW])
            if window and not is_proven:
                is_proven, window = True, window[:1]
                start = todo.index(window[0], start) + 1
            else:
                start += WINDOW
            if window:
                yield window

    def _old_enough(self, one: Owed) -> bool:
        try:
            processed = datetime.fromisoformat(one.processed_at).timestamp()
        except ValueError as error:
            raise CommandError(ExitCode.FAILED, f"{one.message_id}: its ledger entry has no time") from error
        return self._clock.now() - processed >= INDEX_LAG.total_seconds()

    def _publish(self, outlet: Outlet, record: AuthorityRecord, window: Sequence[Owed]) -> None:
        for start in range(0, len(window), _OPENED):
            for opened in self._opened(window[start : start + _OPENED]):
                outlet.publish(muted(opened.carried, opened.owed, record))
                point.reach("catchup.published")

    def _wait(self, outlet: Outlet, window: Sequence[Owed], until: float) -> _Endings:
        """What is not final, or not muted, of messages that were just published, when time is up."""
        waiting = [one.message_id for one in window]
        late: float | None = None
        while True:
            final = self._final(waiting)
            waiting = [one for one in waiting if not final.get(one)]
            ended = _Endings(
                tuple(one for one in waiting if one not in final), tuple(one for one in waiting if one in final)
            )
            now = self._clock.monotonic()
            if not ended.left or now >= until:
                late = now + LATE_S if late is None else late
                if not ended.loud or now >= late:
                    return ended
            outlet.rest(LOOK_S)

    def _final(self, message_ids: Sequence[str]) -> Mapping[str, bool]:
        """Those that the monolith has ended, and whether it did so muted. Strongly consistent."""
        items = self._entries(message_ids, ("pk", "control_final", "control_muted"))
        return {item["pk"]["S"]: "control_muted" in item for item in items if "control_final" in item}

    def _opened(self, batch: Sequence[Owed]) -> Iterator[_Opened]:
        """The messages of some entries, in their order."""
        names = ("pk", "tenant", "message")
        entries = {item["pk"]["S"]: item for item in self._entries([one.message_id for one in batch], names)}
        sealer = self._sealer = self._sealer or self._keys.sealer()
        for one in batch:
            item = entries.get(one.message_id, {})
            if "message" not in item:
                raise CommandError(ExitCode.FAILED, f"{one.message_id}: the ledger does not keep its message")
            try:
                carried = open_message(item["message"]["B"], one.message_id, item["tenant"]["S"], sealer)
            except UnavailableError as error:
                raise CommandError(ExitCode.UNREACHABLE, f"messages cannot be opened: {error}") from error
            except BrokenSealError as error:
                raise CommandError(ExitCode.FAILED, f"{one.message_id}: {error}") from error
            yield _Opened(one, self._whole(carried, one.message_id))

    def _whole(self, carried: Carried, message_id: str) -> Carried:
        """With the body from wherever it lies."""
        try:
            claim = read_envelope(carried.envelope).claim
            return carried if claim is None else structs.replace(carried, body=self._keys.fetch(claim))
        except MalformedEnvelopeError:
            return carried  # `muted` says so
        except LostClaimError as error:
            raise CommandError(
                ExitCode.FAILED, f"{message_id}: its body is not in S3 as it was ({error.what})"
            ) from error

    def _entries(self, message_ids: Sequence[str], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        return BatchReader(self._client, self._stack, self._table, tries=_TRIES).read(message_ids, names)


def muted(carried: Carried, owed: Owed, record: AuthorityRecord) -> Outgoing:
    """The message as the monolith is to catch up with it. Raises CommandError where its envelope cannot be read."""
    try:
        amqp = read_envelope(carried.envelope).amqp
        headers = None if amqp.headers is None else untag_table(amqp.headers)
    except (MalformedEnvelopeError, UnknownAmqpTypeError) as error:
        raise CommandError(ExitCode.FAILED, f"{owed.message_id}: its envelope cannot be read") from error
    # It must neither expire nor end with the broker, however the monolith had sent it.
    properties = {name: value for name, value in amqp.properties.items() if name != "expiration"}
    facts = AmqpFacts(amqp.exchange, amqp.routing_key, redelivered=False, properties=properties)
    decision = Decision("legacy", record.stamp_epoch)
    stamped = stamp(
        Delivery("", carried.body, facts, headers, 0), record.family, decision, id=owed.message_id, own_user=""
    )
    return replace(
        stamped,
        properties={**stamped.properties, "delivery_mode": _PERSISTENT},
        headers=before(
            {stamp_header.MUTED: True, stamp_header.AT: owed.processed_at},
            pairs_of(stamped.headers),
        ),
    )


def against(caught: CaughtUp) -> Iterator[Objection]:
    """What stands against calling it caught up."""
    if caught.loud:
        count = plural(len(caught.loud), "message")
        text = (
            f"{count} that the monolith has ended without muting: a consumer of this family does not know "
            f"`{stamp_header.MUTED}`, and what it did may have left a second time. Update the recorder on every host; "
            f"{caught.published:,} published, nothing more is"
        )
        yield about("catch-up", text, caught.loud)
    if caught.left:
        count = plural(len(caught.left), "message")
        text = f"{count} that the monolith has not ended: does it consume, does the control function work?"
        yield about("catch-up", text, caught.left)


def _owed(item: Mapping[str, Any]) -> Owed:
    return Owed(
        item["pk"]["S"],
        item.get("business_key", {}).get("S", ""),
        int(item.get("sequence", {}).get("N", 0)),
        item["processed_at"]["S"],
    )
