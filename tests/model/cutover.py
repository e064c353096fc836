"""What operators do, each step apart: a generator that yields wherever it can be killed or overtaken.

Whoever comes next reads the record and goes on from there; nothing else is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from contracts import authority
from contracts.authority import IllegalMoveError
from ops import fence
from tests.model.broker import Copy
from tests.model.flaw import Flaw

if TYPE_CHECKING:
    from contracts.authority import AuthorityRecord, Stage
    from ops.authority import Router
    from tests.model.world import World

Steps = Iterator[None]


def observe(world: World, *, copies: bool) -> Steps:
    """`shadow`, and its end."""
    record = world.record
    yield
    if record.phase == "steady" and record.authority == "legacy":
        world.write(record, authority.observe(record, copies=copies))


def move(world: World, target: Stage, run: str) -> Steps:
    """`live` and `back`: begin, or carry on what is under way."""
    record = world.record
    yield
    agreed_before = record.phase != "steady" or world.states_agree()
    if record.phase == "steady":
        try:
            fenced = authority.begin(record, target, run)
        except IllegalMoveError:
            return
        if not world.write(record, fenced):
            return
        yield
        record = fenced if Flaw.BLIND_WRITE in world.flaws else world.record
    if record.phase == "fenced" and record.target == target:
        yield from _switch(world, record, agreed_before=agreed_before)
        record = world.record
        yield
    if record.phase == "releasing":
        yield from release(world)


def _switch(world: World, record: AuthorityRecord, *, agreed_before: bool) -> Steps:
    """From behind the fence to the other side; ends early while something is missing."""
    assert record.target is not None
    assert record.run is not None
    heard = world.heard()
    if not _is_confirmed(world, record, heard):
        return
    confirmed = fence.heard_at(heard)
    yield
    if not _is_quiescent(world, record, confirmed):
        return
    world.quiescent(record)
    back = authority.authority_of(record.target) == "legacy"
    if back and Flaw.NO_CATCH_UP not in world.flaws:
        for message in world.behind(record):
            world.broker.queues["legacy"].append(Copy(message, muted=True))
            yield
        if not all(world.ledger.entry(message.id).control for message in world.behind(record)):
            return
    if not back:
        world.bring_over()
    agreed = agreed_before if Flaw.EARLY_COMPARISON in world.flaws else world.states_agree()
    if not agreed and not (back and Flaw.NO_CATCH_UP in world.flaws):
        return
    yield
    if _is_quiescent(world, record, confirmed):  # comparing takes its time
        world.write(record, authority.complete(record, record.run, world.now))


def _is_confirmed(world: World, record: AuthorityRecord, heard: list[Router]) -> bool:
    if Flaw.STALE_CONFIRMATION in world.flaws:
        heard = [
            replace(one, row=replace(one.row, confirmed_epoch=record.epoch)) if one.row.confirmed_epoch >= 0 else one
            for one in heard
        ]
    return Flaw.EARLY_POSITION in world.flaws or not any(fence.unconfirmed(heard, record.epoch))


def _is_quiescent(world: World, record: AuthorityRecord, confirmed: fence.Heard) -> bool:
    heard = world.heard()
    if world.replays and Flaw.UNSEEN_REPLAY not in world.flaws:
        return False
    if world.flaws & {Flaw.EARLY_POSITION, Flaw.STALE_CONFIRMATION}:
        return _is_confirmed(world, record, heard) and not any(one.row.unsettled for one in heard)
    return not any(fence.unquiet(heard, record.epoch, confirmed))


def release(world: World) -> Steps:
    """End a move, once nothing is held any more."""
    record = world.record
    heard = world.heard()
    yield
    if record.phase == "releasing" and record.run is not None and not any(fence.unreleased(heard, record.epoch)):
        world.write(record, authority.settle(record, record.run))


def abort(world: World) -> Steps:
    """Undo what is under way, before its switch."""
    record = world.record
    yield
    if record.phase == "fenced" and record.run is not None:
        world.write(record, authority.abandon(record, record.run))


def replay(world: World, id_: int) -> Steps:
    """Send a dead letter back to its queue, with its stamp: registered before the record is read, as routers are."""
    world.replays.add(id_)
    yield
    record = world.record
    yield
    letter = world.new.letters.get(id_)
    if letter is not None and (record.phase == "steady" or Flaw.UNSEEN_REPLAY in world.flaws):
        del world.new.letters[id_]
        world.new.groups[letter.message.key].append(replace(letter, replayed=True))
    elif not any(one.replayed and one.message.id == id_ for group in world.new.groups.values() for one in group):
        world.replays.discard(id_)
