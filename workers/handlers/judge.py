"""Entry point of the judge function: images of the ledger's stream in, verdicts out."""

import base64
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.registry import type_named
from contracts.verdict import AGREED, Verdict
from workers import bootstrap
from workers.fate import UnavailableError
from workers.judging import judge_image
from workers.observability import count, logger, metrics


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Judge a batch of ledger entries; one that fails is tried again by the stream, alone after bisection."""
    processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
    return process_partial_response(event=event, record_handler=_judge, processor=processor, context=context)


def _judge(record: DynamoDBRecord) -> None:
    try:
        _judge_entry(record)
    except Exception as error:
        # Whatever it is, the stream brings the record again; the class says what, a text could quote the outcome.
        reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
        logger.error("not judged", reason=reason, record_id=record.raw_event.get("eventID"))
        raise


def _judge_entry(record: DynamoDBRecord) -> None:
    image = {name: _binary(value) for name, value in record.raw_event["dynamodb"].get("NewImage", {}).items()}
    if "type" not in image:
        return
    store, sealer = bootstrap.verdict_store()
    now = datetime.now(UTC)
    message_id, message_type = image["pk"]["S"], type_named(image["type"]["S"])
    judgement = judge_image(image, message_type, sealer, now.date())
    if judgement.verdict is Verdict.PENDING:
        return
    if store.write(message_id, int(image["revision"]["N"]), message_type, judgement, now):
        count("MessagesJudged")
        if judgement.verdict not in AGREED:
            count("MessagesDiffering")
            logger.warning("differs", message_id=message_id, verdict=judgement.verdict.value)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """The stream's JSON has binary as base64."""
    return {"B": base64.b64decode(value["B"])} if isinstance(value.get("B"), str) else value
