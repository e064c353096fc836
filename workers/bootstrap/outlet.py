"""What the outlet's function and the sweeper need."""

import os
from datetime import UTC, datetime
from functools import cache

from workers.bootstrap import client
from workers.outlet.event_bus import EventBridge
from workers.outlet.outlet import Outlet
from workers.outlet.webhook import HttpWebhooks
from workers.settings import outlet_settings
from workers.sqs import SqsReturns
from workers.store.letters import LetterStore
from workers.store.pending import PendingEntries


@cache
def pending_entries() -> PendingEntries:
    """The ledger, as the outlets see it."""
    return PendingEntries(client.make("dynamodb"), outlet_settings(os.environ).ledger_table)


@cache
def outlet() -> Outlet:
    """What lets effects leave."""
    settings = outlet_settings(os.environ)
    sealer = client.sealer(settings.seal_key_arn)
    return Outlet(
        pending_entries(),
        sealer,
        EventBridge(client.make("events"), settings.event_bus),
        SqsReturns(client.make("sqs"), settings.return_queue_url),
        HttpWebhooks(settings.webhook_origin),
        LetterStore(client.make("dynamodb"), sealer, settings.letters_table),
        lambda: datetime.now(UTC),
    )
