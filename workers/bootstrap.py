"""Builds what the functions need, at cold start: the only place that constructs clients."""

import os
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError
from botocore.config import Config

from contracts.registry import family_named
from workers.fate import UnavailableError
from workers.logic.decision import Context
from workers.logic.registry import HANDLERS
from workers.outlet.event_bus import EventBridge
from workers.outlet.outlet import Outlet
from workers.outlet.webhook import HttpWebhooks
from workers.port import Queues
from workers.probing import Probing
from workers.receiver import Receiver
from workers.s3_claims import S3Claims
from workers.settings import (
    judge_settings,
    ledger_settings,
    letters_settings,
    outlet_settings,
    process_settings,
    timekeeper_settings,
)
from workers.sqs import SqsDeadLetters, SqsReturns, SqsVisibility
from workers.store.awaited import AwaitedEntries
from workers.store.control import ControlStore
from workers.store.dynamo import DynamoStore
from workers.store.fates import FateStore
from workers.store.letters import LetterStore
from workers.store.pending import PendingEntries
from workers.store.sealing import EnvelopeSealer, kms_provider
from workers.store.verdicts import VerdictStore

# Short: a message that waits for a service is better off in its queue than in a function that times out.
_CONFIG = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
# For what nothing hangs on: a batch of verdicts that are written is held up by it for two seconds at most.
_HASTY = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
_SECRET_AGE_S = 300


def _client(service: str, config: Config = _CONFIG) -> Any:
    return boto3.client(service, config=config)  # type: ignore[call-overload]


def _sealer(key_arn: str) -> EnvelopeSealer:
    return EnvelopeSealer(kms_provider(key_arn, _CONFIG))


@cache
def claims() -> S3Claims:
    """The bodies that no queue takes."""
    return S3Claims(lambda: _client("s3"), process_settings(os.environ).claim_bucket)


@cache
def receiver() -> Receiver:
    """The family's receiver. Raises pydantic.ValidationError where the environment is incomplete."""
    settings = process_settings(os.environ)
    family = family_named(settings.family)
    secrets = SecretsProvider(boto3_client=_client("secretsmanager"))

    def context(message_id: str) -> Context:
        try:
            secret = secrets.get(settings.webhook_secret_arn, max_age=_SECRET_AGE_S)
        except GetParameterError as error:
            raise UnavailableError(f"webhook secret: {type(error.__cause__ or error).__name__}") from error
        secret_bytes = secret if isinstance(secret, bytes) else str(secret).encode()
        return Context(message_id, datetime.now(UTC), lambda: str(uuid.uuid4()), secret_bytes)

    sqs = _client("sqs")
    return Receiver(
        family,
        HANDLERS,
        DynamoStore(
            _client("dynamodb"),
            family,
            _sealer(settings.seal_key_arn),
            records=settings.records_table,
            ledger=settings.ledger_table,
            control=settings.control_table,
        ),
        Queues(
            SqsDeadLetters(sqs, settings.dead_letter_queue_url),
            SqsReturns(sqs, settings.return_queue_url),
            SqsVisibility(sqs, settings.queue_url),
        ),
        claims(),
        context,
    )


@cache
def control_store() -> ControlStore:
    """Where the monolith's outcomes are noted."""
    settings = ledger_settings(os.environ)
    sealer = _sealer(settings.seal_key_arn)
    return ControlStore(_client("dynamodb"), sealer, settings.ledger_table, lambda: datetime.now(UTC))


@cache
def verdict_store() -> tuple[VerdictStore, EnvelopeSealer]:
    """Where verdicts are written, and what opens outcomes."""
    settings = judge_settings(os.environ)
    return VerdictStore(_client("dynamodb"), settings.ledger_table), _sealer(settings.seal_key_arn)


@cache
def probing() -> tuple[Probing, FateStore]:
    """What this process remembers of mutants, and where their counts are added up."""
    settings = judge_settings(os.environ)
    return Probing(settings.probe_one_in), FateStore(_client("dynamodb", _HASTY), settings.control_table)


@cache
def comparisons() -> tuple[AwaitedEntries, int]:
    """Comparisons that wait for a side, and for how many seconds they may."""
    settings = timekeeper_settings(os.environ)
    return AwaitedEntries(_client("dynamodb"), settings.ledger_table), settings.allowed_lateness_s


@cache
def pending_entries() -> PendingEntries:
    """The ledger, as the outlets see it."""
    return PendingEntries(_client("dynamodb"), outlet_settings(os.environ).ledger_table)


@cache
def outlet() -> Outlet:
    """What lets effects leave."""
    settings = outlet_settings(os.environ)
    sealer = _sealer(settings.seal_key_arn)
    return Outlet(
        pending_entries(),
        sealer,
        EventBridge(_client("events"), settings.event_bus),
        SqsReturns(_client("sqs"), settings.return_queue_url),
        HttpWebhooks(settings.webhook_origin),
        LetterStore(_client("dynamodb"), sealer, settings.letters_table),
        lambda: datetime.now(UTC),
    )


@cache
def letter_store() -> LetterStore:
    """The index of dead letters."""
    settings = letters_settings(os.environ)
    return LetterStore(_client("dynamodb"), _sealer(settings.seal_key_arn), settings.letters_table)
