"""The legs of a journey on which authority moves: to live, back, one message after it, and what the chain tells."""

import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import naming, stamp_header
from contracts.verdict import Verdict
from ops.audit_chain import Entry
from ops.demo.scene import STACK
from tests.integration.journey import FAMILY, WHY, Journey, Stretch, message_of
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Books, printed

Ended = subprocess.CompletedProcess[str]
AFTER = (60, 305)
"""Messages and seed of what is published while the bug is there."""


@dataclass(frozen=True, slots=True)
class Life:
    """The new side has authority."""

    moved: Mapping[str, Any]
    """What `cutover live` has told."""
    acted: Sequence[Sequence[str]]
    """Whose webhook left, of each message that was published before, and behind, the fence."""
    after: Stretch
    """Published when it had moved, and the bug was there."""
    legacy: int
    """Messages of `after` in the monolith's journal, and among its webhooks."""
    ended: Mapping[str, str | None]
    """How the new side has ended each message of `after`, by id."""
    journalled: frozenset[str]
    """Those that have been processed by the new side."""
    events: Counter[str]
    """Effect id to number of events on the bus, of `after`."""
    webhooks: Counter[str]
    """Effect id to number of webhooks that the partner has got, of `after`."""
    due: frozenset[str]
    """Messages of `after` that were not stale, so that a webhook had to leave."""
    follow_ups: Counter[str]
    """Effect id to number of messages for accounting, of `after`."""
    strayed: str
    """Id of the message that was stamped new and reached the monolith's queue all the same."""


def go_live(journey: Journey) -> Life:
    """Move authority under traffic; let some messages fail."""
    queue = _subscribe(journey)
    before = journey.begin(120, seed=304)
    journey.under_way(before)
    with journey.moving("cutover", "live", FAMILY, *WHY, "--ticket", "CHG-17", "-o", "json") as move:
        behind = journey.begin(60, seed=310)
    journey.settle(before, behind)
    acted = tuple(map(journey.acted, (before, behind)))
    journey.bug.touch()
    after = journey.begin(*AFTER, rate=0)
    strayed = _stray(journey)
    journey.settle(after)
    ids = after.of()
    ended = {one: entry.candidate_ending if (entry := journey.stage.entry(one)) else None for one in ids}
    legacy, new = journey.stage.sides()
    webhooks = journey.monolith_webhooks()
    eventually(lambda: journey.letters("stamped-new"), SETTLED_WITHIN_S, "what strayed is a letter")
    rejected = sum(one == "rejected" for one in ended.values())
    eventually(lambda: len(journey.letters("rejected")) == rejected, SETTLED_WITHIN_S, "what was rejected is a letter")
    back = naming.return_queue_name(STACK)
    eventually(lambda: not journey.stage.waiting(back), SETTLED_WITHIN_S, "follow-ups are back at the broker")
    accounting = (one.message_id for one in journey.take("monolith.accounting"))
    return Life(
        move.result(),
        acted,
        after,
        sum(legacy.journal[one] + webhooks[one] for one in ids),
        ended,
        frozenset(one for one in ids if new.journal[one]),
        Counter(one for one in _received(journey, queue) if message_of(one) in ids),
        Counter({one: count for one, count in journey.partner_webhooks().items() if message_of(one) in ids}),
        new.due & ids,
        Counter(one for one in accounting if one is not None and message_of(one) in ids),
        strayed,
    )


def _subscribe(journey: Journey) -> str:
    """Let the bus bring the family's events into a queue; returns its URL."""
    session = journey.scene.session()
    url = str(journey.stage.sqs.create_queue(QueueName="listener")["QueueUrl"])
    attributes = journey.stage.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    events: Any = session.client("events")
    rule = {"Name": "listener", "EventBusName": naming.event_bus_name(STACK)}
    events.put_rule(**rule, EventPattern=json.dumps({"source": [f"strangler.{FAMILY}"]}))
    target = {"Id": "queue", "Arn": attributes["QueueArn"]}
    events.put_targets(Rule=rule["Name"], EventBusName=rule["EventBusName"], Targets=[target])
    return url


def _received(journey: Journey, url: str) -> list[str]:
    """Effect ids of the events that have come."""
    found = []
    while messages := journey.stage.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for one in messages:
            found.append(str(json.loads(one["Body"])["detail"]["id"]))
            journey.stage.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


