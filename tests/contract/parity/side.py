"""Both sides of a comparison, offline: the monolith's oracle, and our receiver over an in-memory store."""

import base64
import json
import os
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bridge.port import Delivery
from bridge.translator import notification_translator
from contracts.effect import Attempt, parse_attempt
from contracts.envelope import AmqpFacts
from contracts.invalid_message import InvalidMessageError
from contracts.registry import FAMILIES, family_of
from tests.fakes.claims import MemoryClaims
from tests.fakes.queue import MemoryDeadLetters, MemoryReturns, MemoryVisibility
from tests.fakes.store import MemoryStore
from workers.logic.decision import Context
from workers.logic.registry import HANDLERS
from workers.port import Queues
from workers.receiver import Receiver
from workers.sqs import Received

MONOLITH = Path(__file__).parents[3] / "legacy" / "monolith"
SECRET = "a secret of the tests"
_ENVIRONMENT = {"WEBHOOK_SECRET": SECRET, "PATH": os.defpath}
NOW = "2026-11-21T10:00:00Z"
Notification = dict[str, Any]


def scenario(php: Sequence[str], messages: int, seed: int) -> list[Notification]:
    """Notifications of all types as the monolith's publisher makes them, hostile values and repetitions included."""
    publisher = str(MONOLITH / "bin" / "publish.php")
    printed = subprocess.run(
        [*php, publisher, "--messages", str(messages), "--seed", str(seed), "--print"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=_ENVIRONMENT,
    )
    return [json.loads(line) for line in printed.stdout.splitlines()]


def control(php: Sequence[str], notifications: Iterable[Notification]) -> list[Attempt]:
    """What the monolith does, one attempt per notification."""
    answered = subprocess.run(
        [*php, str(MONOLITH / "bin" / "oracle.php"), "--now", NOW],
        input="".join(f"{json.dumps(one)}\n" for one in notifications),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=_ENVIRONMENT,
    )
    return [parse_attempt(line) for line in answered.stdout.splitlines()]


def candidate(notifications: Iterable[Notification]) -> MemoryStore:
    """What the new side does: bridge's translator and worker's receiver, one message a batch."""
    store = MemoryStore()
    moment = datetime.fromisoformat(NOW).astimezone(UTC)

    def context(message_id: str) -> Context:
        return Context(message_id, moment, lambda: "00000000-0000-4000-8000-000000000000", SECRET.encode())

    receivers = {
        family.name: Receiver(
            family,
            HANDLERS,
            store,
            Queues(MemoryDeadLetters(), MemoryReturns(), MemoryVisibility()),
            MemoryClaims(),
            context,
        )
        for family in FAMILIES
    }
    for position, one in enumerate(notifications):
        family = family_of(one["type"])
        facts = AmqpFacts(one["exchange"], one["routing_key"], redelivered=False, properties=one["properties"])
        delivery = Delivery("tap", base64.b64decode(one["body_base64"]), facts, one["headers"], position)
        try:
            entry = notification_translator(family, moment.timestamp)(delivery)
        except InvalidMessageError:
            continue
        attributes = {"envelope": entry.envelope, "type": entry.type, "id": entry.id}
        received = Received(str(position), "receipt", 1, entry.group, entry.body, attributes)
        receivers[family.name].settle([received])
    return store
