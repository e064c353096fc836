"""Entry point of the sweeper: once a minute, lets leave what the stream has missed or what is due again."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.registry import FAMILIES
from workers.bootstrap import outlet as bootstrap
from workers.fate import UnavailableError
from workers.handlers import kept
from workers.handlers.outlet import RESERVE_MS, report
from workers.observability import logger, metrics
from workers.outlet.sweep import sweep


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:  # noqa: ARG001  # the schedule's event says nothing
    """One run: as many rounds as there is time for; the next run goes on."""
    entries, outlet = bootstrap.pending_entries(), bootstrap.outlet()
    rounds = sweep(
        [family.name for family in FAMILIES],
        entries,
        outlet,
        now=datetime.now(UTC),
        in_time=lambda: context.get_remaining_time_in_millis() > RESERVE_MS,
    )
    try:
        for done in rounds:
            report(done.items())
    except UnavailableError as error:  # the next run is a minute away
        logger.error("the ledger cannot be asked", reason=str(error))
