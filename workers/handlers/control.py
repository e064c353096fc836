"""Entry point of the control function: the monolith's outcomes, from SQS into the ledger."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.effect import MalformedOutcomeError, parse_attempt
from contracts.envelope import MalformedEnvelopeError, decode_body, read_envelope
from contracts.registry import UnknownTypeError, type_named
from workers import bootstrap
from workers.fate import UnavailableError
from workers.observability import count, logger, metrics
from workers.sqs import read_record


class _StaysError(Exception):
    """The outcome stays in its queue; SQS dead-letters it after its redrive limit."""


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Note a batch of outcomes."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event=event, record_handler=_note, processor=processor, context=context)


def _note(record: SQSRecord) -> None:
    received = read_record(record.raw_event)
    try:
        envelope = read_envelope(received.attributes.get("envelope", ""))
        attempt = parse_attempt(decode_body(received.body, envelope.body_encoding))
        bootstrap.control_store().note(attempt, type_named(attempt.type).tenant)
    except (MalformedEnvelopeError, MalformedOutcomeError, UnknownTypeError) as error:
        count("OutcomesRefused")
        reason = "unknown type" if isinstance(error, UnknownTypeError) else str(error)  # which quotes the document
        logger.error("outcome refused", reason=reason, record_id=received.record_id)
        raise _StaysError from error
    except UnavailableError as error:
        logger.warning("outcome tried again later", reason=str(error), record_id=received.record_id)
        raise _StaysError from error
    count("OutcomesNoted")
