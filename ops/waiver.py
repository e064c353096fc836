"""Waivers: messages that will never become final where they were sent, and that no move waits for any longer.

A copy that a full queue dropped, a message that expired in the monolith's queue: nobody will ever tell of it. Whoever
waives it has looked it up, and says so in the audit chain. What both sides have made of it is compared all the same.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from contracts.authority import AuthorityRecord, IllegalMoveError, waive
from contracts.control_item import UNSETTLED_SAMPLE
from ops.audit_chain import NotAsReadError
from ops.authority import AuthorityStore, Router
from ops.errand import Who
from ops.exit_code import ExitCode
from ops.fault import CommandError


def ensure_named(family: str, ids: Iterable[str], routers: Iterable[Router]) -> None:
    """Only what a router waits for can be waived. Raises CommandError."""
    named = {one for router in routers for one in router.row.unsettled_sample}
    missing = [one for one in ids if one not in named]
    if missing:
        raise CommandError(
            ExitCode.OBJECTED,
            f"{family}: no router names {', '.join(missing)} as not final; nothing was waived. Each names its oldest "
            f"{UNSETTLED_SAMPLE} only: `strangler cutover show {family} -o json`, unsettled_sample",
        )


def waive_messages(
    store: AuthorityStore, family: str, ids: Sequence[str], who: Who, now: Callable[[], datetime]
) -> AuthorityRecord:
    """Waive messages that routers name, with an audit entry; whoever else waives at once loses nothing.

    Raises CommandError: a router names one of them no longer, there would be too many, or AWS does not serve us.
    """
    ensure_named(family, ids, store.routers(family, now()))
    while True:
        standing = store.standing(family)
        try:
            after = waive(standing.record, ids, now())
        except IllegalMoveError as error:
            raise CommandError(ExitCode.OBJECTED, f"{error}; nothing was waived") from error
        try:
            return store.change(standing, after, who.act("waive", family, {"ids": list(ids)}), now()).record
        except NotAsReadError:
            continue
