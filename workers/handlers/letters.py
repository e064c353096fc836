"""Entry point of the letters function: dead letters, from SQS into their index."""

from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from workers.batch import StaysError, side_by_side
from workers.bootstrap import letters as bootstrap
from workers.dead_letter import read_dead_letter
from workers.fate import UnavailableError
from workers.handlers import kept
from workers.observability import count, logger, metrics
from workers.port import Letters
from workers.sqs import read_record


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Index a batch of dead letters; one that cannot be written stays where it is."""
    store = bootstrap.letter_store()  # here, for clients cannot be built side by side
    return side_by_side(EventType.SQS, event, context, lambda record: _index(record, store), _report)


def _index(record: dict[str, Any], store: Letters) -> bool:
    queue = str(record["eventSourceARN"]).rpartition(":")[2]
    sent_at = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)
    return store.index(read_dead_letter(read_record(record), queue, sent_at))


def _report(record: dict[str, Any], indexed: Future[bool]) -> None:
    try:
        counted = indexed.result()
    except Exception as error:
        # Whatever it is, the letter stays in its queue; the class says what, a text could quote the message.
        reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
        logger.error("letter not indexed", reason=reason, record_id=record["messageId"])
        raise StaysError from error
    if counted:
        count("LettersIndexed")
