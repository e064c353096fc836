"""Entry point of the letters function: dead letters, from SQS into their index."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from workers import bootstrap
from workers.dead_letter import read_dead_letter
from workers.fate import UnavailableError
from workers.observability import count, logger, metrics
from workers.port import Letters
from workers.sqs import read_record

AT_ONCE = 8
"""Letters written side by side: each is an item of its own."""


class _StaysError(Exception):
    """The letter stays in its queue."""


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Index a batch of dead letters; one that cannot be written stays where it is."""
    if not event["Records"]:
        return {"batchItemFailures": []}
    store = bootstrap.letter_store()  # here, for clients cannot be built side by side
    with ThreadPoolExecutor(AT_ONCE) as pool:
        indexed = {record["messageId"]: pool.submit(_index, record, store) for record in event["Records"]}
        return process_partial_response(
            event=event,
            record_handler=lambda record: _report(record.message_id, indexed[record.message_id]),
            processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
            context=context,
        )


def _index(record: dict[str, Any], store: Letters) -> bool:
    queue = str(record["eventSourceARN"]).rpartition(":")[2]
    sent_at = datetime.fromtimestamp(int(record["attributes"]["SentTimestamp"]) / 1000, UTC)
    return store.index(read_dead_letter(read_record(record), queue, sent_at))


def _report(record_id: str, indexed: Future[bool]) -> None:
    try:
        counted = indexed.result()
    except Exception as error:
        # Whatever it is, the letter stays in its queue; the class says what, a text could quote the message.
        reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
        logger.error("letter not indexed", reason=reason, record_id=record_id)
        raise _StaysError from error
    if counted:
        count("LettersIndexed")
