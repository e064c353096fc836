"""What the judge needs."""

import os
from functools import cache

from workers.bootstrap import client
from workers.probing import Probing
from workers.settings import judge_settings
from workers.store.fates import FateStore
from workers.store.seal import Sealer
from workers.store.verdicts import VerdictStore


@cache
def verdict_store() -> tuple[VerdictStore, Sealer]:
    """Where verdicts are written, and what opens outcomes."""
    settings = judge_settings(os.environ)
    return VerdictStore(client.make("dynamodb"), settings.ledger_table), client.sealer(settings.seal_key_arn)


@cache
def probing() -> tuple[Probing, FateStore]:
    """What this process remembers of mutants, and where their counts are added up."""
    settings = judge_settings(os.environ)
    return Probing(settings.probe_one_in), FateStore(client.make("dynamodb", client.HASTY), settings.control_table)
