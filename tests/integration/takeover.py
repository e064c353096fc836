"""The legs of a journey before authority moves: to intercept, refusals, a killed router, a lost control table."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import RouterRow
from contracts.registry import FAMILIES
from tests.integration.journey import FAMILY, QUEUES, RESERVE, WHY, Journey, Stretch
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Books

Ended = subprocess.CompletedProcess[str]
TAP = naming.tap_queue_name(FAMILY)
ROUTERS = ("router-a", "router-b")


@dataclass(frozen=True, slots=True)
class Interception:
    """From tap to intercept."""

    stretches: tuple[Stretch, Stretch]
    """Published while the router came, and while the tap went."""
    consumers_left: int | None
    """Of the old queue, once the monolith's have ended."""
    consumers: Mapping[str, tuple[int | None, int | None]]
    """By family: of the old queue, and of the one behind the router."""
    planned: Mapping[str, Any]
    """`cutover plan` while the tap was still there."""
    audit: Mapping[str, Any]
    journalled: tuple[Sequence[str], ...]
    """Of each stretch, the moving family's messages as the monolith has processed them."""


def intercept(journey: Journey) -> Interception:
    """As docs/cut-over.md says, while the monolith publishes."""
    fleet, monolith = journey.scene.fleet, journey.scene.monolith
    first = journey.begin(160, seed=301)
    journey.under_way(first)
    monolith.leave()
    left = journey.consumers(QUEUES[FAMILY][0])
    journey.route(ROUTERS[0])
    monolith.consume(routed=True)
    shadow = journey.operate_beside(*(("cutover", "shadow", one.name, *WHY) for one in FAMILIES))
    assert [one.returncode for one in shadow] == [0] * len(FAMILIES), [one.stderr for one in shadow]
    journey.finish(first)
    planned = journey.operate("cutover", "plan", FAMILY, "--patience", "0", "-o", "json")
    second = journey.begin(100, seed=307, reserve=RESERVE)
    journey.under_way(second)
    fleet.stop("shipper")
    fleet.start("ship", {"STRANGLER_TAP": "none"})
    eventually(lambda: journey.consumers(TAP) is None, SETTLED_WITHIN_S, "the tap queue goes")
    journey.still_under_way(second)
    fleet.start("return")
    journey.settle(first, second)
    consumers = {name: (journey.consumers(old), journey.consumers(new)) for name, (old, new) in QUEUES.items()}
    return Interception(
        (first, second),
        left,
        consumers,
        json.loads(planned.stdout),
        journey.audit(),
        tuple(map(journey.journalled, (first, second))),
    )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Commands that must not move anything."""

    differing: Ended
    """`cutover live balance`: both sides disagree about every one."""
    asked: Ended
    """`cutover live payin` without --execute."""
    unreasoned: Ended
    """`cutover live payin --execute` without --reason."""
    before: tuple[AuthorityRecord, ...]
    after: tuple[AuthorityRecord, ...]
    entries: int
    """How many the audit chain has got by it."""
    differing_ids: frozenset[str]
    """Messages on which both sides differ, by the monolith's own journal."""


def be_refused(journey: Journey) -> Refusal:
    """Ask for what cannot be, and for what is not meant."""
    before, entries = (journey.record("balance"), journey.record()), len(journey.chain())
    differing, asked, unreasoned = journey.operate_beside(
        ("cutover", "live", "balance", *WHY, "--patience", "1", "-o", "json"),
        ("cutover", "live", FAMILY),
        ("cutover", "live", FAMILY, "--execute"),
    )
    after = (journey.record("balance"), journey.record())
    gained = len(journey.chain()) - entries
    return Refusal(differing, asked, unreasoned, before, after, gained, journey.forgotten())


@dataclass(frozen=True, slots=True)
class Succession:
    """The active router is killed, another one takes over."""

    stretch: Stretch
    killed: str
    """Name of the router."""
    heir: str
    before: Mapping[str, RouterRow]
    after: Mapping[str, RouterRow]
    books: Books
    journalled: Sequence[str]


def kill_router(journey: Journey) -> Succession:
    """Kill -9 under traffic, then start it again on its journal."""
    [killed] = journey.rows()
    heir = journey.route(ROUTERS[1])
    eventually(lambda: heir in journey.rows(), SETTLED_WITHIN_S, "the second router registers")
    stretch = journey.begin(120, seed=302, reserve=RESERVE)
    journey.under_way(stretch)
    eventually(lambda: journey.rows()[killed].unsettled > 0, SETTLED_WITHIN_S, "something is in its hands")
    journey.kill(ROUTERS[0])
    before = journey.rows()
    journey.says(ROUTERS[1], f'"message": "active", "family": "{FAMILY}"')
    journey.still_under_way(stretch)
    journey.route(ROUTERS[0])
    journey.settle(stretch)
    eventually(lambda: journey.rows()[killed].unsettled == 0, SETTLED_WITHIN_S, "its entries are settled")
    sound = frozenset(stretch.types()) - stretch.of("balance")
    return Succession(
        stretch, killed, heir, before, journey.rows(), journey.stage.books(sound), journey.journalled(stretch)
    )


@dataclass(frozen=True, slots=True)
class Outage:
    """The control table refuses routers."""

    stretch: Stretch
    left: frozenset[str]
    """Routers with a row after one of them had ended in good order."""
    routed_meanwhile: int
    """Messages of the family that the monolith got while the router could not ask."""
    held: int | None
    """Messages in the hold queue, once it was started again."""
    passed: int
    """Messages of the family that the monolith got while the new process held them."""
    books: Books
    journalled: Sequence[str]
    rows: Mapping[str, RouterRow]


def lose_control_table(journey: Journey) -> Outage:
    """One router alone; DynamoDB refuses it, it is killed and started again, DynamoDB is back."""
    fleet, aws = journey.scene.fleet, journey.scene.aws
    other, active = ROUTERS  # the heir is the active one
    fleet.stop(other)
    left = frozenset(journey.rows())
    stretch = journey.begin(200, seed=303, reserve=RESERVE)
    journey.under_way(stretch)
    for action in ("GetItem", "PutItem"):
        aws.fail("dynamodb", action, error="InternalServerError", status=500)
    try:
        journey.says(active, "the control table is away: going on with what was decided last")
        before = len(journey.journalled(stretch))
        eventually(lambda: len(journey.journalled(stretch)) > before + 5, SETTLED_WITHIN_S, "it goes on")
        meanwhile = len(journey.journalled(stretch)) - before
        journey.kill(active)
        journey.route(active)
        journey.says(active, "the control table is away: holding what arrives")
        hold = naming.hold_queue_name(FAMILY)
        eventually(lambda: (journey.waiting(hold) or 0) > 5, SETTLED_WITHIN_S, "messages are held")
        eventually(lambda: journey.waiting(QUEUES[FAMILY][1]) == 0, SETTLED_WITHIN_S, "PHP has what was routed")
        passed, held = len(journey.journalled(stretch)), journey.waiting(hold)
        journey.still_under_way(stretch, 20)
        passed = len(journey.journalled(stretch)) - passed
    finally:
        aws.heal()
    journey.settle(stretch)
    sound = frozenset(stretch.types()) - stretch.of("balance")
    books, journalled = journey.stage.books(sound), journey.journalled(stretch)
    eventually(lambda: not any(row.unsettled for row in journey.rows().values()), SETTLED_WITHIN_S, "all is settled")
    journey.route(other)
    return Outage(stretch, left, meanwhile, held, passed, books, journalled, journey.rows())
