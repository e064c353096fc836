"""Entry point of the control function: the monolith's outcomes, from SQS into the ledger."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.effect import MalformedOutcomeError, parse_attempt
from contracts.envelope import MalformedEnvelopeError, decode_body, read_envelope
from contracts.registry import UnknownTypeError, type_named
from workers import bootstrap
from workers.fate import UnavailableError
from workers.observability import count, logger, metrics
from workers.sqs import read_record
from workers.store.control import ControlStore


class _StaysError(Exception):
    """The outcome stays in its queue; SQS dead-letters it after its redrive limit."""


AT_ONCE = 8
"""Outcomes noted side by side: each is an attribute of its own, so that their order does not matter."""


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Note a batch of outcomes."""
    if not event["Records"]:
        return {"batchItemFailures": []}
    store = bootstrap.control_store()  # here, for clients cannot be built side by side
    with ThreadPoolExecutor(AT_ONCE) as pool:
        noted = {record["messageId"]: pool.submit(_note, record, store) for record in event["Records"]}
        return process_partial_response(
            event=event,
            record_handler=lambda record: _report(record.message_id, noted[record.message_id]),
            processor=BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False),
            context=context,
        )


def _report(record_id: str, noted: Future[None]) -> None:
    try:
        noted.result()
    except (MalformedEnvelopeError, MalformedOutcomeError, UnknownTypeError) as error:
        count("OutcomesRefused")
        reason = "unknown type" if isinstance(error, UnknownTypeError) else str(error)  # which quotes the document
        logger.error("outcome refused", reason=reason, record_id=record_id)
        raise _StaysError from error
    except UnavailableError as error:
        logger.warning("outcome tried again later", reason=str(error), record_id=record_id)
        raise _StaysError from error
    count("OutcomesNoted")


def _note(record: dict[str, Any], store: ControlStore) -> None:
    received = read_record(record)
    envelope = read_envelope(received.attributes.get("envelope", ""))
    attempt = parse_attempt(decode_body(received.body, envelope.body_encoding))
    store.note(attempt, type_named(attempt.type).tenant)
