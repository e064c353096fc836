from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from tests.fakes.key import refused_sealer, static_sealer
from tests.fakes.message import NAME
from tests.fakes.outcome import attempt, row
from tests.fakes.table import LEDGER
from workers.fate import UnavailableError
from workers.store.attribute import open_attempt
from workers.store.control import ControlStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEALER = static_sealer()


def entry(client: "DynamoDBClient", message_id: str) -> dict[str, Any]:
    return dict(client.get_item(TableName=LEDGER, Key={"pk": {"S": message_id}})["Item"])


def test_an_outcome_is_noted_sealed_and_makes_the_message_due(dynamodb: "DynamoDBClient") -> None:
    one = attempt(row(debtor_name=NAME), message_id="c1")
    ControlStore(dynamodb, SEALER, LEDGER).note(one)
    noted = entry(dynamodb, "c1")
    assert (noted["type"], noted["tenant"], noted["revision"]) == ({"S": "payin.create"}, {"S": "default"}, {"N": "1"})
    assert (noted["comparison"], noted["control_seen"]) == ({"S": "due"}, {"S": "yes"})
    sealed = noted["control_attempt_1"]["B"]
    assert NAME.encode() not in sealed
    assert open_attempt(sealed, "c1", "control1", "default", SEALER) == one


def test_attempts_stand_beside_each_other_in_whatever_order_they_come(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER)
    for number in (2, 1):
        store.note(attempt(row(a=number), message_id="c2", number=number))
    noted = entry(dynamodb, "c2")
    assert noted["revision"] == {"N": "2"}
    for number in (1, 2):
        opened = open_attempt(noted[f"control_attempt_{number}"]["B"], "c2", f"control{number}", "default", SEALER)
        assert opened.effects == (row(a=number),)


def test_the_same_outcome_twice_changes_nothing_but_the_revision(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER)
    one = attempt(row(a=1), message_id="c3")
    store.note(one)
    store.note(one)
    noted = entry(dynamodb, "c3")
    assert [name for name in noted if name.startswith("control_attempt_")] == ["control_attempt_1"]
    assert open_attempt(noted["control_attempt_1"]["B"], "c3", "control1", "default", SEALER) == one


def test_what_the_candidate_has_written_stays(dynamodb: "DynamoDBClient") -> None:
    item: Any = {"pk": {"S": "c4"}, "candidate_ending": {"S": "done"}, "tenant": {"S": "other"}, "revision": {"N": "1"}}
    dynamodb.put_item(TableName=LEDGER, Item=item)
    ControlStore(dynamodb, SEALER, LEDGER).note(attempt(message_id="c4"))
    noted = entry(dynamodb, "c4")
    assert (noted["candidate_ending"], noted["tenant"], noted["revision"]) == (
        {"S": "done"},
        {"S": "other"},
        {"N": "2"},
    )


def test_a_table_that_refuses_is_an_outage(dynamodb: "DynamoDBClient") -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error("update_item", "ThrottlingException", NAME)
        with pytest.raises(UnavailableError, match=r"^UpdateItem: ThrottlingException$"):
            ControlStore(dynamodb, SEALER, LEDGER).note(attempt())


def test_a_key_that_is_refused_is_an_outage(dynamodb: "DynamoDBClient") -> None:
    with pytest.raises(UnavailableError):
        ControlStore(dynamodb, refused_sealer(), LEDGER).note(attempt())


def test_an_outcome_is_final_once_no_other_attempt_follows(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER)
    store.note(attempt(message_id="c9", ending="retried"))
    assert "control_final" not in entry(dynamodb, "c9")
    store.note(attempt(message_id="c9", number=2, ending="rejected"))
    assert entry(dynamodb, "c9")["control_final"] == {"S": "yes"}
    store.note(attempt(message_id="c9", ending="retried"))
    assert entry(dynamodb, "c9")["control_final"] == {"S": "yes"}, "attempts come in any order"


def test_a_message_is_noted_as_muted_once_it_was_ended_so(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER)
    store.note(attempt(message_id="c10", ending="retried", muted=True))
    assert "control_muted" not in entry(dynamodb, "c10"), "another host may end it"
    store.note(attempt(message_id="c10", number=2, ending="duplicate"))
    assert "control_muted" not in entry(dynamodb, "c10")
    store.note(attempt(message_id="c10", number=3, ending="duplicate", muted=True))
    assert (entry(dynamodb, "c10")["control_final"], entry(dynamodb, "c10")["control_muted"]) == (
        {"S": "yes"},
        {"S": "yes"},
    )
