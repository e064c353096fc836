"""Reads how full SQS queues are. Receives nothing: a look at a queue must not delay its messages.

The age of a queue's oldest message is known to CloudWatch only, late by a minute or two, and some roles may not ask.
So age is the one figure that may be unknown without the command failing for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_LOOK_BACK = timedelta(minutes=15)
_PERIOD_S = 60


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How full one queue is. SQS' own figures, which are approximate."""

    name: str
    waiting: int
    in_flight: int
    """Handed out, and neither settled nor back yet."""
    delayed: int
    oldest_s: float | None = None
    """Age of its oldest message in seconds, as CloudWatch last knew it; None where that is unknown."""

    @property
    def total(self) -> int:
        """All that is in it."""
        return self.waiting + self.in_flight + self.delayed


class Queues:
    """The queues of one deployment, read only."""

    def __init__(self, sqs: "SQSClient", cloudwatch: Any, stack: str) -> None:
        """Args: cloudwatch: its client; nothing of it is needed for more than ages."""
        self._sqs = sqs
        self._cloudwatch = cloudwatch
        self._stack = stack

    def depths(self, names: Sequence[str], now: datetime) -> Mapping[str, QueueDepth]:
        """How full each queue is, by name. Raises CommandError."""
        ages = self._ages(names, now)
        return {name: self._depth(name, ages.get(name)) for name in names}

    def _depth(self, name: str, oldest_s: float | None) -> QueueDepth:
        with in_plain_words(self._stack):
            url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            attributes = self._sqs.get_queue_attributes(
                QueueUrl=url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )["Attributes"]
        waiting = int(attributes["ApproximateNumberOfMessages"])
        in_flight = int(attributes["ApproximateNumberOfMessagesNotVisible"])
        delayed = int(attributes["ApproximateNumberOfMessagesDelayed"])
        empty = not (waiting or in_flight or delayed)
        return QueueDepth(name, waiting, in_flight, delayed, None if empty else oldest_s)

    def _ages(self, names: Sequence[str], now: datetime) -> Mapping[str, float]:
        queries = [
            {
                "Id": f"age{position}",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [{"Name": "QueueName", "Value": name}],
                    },
                    "Period": _PERIOD_S,
                    "Stat": "Maximum",
                },
            }
            for position, name in enumerate(names)
        ]
        try:
            answer = self._cloudwatch.get_metric_data(
                MetricDataQueries=queries, StartTime=now - _LOOK_BACK, EndTime=now, ScanBy="TimestampDescending"
            )
        except (BotoCoreError, ClientError):
            return {}  # unknown, as the module says; a fault that matters shows in the reads of SQS
        latest = {result["Id"]: result["Values"][0] for result in answer["MetricDataResults"] if result["Values"]}
        return {name: latest[f"age{position}"] for position, name in enumerate(names) if f"age{position}" in latest}