def _stray(journey: Journey) -> str:
    """Let the monolith get a message that is the new side's; returns its id."""
    one = next(one for one in printed(journey.php, 60, 306) if one["type"] == "payin.create")
    headers = {
        stamp_header.FAMILY: FAMILY,
        stamp_header.ROUTE: "new",
        stamp_header.EPOCH: journey.record().stamp_epoch,
        stamp_header.EXCHANGE: one["exchange"],
        stamp_header.ID: one["id"],
    }
    journey.mislead(one, headers)
    return str(one["id"])


@dataclass(frozen=True, slots=True)
class Return:
    """The monolith has authority again."""

    live: frozenset[str]
    """What the new side had processed while it alone acted: messages published after the switch."""
    before: Books
    """Of those, before authority went back."""
    moved: Mapping[str, Any]
    acted: Sequence[Sequence[str]]
    """Whose webhook left, of each message that was published before, and behind, the fence."""
    caught_up: Books
    """Of those, after it."""
    muted: int
    """Webhooks of the monolith for those."""
    after: Stretch
    """Published after it."""
    after_books: Books
    acting: frozenset[str]
    """Messages of `after` for which the monolith has a webhook."""
    stray: int
    """Webhooks of the new side for `after`."""
    due: frozenset[str]
    state: Ended
    """`compare state`."""


def go_back(journey: Journey, life: Life, left: str) -> Return:
    """Move authority back under traffic. Args: left: id of a message that is still a letter."""
    live = life.after.of() - {left} | {life.strayed}
    books = journey.stage.books(live)
    before = journey.begin(100, seed=308)
    journey.under_way(before)
    with journey.moving("cutover", "back", FAMILY, *WHY, "-o", "json") as move:
        behind = journey.begin(60, seed=311)
    caught_up, webhooks = journey.stage.books(live), journey.monolith_webhooks()
    journey.finish(behind)
    after = journey.begin(40, seed=309, rate=0)
    journey.settle(before, behind, after)
    state = journey.operate("compare", "state", FAMILY)
    ids, acting = after.of(), journey.monolith_webhooks()
    return Return(
        live,
        books,
        move.result(),
        tuple(map(journey.acted, (before, behind))),
        caught_up,
        sum(webhooks[one] for one in live),
        after,
        journey.stage.books(ids),
        frozenset(one for one in ids if acting[one]),
        sum(count for one, count in journey.partner_webhooks().items() if message_of(one) in ids),
        journey.stage.sides()[0].due & ids,
        state,
    )


@dataclass(frozen=True, slots=True)
class Rehoming:
    """The letter that was left is replayed although authority has moved since."""

    message_id: str
    refused: Ended
    """Its plan without --rehome."""
    ran: Mapping[str, Any]
    books: Books
    verdict: Verdict | None
    audit: Mapping[str, Any]


def rehome(journey: Journey, left: str) -> Rehoming:
    """Hand a message that was stamped new to the router, which stamps it anew. Args: left: its id."""
    [letter] = journey.letters("rejected")
    plan = ("replay", "plan", "--letter", letter.letter_id, "--reason", "left over")
    file = str(journey.scene.places.folder / "rehome.json")
    refused = journey.operate(*plan, "--file", file)
    journey.done(*plan, "--file", file, "--rehome")
    ran = journey.done("replay", "run", file, "--execute", "-o", "json")

    def verdict() -> Verdict | None:
        entry = journey.stage.entry(left)
        return None if entry is None or entry.due or entry.verdict is Verdict.SINGLE else entry.verdict

    found = eventually(verdict, SETTLED_WITHIN_S, "both sides have processed it")
    books = journey.stage.books([left])
    return Rehoming(left, refused, ran, books, found, journey.audit())


@dataclass(frozen=True, slots=True)
class Record:
    """The audit chain, as it is and as somebody has changed it."""

    entries: tuple[Entry, ...]
    whole: Ended
    changed: int
    """Number of the entry that was changed."""
    broken: Ended
    restored: Ended


def falsify(journey: Journey) -> Record:
    """Change one entry of the chain in the table, as an administrator could; then take that back."""
    entries = tuple(journey.chain())
    whole = journey.operate("cutover", "history")
    switched = next(one for one in entries if one.act.action == "live: switch")
    journey.rewrite(switched, "I was never here")
    broken = journey.operate("cutover", "history")
    journey.rewrite(switched, switched.act.reason)
    return Record(entries, whole, switched.sequence, broken, journey.operate("cutover", "history"))
