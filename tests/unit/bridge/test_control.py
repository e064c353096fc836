"""The router's AWS adapters over moto, and over a stub where moto always answers."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from bridge.authority import ControlUnavailableError
from bridge.control import DynamoControl, DynamoLedgerView
from bridge.finality import Finality
from bridge.port import Returning, SinkUnavailableError
from bridge.return_queue import SqsReturnQueue
from contracts.authority import AuthorityRecord
from contracts.control_item import MalformedItemError, RouterRow, flatten, read_router, write_authority
from tests.fakes.answer import answered
from tests.fakes.table import BROKEN_ATTRIBUTES, broken_record

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "eu-west-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with mock_aws():
        client = boto3.client("dynamodb")
        for table, names in (("s-control", ("pk", "sk")), ("s-ledger", ("pk",))):
            client.create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
                KeySchema=[{"AttributeName": name, "KeyType": "RANGE" if name == "sk" else "HASH"} for name in names],
            )
        yield client


def test_a_family_that_was_never_decided_about_is_the_monoliths(dynamodb: Any) -> None:
    assert DynamoControl(dynamodb, "s-control").read("payin") == AuthorityRecord("payin")


def test_a_record_is_read_with_whatever_else_its_item_has(dynamodb: Any) -> None:
    record = AuthorityRecord("payin", "live", 9, 7, "releasing", None, "run-1", AT)
    item = {k: {"N": str(v)} if isinstance(v, int) else {"S": v} for k, v in write_authority(record).items()}
    dynamodb.put_item(TableName="s-control", Item={**item, "changed": {"BOOL": True}, "by": {"S": "somebody"}})
    assert DynamoControl(dynamodb, "s-control").read("payin") == record


@pytest.mark.parametrize(("name", "value"), BROKEN_ATTRIBUTES)
def test_a_record_that_cannot_be_read_is_no_decision(dynamodb: Any, name: str, value: Any) -> None:
    dynamodb.put_item(TableName="s-control", Item=broken_record(name, value))
    with pytest.raises(MalformedItemError, match=name):
        DynamoControl(dynamodb, "s-control").read("payin")


def test_a_row_is_written_over_and_removed(dynamodb: Any) -> None:
    control = DynamoControl(dynamodb, "s-control")
    row = RouterRow("payin", "r1", "active", AT, AT, unsettled_sample=("w1",))
    control.write(RouterRow("payin", "r1", "standby", AT, AT))
    control.write(row)
    (item,) = dynamodb.scan(TableName="s-control")["Items"]
    assert read_router(flatten(item)) == row
    control.remove("payin", "r1")
    assert dynamodb.scan(TableName="s-control")["Items"] == []


def test_the_ledger_tells_how_far_messages_have_got(dynamodb: Any) -> None:
    for attributes in (
        {"pk": {"S": "w1"}, "control_final": {"S": "yes"}},
        {"pk": {"S": "w2"}, "candidate_ending": {"S": "done"}, "authority": {"S": "new"}},
        {"pk": {"S": "w3"}, "candidate_ending": {"S": "rejected"}},
        {"pk": {"S": "w4"}, "stale": {"BOOL": True}, "authority": {"S": "legacy"}},
    ):
        dynamodb.put_item(TableName="s-ledger", Item=attributes)
    ids = [f"w{n}" for n in range(250)]
    assert DynamoLedgerView(dynamodb, "s-ledger").look(ids, consistent=True) == {
        "w1": Finality(control_final=True),
        "w2": Finality(candidate="new"),
        "w3": Finality(candidate="legacy", rejected=True),
        "w4": Finality(stale=True),
    }


def test_a_consistent_look_that_was_not_answered_whole_is_no_answer(dynamodb: Any) -> None:
    answer = {"Responses": {"s-ledger": []}, "UnprocessedKeys": {"s-ledger": {"Keys": [{"pk": {"S": "w1"}}]}}}
    for consistent in (True, False):
        client = boto3.client("dynamodb")
        with Stubber(client) as stub:
            stub.add_response("batch_get_item", answered(answer))
            view = DynamoLedgerView(client, "s-ledger")
            if consistent:
                with pytest.raises(ControlUnavailableError):
                    view.look(["w1"], consistent=True)
            else:
                assert view.look(["w1"], consistent=False) == {}


def test_a_table_that_is_not_there_is_away(dynamodb: Any) -> None:
    with pytest.raises(ControlUnavailableError, match="GetItem: ResourceNotFoundException"):
        DynamoControl(dynamodb, "elsewhere").read("payin")
    with pytest.raises(ControlUnavailableError, match="BatchGetItem"):
        DynamoLedgerView(dynamodb, "elsewhere").look(["w1"], consistent=False)


def test_the_return_queue_hands_out_in_order_and_takes_back(dynamodb: Any) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="s-return.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    for n in range(3):
        sqs.send_message(QueueUrl=url, MessageBody=f"m{n}", MessageGroupId="payin#p1", MessageDeduplicationId=f"m{n}")
    queue = SqsReturnQueue(sqs, "s-return.fifo")
    first, second, third = queue.receive(0)
    assert [(one.group, one.body) for one in (first, second, third)] == [("payin#p1", f"m{n}") for n in range(3)]
    assert list(queue.receive(0)) == []
    queue.delete(first)
    queue.release(second, 0)
    queue.release(third, 0)
    assert [one.body for one in queue.receive(0)] == ["m1", "m2"]


def test_a_return_queue_that_is_not_there_is_away(dynamodb: Any) -> None:
    queue = SqsReturnQueue(boto3.client("sqs"), "elsewhere.fifo")
    with pytest.raises(SinkUnavailableError, match="GetQueueUrl"):
        queue.receive(0)
    with pytest.raises(SinkUnavailableError):
        queue.delete(Returning("r", "g", "b"))
