"""Entry point of a family's function: SQS batch in, partial failures out."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    SqsFifoPartialProcessor,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from workers.bootstrap import process as bootstrap
from workers.claim import finish
from workers.fate import AlreadyProcessed, Behind, DeadLettered, Fate, Held, NotComparable, Processed, Retry
from workers.handlers import kept
from workers.observability import count, logger, metrics
from workers.sqs import read_record


class _StaysError(Exception):
    """The record stays in its queue."""


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Settle a batch; only what is to be tried again is reported back."""
    records = event["Records"]
    if not records:
        return {"batchItemFailures": []}
    batch = [read_record(record) for record in records]
    fates = bootstrap.receiver().settle(batch)
    _report(fates)
    for record_id, reason in finish(bootstrap.claims(), batch, fates).items():
        count("MessagesUnfinished")
        logger.warning("its claim stays", reason=reason, record_id=record_id)

    def settled(record: SQSRecord) -> None:
        if isinstance(fates[record.message_id], Retry | Behind):
            raise _StaysError

    fifo = any("MessageGroupId" in record.get("attributes", {}) for record in records)
    processor = (
        SqsFifoPartialProcessor(skip_group_on_error=True)
        if fifo
        else BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    )
    processor.raise_on_entire_batch_failure = False  # an outage is no crash: what stays has its own delay
    return process_partial_response(event=event, record_handler=settled, processor=processor, context=context)


def _report(fates: Mapping[str, Fate]) -> None:
    for record_id, fate in fates.items():
        match fate:
            case Processed():
                count("MessagesProcessed")
            case AlreadyProcessed():
                count("MessagesRepeated")
            case DeadLettered(cause):
                count("MessagesDeadLettered")
                logger.error("dead-lettered", cause=cause, record_id=record_id)
            case Retry(reason, counts):
                count("MessagesRetried")
                logger.warning("tried again later", reason=reason, blamed=counts, record_id=record_id)
            case Behind():
                count("MessagesBehind")
            case Held():
                count("MessagesHeld")
            case NotComparable():
                count("MessagesNotComparable")
