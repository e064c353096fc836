"""A message of which the monolith tells nothing in time, then late: real functions, roles, index and stream."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider

from bridge.port import Delivery, Entry
from bridge.sqs import SqsSink
from bridge.translator import outcome_translator
from contracts import naming
from contracts.effect import Attempt, write_attempt
from contracts.envelope import AmqpFacts
from contracts.verdict import Verdict
from ops.ledger import Ledger, LedgerEntry
from ops.life import tell
from tests.deployed import STACK, Deployed
from tests.fakes.message import NOW, card_transaction, translated
from tests.patience import eventually
from workers.store.attribute import open_attempt
from workers.store.sealing import EnvelopeSealer

pytest_plugins = ("tests.fixtures_stack",)

LEDGER = naming.ledger_table_name(STACK)
TIMEKEEPER = naming.timekeeper_function_name(STACK)
WITHIN_S = 60.0
MESSAGE_ID, TYPE = "late", "cardtransaction.create"
"""Of a family that no other test of this deployment moves or fences."""


@pytest.fixture(scope="module")
def impatient(deployed: Deployed) -> Iterator[None]:
    """A side may tell one second after the other, not an hour."""
    functions: Any = deployed.session.client("lambda")
    variables = functions.get_function_configuration(FunctionName=TIMEKEEPER)["Environment"]["Variables"]

    def allow(lateness_s: str) -> None:
        environment = {"Variables": {**variables, "ALLOWED_LATENESS_S": lateness_s}}
        functions.update_function_configuration(FunctionName=TIMEKEEPER, Environment=environment)

    allow("1")
    yield
    allow(variables["ALLOWED_LATENESS_S"])


def send(deployed: Deployed, queue: str, entry: Entry) -> None:
    shipper = deployed.as_role(deployed.outputs["ShipperRoleArn"], "shipper-1")
    (receipt,) = SqsSink(shipper.client("sqs")).send(queue, [entry])
    assert receipt.fate == "accepted"


def entry(deployed: Deployed) -> LedgerEntry | None:
    return Ledger(deployed.session.client("dynamodb"), STACK).entry(MESSAGE_ID)


def entry_judged(deployed: Deployed, verdict: Verdict) -> LedgerEntry:
    def judged() -> LedgerEntry | None:
        found = entry(deployed)
        return found if found is not None and found.verdict is verdict and not found.due else None

    found = eventually(judged, WITHIN_S, f"the verdict is {verdict}")
    assert found is not None
    return found


def call_time(deployed: Deployed) -> None:
    """What the schedule does every minute."""
    answer = deployed.session.client("lambda").invoke(
        FunctionName=TIMEKEEPER, Payload=json.dumps({"source": "aws.events"})
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def our_attempt(deployed: Deployed) -> Attempt:
    """What the new side has made of the message."""
    item: Any = deployed.session.client("dynamodb").get_item(TableName=LEDGER, Key={"pk": {"S": MESSAGE_ID}})["Item"]
    sealing: Any = deployed.aws.session()._session  # of its own: the Encryption SDK makes another session of it
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[deployed.outputs["SealKeyArn"]], botocore_session=sealing)
    return open_attempt(item["candidate"]["B"], MESSAGE_ID, "candidate", "default", EnvelopeSealer(provider))


def waiting(deployed: Deployed) -> int:
    answer = deployed.session.client("dynamodb").query(
        TableName=LEDGER,
        IndexName="awaited",
        KeyConditionExpression="awaited_of = :type",
        ExpressionAttributeValues={":type": {"S": TYPE}},
    )
    return int(answer["Count"])


def test_a_side_that_tells_nothing_is_given_up_on_and_amends_that_when_it_tells_late(
    deployed: Deployed, impatient: None
) -> None:
    message = translated(TYPE, card_transaction("late"), message_id=MESSAGE_ID)
    send(deployed, naming.queue_name(STACK, "cardtransaction", ordered=False), message)

    def given_up() -> bool:
        call_time(deployed)
        found = entry(deployed)
        return found is not None and found.verdict is not None

    eventually(given_up, WITHIN_S, "the clock has decided")
    expired = entry_judged(deployed, Verdict.CANDIDATE_ONLY)
    assert (expired.amendments, waiting(deployed)) == ((), 0)

    document = write_attempt(our_attempt(deployed)).encode()
    facts = AmqpFacts("strangler.outcomes", "", redelivered=False, properties={"message_id": f"{MESSAGE_ID}/1"})
    outcome = outcome_translator(lambda: NOW)(Delivery(naming.OUTCOME_QUEUE, document, facts, None, 1))
    send(deployed, naming.outcome_queue_name(STACK), outcome)

    amended = entry_judged(deployed, Verdict.MATCH)
    (gone,) = amended.amendments
    assert (gone.verdict, gone.because, amended.amended) == (Verdict.CANDIDATE_ONLY, "late outcome", 1)
    assert "candidate only until" in " ".join(step.text for step in tell(amended, STACK))
    call_time(deployed)
    assert entry(deployed) == amended
    assert waiting(deployed) == 0
