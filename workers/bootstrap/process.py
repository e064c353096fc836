"""What a family's function needs."""

import os
import uuid
from datetime import UTC, datetime
from functools import cache

from aws_lambda_powertools.utilities.parameters import SecretsProvider
from aws_lambda_powertools.utilities.parameters.exceptions import GetParameterError

from contracts.registry import family_named
from workers.bootstrap import client
from workers.fate import UnavailableError
from workers.logic.decision import Context
from workers.logic.registry import HANDLERS
from workers.port import Queues
from workers.receiver import Receiver
from workers.s3_claims import S3Claims
from workers.settings import process_settings
from workers.sqs import SqsDeadLetters, SqsReturns, SqsVisibility
from workers.store.dynamo import DynamoStore

_SECRET_AGE_S = 300


@cache
def claims() -> S3Claims:
    """The bodies that no queue takes."""
    return S3Claims(lambda: client.make("s3", client.CAREFUL), process_settings(os.environ).claim_bucket)


@cache
def receiver() -> Receiver:
    """The family's receiver. Raises pydantic.ValidationError where the environment is incomplete."""
    settings = process_settings(os.environ)
    family = family_named(settings.family)
    secrets = SecretsProvider(boto3_client=client.make("secretsmanager"))

    def context(message_id: str) -> Context:
        try:
            secret = secrets.get(settings.webhook_secret_arn, max_age=_SECRET_AGE_S)
        except GetParameterError as error:
            raise UnavailableError(f"webhook secret: {type(error.__cause__ or error).__name__}") from error
        secret_bytes = secret if isinstance(secret, bytes) else str(secret).encode()
        return Context(message_id, datetime.now(UTC), lambda: str(uuid.uuid4()), secret_bytes)

    sqs = client.make("sqs")
    return Receiver(
        family,
        HANDLERS,
        DynamoStore(
            client.make("dynamodb"),
            family,
            client.sealer(settings.seal_key_arn),
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
