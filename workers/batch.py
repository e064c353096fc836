"""A batch of records, worked on side by side; what is reported as failed comes back alone."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

AT_ONCE = 8
"""Records worked on side by side: each mostly waits for one write, and none for another."""

_IDENTITY: Mapping[EventType, Callable[[dict[str, Any]], str]] = {
    EventType.SQS: lambda record: str(record["messageId"]),
    EventType.DynamoDBStreams: lambda record: str(record["dynamodb"]["SequenceNumber"]),
}
_T = TypeVar("_T")


class StaysError(Exception):
    """The record stays where it came from."""


def side_by_side(
    kind: EventType,
    event: Mapping[str, Any],
    context: LambdaContext,
    work: Callable[[dict[str, Any]], _T],
    report: Callable[[dict[str, Any], Future[_T]], None],
) -> PartialItemFailureResponse:
    """The answer to the event source: which records are to come again.

    Args:
        kind: who sends the event.
        event: its records; there may be none.
        context: of the invocation.
        work: what is done with one record, on a thread of its own.
        report: says, in the records' order, how it went; whatever it raises lets the record come again.
    """
    if not event["Records"]:
        return {"batchItemFailures": []}
    identity = _IDENTITY[kind]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = {identity(record): pool.submit(work, record) for record in event["Records"]}
        return process_partial_response(
            event=dict(event),
            record_handler=lambda record: report(record.raw_event, done[identity(record.raw_event)]),
            processor=BatchProcessor(event_type=kind, raise_on_entire_batch_failure=False),
            context=context,
        )
