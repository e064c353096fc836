"""What the control function needs."""

import os
from datetime import UTC, datetime
from functools import cache

from workers.bootstrap import client
from workers.settings import ledger_settings
from workers.store.control import ControlStore


@cache
def control_store() -> ControlStore:
    """Where the monolith's outcomes are noted."""
    settings = ledger_settings(os.environ)
    sealer = client.sealer(settings.seal_key_arn)
    return ControlStore(client.make("dynamodb"), sealer, settings.ledger_table, lambda: datetime.now(UTC))
