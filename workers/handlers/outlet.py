"""Entry point of the outlet function: images of the ledger's stream in, effects out.

The images only name the entries. What cannot be sent or read now is left to the sweeper, so that nothing waits behind
it; only what our own code stumbles over is reported back to the stream.
"""

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from workers.bootstrap import outlet as bootstrap
from workers.fate import UnavailableError
from workers.handlers import kept
from workers.observability import count, count_by, logger, metrics
from workers.outlet.outlet import Round

RESERVE_MS = 12_000
"""No partner is called when less than that is left: an answer may take 7 s, noting it some more."""


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Let the effects of a batch of ledger entries leave."""
    if not event["Records"]:
        return {"batchItemFailures": []}
    ids = [_message_id(record) for record in event["Records"]]
    rounds = bootstrap.outlet().leave(ids, lambda: context.get_remaining_time_in_millis() > RESERVE_MS)
    report(rounds.items())
    return process_partial_response(
        event=event,
        record_handler=lambda record: _raise_fault(rounds[_message_id(record.raw_event)]),
        processor=BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False),
        context=context,
    )


def report(rounds: Iterable[tuple[str, Future[Round]]]) -> None:
    """Count and log what rounds have done; the sweeper does so too."""
    sent: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    repeated: Counter[str] = Counter()
    letters = overdue = 0
    for message_id, future in rounds:
        error = future.exception()
        if error is not None:
            # The class says what; a text could quote the outcome.
            reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
            logger.error("effects not looked at", reason=reason, message_id=message_id)
            continue
        done = future.result()
        sent.update(done.sent)
        failed.update(done.failed)
        repeated.update(done.repeated)
        letters += done.letters
        overdue += int(done.overdue)
        if done.reasons:
            logger.warning("effects tried again later", reasons=done.reasons, message_id=message_id)
    for kind, value in sent.items():
        count_by("EffectsSent", kind, value)
    for kind, value in failed.items():
        count_by("EffectsFailed", kind, value)
    for kind, value in repeated.items():
        count_by("EffectsRepeated", kind, value)
    if letters:
        count("LettersIndexed", letters)
    if overdue:
        count("EffectsOverdue", overdue)


def _raise_fault(done: Future[Round]) -> None:
    error = done.exception()
    if error is not None and not isinstance(error, UnavailableError):
        raise error


def _message_id(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["Keys"]["pk"]["S"])
