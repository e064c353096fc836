"""What the timekeeper needs."""

import os
from functools import cache

from workers.bootstrap import client
from workers.settings import timekeeper_settings
from workers.store.awaited import AwaitedEntries


@cache
def comparisons() -> tuple[AwaitedEntries, int]:
    """Comparisons that wait for a side, and for how many seconds they may."""
    settings = timekeeper_settings(os.environ)
    return AwaitedEntries(client.make("dynamodb"), settings.ledger_table), settings.allowed_lateness_s
