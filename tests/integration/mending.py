"""The leg of a journey on which dead letters are looked at, their cause is mended, and they are replayed."""

import base64
import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.audit_chain import Entry
from ops.letter import Letter
from tests.integration.journey import FAMILY, Journey, message_of
from tests.integration.movement import AFTER, Life
from tests.stage import Books, printed

Ended = subprocess.CompletedProcess[str]
REVEALED = "object_payload.payins[].DbtrIBAN"


@dataclass(frozen=True, slots=True)
class Repair:
    """Dead letters are looked at, and all but one are replayed once the bug is mended."""

    rejected: frozenset[str]
    """Ids of the messages that the bug had refused."""
    left: str
    """The one of them that is left alone."""
    listed: Ended
    grouped: Ended
    shown: Ended
    masked: tuple[str, ...]
    """What that letter's message says of a person."""
    revealed: Ended
    audited: tuple[Entry, ...]
    """What the audit chain has got by looking."""
    edited: Ended
    """The run of a plan whose file was changed."""
    asked: Ended
    """The run of the plan without --execute."""
    unsent: frozenset[str]
    """Messages whose letters were open when both had ended."""
    ran: Mapping[str, Any]
    stray: Mapping[str, Any]
    """The run of the plan for what the monolith had handed back."""
    still: frozenset[str]
    """Messages whose letters were open in the end."""
    stray_books: Books
    books: Books
    webhooks: Counter[str]
    """Effect id to number of webhooks that the partner has got, of the replayed messages."""
    due: frozenset[str]


def repair(journey: Journey, life: Life) -> Repair:
    """What somebody on call does about a bug."""
    folder = journey.scene.places.folder
    rejected = journey.letters("rejected")
    last, some = rejected[-1], rejected[:-1]
    replayed, [left] = _messages(some), _messages([last])
    body = next(one for one in printed(journey.php, *AFTER) if one["id"] == left)["body_base64"]
    payin = json.loads(base64.b64decode(body))["object_payload"]["payins"][0]
    entries = len(journey.chain())
    listed, grouped, shown, revealed = journey.operate_beside(
        ("dlq", "list", "-o", "json"),
        ("dlq", "groups", "-o", "json"),
        ("dlq", "show", last.letter_id),
        ("dlq", "show", last.letter_id, "--reveal", REVEALED, "--reason", "who is it"),
    )
    audited = tuple(journey.chain()[entries:])
    plan, edited, stray = (folder / f"{name}.json" for name in ("plan", "edited", "stray"))
    chosen = ("--family", FAMILY, "--cause", "rejected", "--limit", str(len(some)))
    planned = journey.operate_beside(
        ("replay", "plan", "--file", str(plan), *chosen, "--reason", "the bug is mended"),
        ("replay", "plan", "--file", str(stray), "--cause", "stamped-new", "--reason", "the binding is gone"),
    )
    assert [one.returncode for one in planned] == [0, 0], [one.stdout + one.stderr for one in planned]
    edited.write_text(plan.read_text("utf-8").replace('"rate_per_s": 10.0', '"rate_per_s": 500.0'), "utf-8")
    refused, asked = journey.operate_beside(
        ("replay", "run", str(edited), "--execute"), ("replay", "run", str(plan), "--answer-timeout", "60")
    )
    unsent = _messages(journey.letters("rejected"))
    journey.bug.unlink()
    run = ("--execute", "-o", "json")
    both = journey.operate_beside(("replay", "run", str(plan), *run), ("replay", "run", str(stray), *run))
    assert [one.returncode for one in both] == [0, 0], [one.stdout + one.stderr for one in both]
    ran, stray_ran = (json.loads(one.stdout) for one in both)
    journey.settle(life.after)
    return Repair(
        replayed | {left},
        left,
        listed,
        grouped,
        shown,
        tuple(str(payin[name]) for name in ("ibanFullname", "DbtrIBAN", "messageToUser") if payin.get(name)),
        revealed,
        audited,
        refused,
        asked,
        unsent,
        ran,
        stray_ran,
        _messages((*journey.letters("rejected"), *journey.letters("stamped-new"))),
        journey.stage.books([life.strayed]),
        journey.stage.books(replayed),
        Counter({one: count for one, count in journey.partner_webhooks().items() if message_of(one) in replayed}),
        journey.stage.sides()[1].due & replayed,
    )


def _messages(letters: Sequence[Letter]) -> frozenset[str]:
    """Ids of the messages that letters are about."""
    return frozenset(one.message_id for one in letters if one.message_id is not None)
