"""Entry point of the judge function: images of the ledger's stream in, verdicts out."""

import base64
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.registry import type_named
from contracts.verdict import AGREED, Verdict
from workers import bootstrap
from workers.batch import side_by_side
from workers.fate import UnavailableError
from workers.judging import judge_image
from workers.observability import count, logger, metrics
from workers.store.sealing import Sealer
from workers.store.verdicts import VerdictStore, standing


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Judge a batch of ledger entries; one that fails is tried again by the stream, alone after bisection."""
    store, sealer = bootstrap.verdict_store()  # here, for clients cannot be built side by side
    return side_by_side(
        EventType.DynamoDBStreams, event, context, lambda record: _judge(record, store, sealer), _report
    )


def _report(record: dict[str, Any], judged: Future[Verdict | None]) -> None:
    try:
        verdict = judged.result()
    except Exception as error:
        # Whatever it is, the stream brings the record again; the class says what, a text could quote the outcome.
        reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
        logger.error("not judged", reason=reason, record_id=record["eventID"])
        raise
    if verdict is not None:
        count("MessagesJudged")
        if verdict not in AGREED:
            count("MessagesDiffering")
            message_id = record["dynamodb"]["NewImage"]["pk"]["S"]
            logger.warning("differs", message_id=message_id, verdict=verdict.value)


def _judge(record: dict[str, Any], store: VerdictStore, sealer: Sealer) -> Verdict | None:
    """The verdict that was written; None where it is pending, has one, or a later revision is on its way."""
    image = {name: _binary(value) for name, value in record["dynamodb"].get("NewImage", {}).items()}
    if "type" not in image:
        return None
    now = datetime.now(UTC)
    message_id, message_type = image["pk"]["S"], type_named(image["type"]["S"])
    judgement = judge_image(image, message_type, sealer, now.date())
    if judgement.verdict is Verdict.PENDING:
        return None
    written = store.write(message_id, int(image["revision"]["N"]), message_type, judgement, now, standing(image))
    return judgement.verdict if written else None


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """The stream's JSON has binary as base64."""
    return {"B": base64.b64decode(value["B"])} if isinstance(value.get("B"), str) else value
