"""Logs and metrics of the functions, once.

What is logged are ids, causes and codes; never a body, an outcome or an error's own text, for any of these may quote
a name or an IBAN. Metric names stand in `Metric`; a test holds the docs to that list.
"""

import warnings
from typing import Literal

from aws_lambda_powertools import Logger, Metrics, single_metric
from aws_lambda_powertools.metrics import MetricUnit

Metric = Literal[
    "MessagesProcessed",  # written to records and ledger
    "MessagesRepeated",  # known to the ledger already, nothing changed
    "MessagesDeadLettered",  # can never succeed: look at the dead letters and their cause
    "MessagesRetried",  # an outage, or a message that fails by itself: see the log's `reason`
    "MessagesBehind",  # wait behind a message of their group
    "MessagesHeld",  # stamped before a move of authority: on their way back to the router
    "MessagesNotComparable",  # copies stamped before a move of authority
    "MessagesUnfinished",  # done with, but for their claims in S3, which could not be let go of and stay
    "OutcomesNoted",  # outcomes of the monolith written to the ledger
    "OutcomesRefused",  # outcomes that cannot be read: the recorder and we disagree on the format
    "MessagesJudged",  # verdicts written
    "MessagesDiffering",  # verdicts other than a match
    "MessagesExpired",  # verdicts given because a side has told nothing in time
    "MessagesUndecidedSeconds",  # how long the oldest comparison has waited for a side, once a minute
    "MessagesOverdueSeconds",  # how long a comparison is past its time, once a minute: should be about nothing
    "MutantsMade",  # wrong outcomes made on purpose beside verdicts, to try the judge
    "MutantsSurvived",  # of those, called equal though nobody may say so: the comparison is blind there
    "MutantsNotNoted",  # batches whose counts of mutants could not be written; they come with the next ones
    "EffectsSent",  # by kind: left for good
    "EffectsFailed",  # by kind: tried again later; a webhook after three days is given up on
    "EffectsRepeated",  # by kind: sent though another sender had been faster; receivers drop them by effect id
    "EffectsOverdue",  # messages whose effects should have left ten minutes before, and have been tried again in vain
    "LettersIndexed",  # dead letters written to the index
]

# A batch of repetitions counts nothing that anybody has to be warned of.
warnings.filterwarnings("ignore", message="No application metrics to publish")

logger = Logger(log_uncaught_exceptions=False)
metrics = Metrics()


def count_by(name: Metric, kind: str, value: int) -> None:
    """Add to a metric of its own for a kind, as a dimension; to be called once a batch."""
    provider = metrics.provider
    with single_metric(
        name=name,
        unit=MetricUnit.Count,
        value=value,
        namespace=provider.namespace,
        default_dimensions={"service": provider.service},
    ) as metric:
        metric.add_dimension(name="kind", value=kind)


def gauge_s(name: Metric, value_s: int) -> None:
    """Tell a duration."""
    metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value_s)


def count(name: Metric, value: int = 1) -> None:
    """Add to a metric."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
