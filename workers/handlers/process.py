"""Entry point of a family's function: SQS batch in, partial failures out.

The receiver settles a batch as a whole, groups and all, and has a fate for each record; so that nothing is left for
powertools' batch processor, which calls a function per record. To import it, and every event class with it, was a
twentieth of a cold import.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from workers.bootstrap import process as bootstrap
from workers.claim import finish
from workers.fate import AlreadyProcessed, Behind, DeadLettered, Fate, Held, NotComparable, Processed, Retry
from workers.handlers import kept
from workers.observability import count, logger, metrics
from workers.sqs import read_record

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> "PartialItemFailureResponse":  # noqa: ARG001  # logged
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
    stay = (one.record_id for one in batch if isinstance(fates[one.record_id], Retry | Behind))
    return {"batchItemFailures": [{"itemIdentifier": record_id} for record_id in stay]}


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
