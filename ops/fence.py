"""What is still waited for behind a fence, by what routers say of themselves. Pure.

To move, a router's word is needed unless it has ended and left nothing open; to release, the active one's is enough.
Ages are by the operator's clock; whether a router has spoken since is told by its own clock alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from ops.authority import HEARD, Router
from ops.objection import Against, Objection, about
from ops.wording import plural, seconds

Heard = Mapping[str, datetime]
"""Routers by name to when they last spoke, by their own clocks."""


PASSING: frozenset[Against] = frozenset({"tap", "doubts"})
"""What passes by itself while everything works: a tap that is being emptied, messages that are being looked up."""


def unroutable(routers: Sequence[Router], *, moving: bool) -> Iterator[Objection]:
    """What stands against relying on the routers at all.

    Args:
        moving: whether authority is to move; just to observe, it is enough that one of them works.
    """
    if not any(one.heard and (one.row.state == "active" or not moving) for one in routers):
        word = "active " if moving else ""
        yield Objection("no router", f"no {word}router was heard within {seconds(HEARD.total_seconds())}")
    if not moving:
        return
    for one in routers:
        if one.silent:
            yield Objection("silent router", f"router {one.row.router} was last heard {seconds(one.age_s)} ago")
        elif one.row.state == "stopped" and one.row.unsettled:
            text = f"router {one.row.router} has stopped with {_unsettled(one)}: start it again with its journal"
            yield about("stopped router", text, one.row.unsettled_sample)
        if one.counts and one.row.tap:
            yield Objection("tap", f"router {one.row.router} still sees the family's tap queue")
        if one.counts and one.row.doubts:
            text = f"router {one.row.router} holds {plural(one.row.doubts, 'message')} that may have been routed before"
            yield Objection("doubts", text)


def unconfirmed(routers: Sequence[Router], epoch: int) -> Iterator[Objection]:
    """Who has not confirmed the fence of this epoch."""
    if not any(one.heard and one.row.state == "active" for one in routers):
        yield Objection("no router", "no active router is heard")
    for one in routers:
        if one.silent:
            yield Objection("silent router", f"router {one.row.router} was last heard {seconds(one.age_s)} ago")
        elif one.counts and one.row.confirmed_epoch != epoch:
            text = f"router {one.row.router} ({one.row.state}) has not confirmed epoch {epoch}"
            yield Objection("not confirmed", text)


def heard_at(routers: Sequence[Router]) -> Heard:
    """When each has spoken last."""
    return {one.row.router: one.row.seen_at for one in routers}


def unquiet(routers: Sequence[Router], epoch: int, confirmed: Heard) -> Iterator[Objection]:
    """What is not final yet of all that was stamped before the fence of this epoch.

    Args:
        confirmed: when each router had spoken when the fence was seen to be confirmed: it counts what it says later.
    """
    yield from unconfirmed(routers, epoch)
    for one in (one for one in routers if one.counts):
        row = one.row
        if row.unsettled:
            yield about("not final", f"router {row.router}: {_unsettled(one)}", row.unsettled_sample)
        if row.legacy_backlog:
            # Of what its sender publishes twice the ledger knows one outcome: the second one may be there still.
            waiting = plural(row.legacy_backlog, "message")
            yield Objection("not final", f"router {row.router}: about {waiting} wait in the monolith's queue")
        if row.tap:
            yield Objection("tap", f"router {row.router} sees the family's tap queue")
        if row.doubts:
            text = f"router {row.router} holds {plural(row.doubts, 'message')} that may have been routed before"
            yield Objection("doubts", text)
        if row.router in confirmed and row.seen_at <= confirmed[row.router]:
            yield Objection("not confirmed", f"router {row.router} has not spoken since the fence was confirmed")


def unaware(routers: Sequence[Router], epoch: int) -> Iterator[Objection]:
    """Which active routers do not route by the record of this epoch yet."""
    for one in routers:
        if one.heard and one.row.state == "active" and one.row.seen_epoch < epoch:
            yield Objection("not confirmed", f"router {one.row.router} has not seen epoch {epoch}")


def unreleased(routers: Sequence[Router], epoch: int) -> Iterator[Objection]:
    """What is missing until an active router says that nothing is held any more since the move of this epoch.

    Its word is enough, so that a router that is dead for good keeps nothing open: whoever becomes active after it holds
    until it has seen the hold queue empty.
    """
    active = [one for one in routers if one.heard and one.row.state == "active"]
    if not active:
        yield Objection("no router", "no active router is heard")
    elif not any(one.row.released_epoch == epoch for one in active):
        for one in active:
            held = f"about {plural(one.row.held, 'message')} held"
            yield Objection("not confirmed", f"router {one.row.router} has not released epoch {epoch} ({held})")


def _unsettled(router: Router) -> str:
    return f"{plural(router.row.unsettled, 'message')} not final where they went"
