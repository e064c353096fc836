"""Deployed functions that no message of the main job passes, each with its own role and environment."""

import json
from typing import Any

import pytest

from contracts import naming
from tests.deployed import STACK, Deployed
from tests.patience import eventually

pytest_plugins = ("tests.fixtures_stack",)

INDEXED_WITHIN_S = 30.0
LETTERS = naming.letters_table_name(STACK)


def _open_letters(deployed: Deployed, queue: str) -> list[dict[str, Any]]:
    answer = deployed.session.client("dynamodb").query(
        TableName=LETTERS,
        IndexName="open",
        KeyConditionExpression="#state = :open",
        FilterExpression="queue = :queue",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":open": {"S": "open"}, ":queue": {"S": queue}},
    )
    return answer["Items"]


def _waiting(deployed: Deployed, url: str) -> int:
    counts = deployed.session.client("sqs").get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(map(int, counts.values()))


ORDERED = naming.dead_letter_queue_name(STACK, "payin", ordered=True)
UNORDERED = naming.dead_letter_queue_name(STACK, "cardtransaction", ordered=False)


@pytest.mark.parametrize(
    ("queue", "told_as"),
    [
        (ORDERED, ORDERED),
        (UNORDERED, UNORDERED),
        (naming.invalid_queue_name(STACK), naming.INVALID_MESSAGE_QUEUE),
    ],
)
def test_what_was_given_up_on_is_in_the_index_and_no_longer_in_its_queue(
    deployed: Deployed, queue: str, told_as: str
) -> None:
    sqs = deployed.session.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    fifo: Any = {"MessageGroupId": "1", "MessageDeduplicationId": queue} if queue.endswith(".fifo") else {}
    sqs.send_message(QueueUrl=url, MessageBody=f"a body that nobody reads: {queue}", **fifo)
    (letter,) = eventually(lambda: _open_letters(deployed, told_as), INDEXED_WITHIN_S, f"a letter of {queue}")
    assert "sealed" not in letter
    whole = deployed.session.client("dynamodb").get_item(TableName=LETTERS, Key={"pk": letter["pk"]})["Item"]
    assert b"nobody reads" not in whole["sealed"]["B"]
    eventually(lambda: _waiting(deployed, url) == 0, INDEXED_WITHIN_S, f"{queue} is emptied")


def test_the_sweeper_may_look_for_what_is_due_and_finds_nothing(deployed: Deployed) -> None:
    answer = deployed.session.client("lambda").invoke(
        FunctionName=naming.sweeper_function_name(STACK), Payload=json.dumps({"source": "aws.events"})
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
