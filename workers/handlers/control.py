"""Entry point of the control function: the monolith's outcomes, from SQS into the ledger."""

from concurrent.futures import Future
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.effect import MalformedOutcomeError, parse_attempt
from contracts.envelope import MalformedEnvelopeError, decode_body, read_envelope
from contracts.registry import UnknownTypeError, type_named
from workers.batch import StaysError, side_by_side
from workers.bootstrap import control as bootstrap
from workers.fate import UnavailableError
from workers.handlers import kept
from workers.observability import count, logger, metrics
from workers.sqs import read_record
from workers.store.control import ControlStore


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Note a batch of outcomes; one that cannot be noted stays, until SQS dead-letters it after its redrive limit."""
    store = bootstrap.control_store()  # here, for clients cannot be built side by side
    return side_by_side(EventType.SQS, event, context, lambda record: _note(record, store), _report)


def _report(record: dict[str, Any], noted: Future[None]) -> None:
    record_id = record["messageId"]
    try:
        noted.result()
    except (MalformedEnvelopeError, MalformedOutcomeError, UnknownTypeError) as error:
        count("OutcomesRefused")
        reason = "unknown type" if isinstance(error, UnknownTypeError) else str(error)  # which quotes the document
        logger.error("outcome refused", reason=reason, record_id=record_id)
        raise StaysError from error
    except UnavailableError as error:
        logger.warning("outcome tried again later", reason=str(error), record_id=record_id)
        raise StaysError from error
    count("OutcomesNoted")


def _note(record: dict[str, Any], store: ControlStore) -> None:
    received = read_record(record)
    envelope = read_envelope(received.attributes.get("envelope", ""))
    attempt = parse_attempt(decode_body(received.body, envelope.body_encoding))
    store.note(attempt, type_named(attempt.type).tenant)
