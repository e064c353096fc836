from datetime import UTC, datetime, timedelta
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

    from contracts.effect import Ending

SEALER = static_sealer()
NOW = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)


def entry(client: "DynamoDBClient", message_id: str) -> dict[str, Any]:
    return dict(client.get_item(TableName=LEDGER, Key={"pk": {"S": message_id}})["Item"])


def test_an_outcome_is_noted_sealed_and_makes_the_message_due(dynamodb: "DynamoDBClient") -> None:
    one = attempt(row(debtor_name=NAME), message_id="c1")
    ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW).note(one)
    noted = entry(dynamodb, "c1")
    assert (noted["type"], noted["tenant"], noted["revision"]) == ({"S": "payin.create"}, {"S": "default"}, {"N": "1"})
    assert (noted["comparison"], noted["control_seen"]) == ({"S": "due"}, {"S": "yes"})
    assert (noted["awaited_of"], noted["awaited_since"]) == ({"S": "payin.create"}, {"S": "2026-11-21T10:00:00.250Z"})
    sealed = noted["control_attempt_1"]["B"]
    assert NAME.encode() not in sealed
    assert open_attempt(sealed, "c1", "control1", "default", SEALER) == one


def test_attempts_stand_beside_each_other_in_whatever_order_they_come(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW)
    for number in (2, 1):
        store.note(attempt(row(a=number), message_id="c2", number=number))
    noted = entry(dynamodb, "c2")
    assert noted["revision"] == {"N": "2"}
    for number in (1, 2):
        opened = open_attempt(noted[f"control_attempt_{number}"]["B"], "c2", f"control{number}", "default", SEALER)
        assert opened.effects == (row(a=number),)


def test_the_same_outcome_twice_changes_nothing_but_the_revision(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW)
    one = attempt(row(a=1), message_id="c3")
    store.note(one)
    store.note(one)
    noted = entry(dynamodb, "c3")
    assert [name for name in noted if name.startswith("control_attempt_")] == ["control_attempt_1"]
    assert open_attempt(noted["control_attempt_1"]["B"], "c3", "control1", "default", SEALER) == one


def test_what_the_candidate_has_written_stays(dynamodb: "DynamoDBClient") -> None:
    item: Any = {"pk": {"S": "c4"}, "candidate_ending": {"S": "done"}, "tenant": {"S": "other"}, "revision": {"N": "1"}}
    dynamodb.put_item(TableName=LEDGER, Item=item)
    ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW).note(attempt(message_id="c4"))
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
            ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW).note(attempt())


def test_a_key_that_is_refused_is_an_outage(dynamodb: "DynamoDBClient") -> None:
    with pytest.raises(UnavailableError):
        ControlStore(dynamodb, refused_sealer(), LEDGER, lambda: NOW).note(attempt())


def test_an_outcome_is_final_once_no_other_attempt_follows(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW)
    store.note(attempt(message_id="c9", ending="retried"))
    assert "control_final" not in entry(dynamodb, "c9")
    store.note(attempt(message_id="c9", number=2, ending="rejected"))
    assert entry(dynamodb, "c9")["control_final"] == {"S": "yes"}
    store.note(attempt(message_id="c9", ending="retried"))
    assert entry(dynamodb, "c9")["control_final"] == {"S": "yes"}, "attempts come in any order"


def test_a_message_is_noted_as_muted_once_it_was_ended_so(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW)
    store.note(attempt(message_id="c10", ending="retried", muted=True))
    assert "control_muted" not in entry(dynamodb, "c10"), "another host may end it"
    store.note(attempt(message_id="c10", number=2, ending="duplicate"))
    assert "control_muted" not in entry(dynamodb, "c10")
    store.note(attempt(message_id="c10", number=3, ending="duplicate", muted=True))
    assert (entry(dynamodb, "c10")["control_final"], entry(dynamodb, "c10")["control_muted"]) == (
        {"S": "yes"},
        {"S": "yes"},
    )


def test_how_each_attempt_has_ended_stands_in_the_clear(dynamodb: "DynamoDBClient") -> None:
    store = ControlStore(dynamodb, SEALER, LEDGER, lambda: NOW)
    endings: list[tuple[int, Ending]] = [(1, "retried"), (2, "done"), (1, "done")]
    for number, ending in endings:
        store.note(attempt(message_id="c11", number=number, ending=ending))
    noted = entry(dynamodb, "c11")
    assert (noted["control_ending_1"], noted["control_ending_2"]) == ({"S": "done"}, {"S": "done"})


def test_the_first_outcome_begins_the_time_and_the_next_ones_do_not(dynamodb: "DynamoDBClient") -> None:
    for number in (1, 2):
        now = NOW + timedelta(hours=number)
        ControlStore(dynamodb, SEALER, LEDGER, lambda now=now: now).note(  # type: ignore[misc]  # a default binds it
            attempt(message_id="c12", number=number, ending="retried")
        )
    assert entry(dynamodb, "c12")["awaited_since"] == {"S": "2026-11-21T11:00:00.250Z"}
