from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.queue import Queues
from tests.unit.ops.conftest import STACK

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
QUEUE = f"{STACK}-cardtransaction"


class Metrics:
    """CloudWatch, as far as ages go: by queue, latest first."""

    def __init__(self, ages: dict[str, list[float]] | None) -> None:
        self._ages = ages

    def get_metric_data(self, *, MetricDataQueries: list[Any], **_: Any) -> Any:  # noqa: N803
        if self._ages is None:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetMetricData")
        return {
            "MetricDataResults": [
                {
                    "Id": query["Id"],
                    "Values": self._ages.get(query["MetricStat"]["Metric"]["Dimensions"][0]["Value"], []),
                }
                for query in MetricDataQueries
            ]
        }


def test_waiting_and_in_flight_are_told_apart(sqs: "SQSClient") -> None:
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    for body in "abc":
        sqs.send_message(QueueUrl=url, MessageBody=body)
    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)
    depth = Queues(sqs, Metrics({}), STACK).depths([QUEUE], NOW)[QUEUE]
    assert (depth.waiting, depth.in_flight, depth.delayed, depth.total) == (2, 1, 0, 3)


def test_the_age_is_the_latest_that_is_known(sqs: "SQSClient") -> None:
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], MessageBody="a")
    depths = Queues(sqs, Metrics({QUEUE: [61.0, 12.0]}), STACK).depths([f"{STACK}-outcomes", QUEUE], NOW)
    assert depths[QUEUE].oldest_s == 61.0
    assert depths[f"{STACK}-outcomes"].oldest_s is None


def test_an_empty_queue_has_no_oldest_message_whatever_the_late_metric_says(sqs: "SQSClient") -> None:
    assert Queues(sqs, Metrics({QUEUE: [61.0]}), STACK).depths([QUEUE], NOW)[QUEUE].oldest_s is None


def test_a_role_that_may_not_ask_for_metrics_sees_depths_all_the_same(sqs: "SQSClient") -> None:
    assert Queues(sqs, Metrics(None), STACK).depths([QUEUE], NOW)[QUEUE].oldest_s is None


def test_a_look_leaves_messages_where_they_are(sqs: "SQSClient") -> None:
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="a")
    Queues(sqs, Metrics({}), STACK).depths([QUEUE], NOW)
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["ApproximateReceiveCount"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_a_missing_queue_is_a_missing_deployment(sqs: "SQSClient") -> None:
    with pytest.raises(CommandError) as raised:
        Queues(sqs, Metrics({}), "elsewhere").depths(["elsewhere-payin.fifo"], NOW)
    assert raised.value.code is ExitCode.NO_DEPLOYMENT
