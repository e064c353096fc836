"""Entry point of the timekeeper: once a minute, decides comparisons of which a side has not told in time."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.registry import FAMILIES
from contracts.verdict import BY_CLOCK
from workers.bootstrap import timekeeper as bootstrap
from workers.expiry import decide_overdue, measure
from workers.handlers import kept
from workers.observability import count, gauge_s, logger, metrics

RESERVE_MS = 12_000
"""No page is begun when less than that is left: a service that does not answer takes some seconds of it."""


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001  # the schedule's event says nothing
    """One run: as many rounds as there is time for; the next run goes on.

    Raises UnavailableError where the ledger cannot be asked: an alarm rings where no run succeeds.
    """
    types = [one for family in FAMILIES for one in family.types]
    comparisons, lateness_s = bootstrap.comparisons()
    lateness = timedelta(seconds=lateness_s)
    rounds = decide_overdue(
        types,
        comparisons,
        lateness,
        now=datetime.now(UTC),
        in_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MS,
    )
    left = 0
    reasons: Counter[str] = Counter()
    for done in rounds:
        expired = {message_id: verdict for message_id, verdict in done.decided.items() if verdict in BY_CLOCK}
        for message_id, verdict in expired.items():
            logger.warning("decided by the clock", message_id=message_id, verdict=verdict.value)
        if expired:
            count("MessagesExpired", len(expired))
        left += done.left
        reasons += done.reasons
    if left:
        logger.warning("the judge owes verdicts", messages=left)
    if reasons:
        logger.error("not decided", reasons=dict(reasons))
    wait = measure(types, comparisons, lateness, datetime.now(UTC))
    gauge_s("MessagesUndecidedSeconds", wait.undecided_s)
    gauge_s("MessagesOverdueSeconds", wait.overdue_s)
