"""What only DynamoDB itself can answer, and moto does not; the port's promises are in tests/conformance."""

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from contracts.registry import family_named
from tests.fakes.key import static_sealer
from tests.fakes.message import NAME
from tests.fakes.outcome import attempt
from tests.fakes.table import BROKEN_ATTRIBUTES, broken_record
from workers.fate import ConflictError, UnavailableError
from workers.logic.decision import Row
from workers.port import Aggregate, Commit, Wanted
from workers.store.dynamo import READ_TRIES, DynamoStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

AGGREGATE = Aggregate("default", "payin", "p1")
COMMIT = Commit(AGGREGATE, 0, 0, (Row("payins", "p1", {"status": "PENDING"}),), attempt(), "d", "2026-11-21T10:00:00Z")
WANTED = Wanted("w1", AGGREGATE, (("payins", "p1"),))


def store(client: "DynamoDBClient") -> DynamoStore:
    return DynamoStore(
        client, family_named("payin"), static_sealer(), records="s-records", ledger="s-ledger", control="s-control"
    )


@pytest.mark.parametrize(
    ("codes", "error"),
    [
        (["None", "ConditionalCheckFailed"], ConflictError),
        (["TransactionConflict", "None"], ConflictError),
        (["ConditionalCheckFailed", "ThrottlingError"], ConflictError),
        (["ThrottlingError", "None"], UnavailableError),
        (["ProvisionedThroughputExceeded"], UnavailableError),
        (["AccessDenied"], UnavailableError),
        (["None"], UnavailableError),
        (["ValidationError", "None"], ValueError),
        (["ItemCollectionSizeLimitExceeded"], ValueError),
    ],
)
def test_a_cancelled_transaction_says_who_is_to_blame(
    dynamodb: "DynamoDBClient", codes: list[str], error: type[Exception]
) -> None:
    reasons = [{"Code": code, "Message": NAME} for code in codes]
    with Stubber(dynamodb) as stub:
        stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            NAME,
            modeled_fields={"CancellationReasons": reasons},
        )
        with pytest.raises(error) as cancelled:
            store(dynamodb).commit([COMMIT])
    assert type(cancelled.value) is error
    assert NAME not in str(cancelled.value)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ThrottlingException", UnavailableError),
        ("ProvisionedThroughputExceededException", UnavailableError),
        ("AccessDeniedException", UnavailableError),
        ("ResourceNotFoundException", UnavailableError),
        ("KMSAccessDeniedException", UnavailableError),
        ("InternalServerError", UnavailableError),
        ("ValidationException", ValueError),
    ],
)
@pytest.mark.parametrize("operation", ["transact_write_items", "batch_get_item", "update_item"])
def test_a_refused_call_is_an_outage_unless_the_request_was_wrong(
    dynamodb: "DynamoDBClient", operation: str, code: str, error: type[Exception]
) -> None:
    calls: dict[str, Any] = {
        "transact_write_items": lambda: store(dynamodb).commit([COMMIT]),
        "batch_get_item": lambda: store(dynamodb).load([WANTED]),
        "update_item": lambda: store(dynamodb).mark_conflict("w1"),
    }
    with Stubber(dynamodb) as stub:
        stub.add_client_error(operation, code, NAME, 400)
        with pytest.raises(error) as refused:
            calls[operation]()
    assert type(refused.value) is error
    assert code in str(refused.value)
    assert NAME not in str(refused.value)


def test_a_network_that_is_down_is_an_outage(dynamodb: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://dynamodb")

    monkeypatch.setattr(dynamodb, "batch_get_item", fail)
    with pytest.raises(UnavailableError, match="ConnectTimeoutError"):
        store(dynamodb).load([WANTED])


@pytest.mark.parametrize(("name", "value"), BROKEN_ATTRIBUTES)
def test_a_record_of_authority_that_cannot_be_read_is_nobodys_messages_fault(
    dynamodb: "DynamoDBClient", name: str, value: Any
) -> None:
    answer: Any = {"Responses": {"s-control": [broken_record(name, value)]}}
    with Stubber(dynamodb) as stub:
        stub.add_response("batch_get_item", answer)
        with pytest.raises(UnavailableError, match=f"authority record: {name}"):
            store(dynamodb).load([WANTED])


def test_keys_that_stay_unprocessed_are_asked_for_again(dynamodb: "DynamoDBClient") -> None:
    left: Any = {
        "s-records": {"Keys": [{"pk": {"S": "default#payin#p1"}, "sk": {"S": "head"}}], "ConsistentRead": True}
    }
    head = {"pk": {"S": "default#payin#p1"}, "sk": {"S": "head"}, "version": {"N": "4"}, "epoch": {"N": "0"}}
    with Stubber(dynamodb) as stub:
        stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left})
        stub.add_response("batch_get_item", {"Responses": {"s-records": [head]}}, {"RequestItems": left})
        (loaded,) = store(dynamodb).load([WANTED])
        stub.assert_no_pending_responses()
    assert loaded.version == 4


def test_keys_that_are_never_processed_are_an_outage(dynamodb: "DynamoDBClient") -> None:
    left: Any = {"s-ledger": {"Keys": [{"pk": {"S": "w1"}}]}}
    with Stubber(dynamodb) as stub:
        for _ in range(READ_TRIES):
            stub.add_response("batch_get_item", {"Responses": {}, "UnprocessedKeys": left})
        with pytest.raises(UnavailableError, match="BatchGetItem"):
            store(dynamodb).load([WANTED])
        stub.assert_no_pending_responses()
