"""The deployed judge, tried with mutants of a message on which both sides agree; counts by its own role's rights."""

from typing import Any

from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider

from bridge.port import Delivery, Entry
from bridge.sqs import SqsSink
from bridge.translator import outcome_translator
from contracts import naming
from contracts.effect import Attempt, write_attempt
from contracts.envelope import AmqpFacts
from contracts.liveness import Liveness
from contracts.verdict import AGREED
from ops.fates import MutantFates
from ops.ledger import Ledger
from tests.deployed import STACK, Deployed
from tests.fakes.message import NOW, card_transaction, translated
from tests.patience import eventually
from workers.store.attribute import open_attempt
from workers.store.sealing import EnvelopeSealer

pytest_plugins = ("tests.fixtures_stack",)

WITHIN_S = 60.0
MESSAGE_ID, TYPE = "tried", "cardtransaction.create"


def send(deployed: Deployed, queue: str, entry: Entry) -> None:
    shipper = deployed.as_role(deployed.outputs["ShipperRoleArn"], "shipper-1")
    (receipt,) = SqsSink(shipper.client("sqs")).send(queue, [entry])
    assert receipt.fate == "accepted"


def our_attempt(deployed: Deployed) -> Attempt | None:
    """What the new side has made of the message; None while it has not told."""
    key: Any = {"pk": {"S": MESSAGE_ID}}
    item: Any = deployed.session.client("dynamodb").get_item(TableName=naming.ledger_table_name(STACK), Key=key)
    if "candidate" not in item.get("Item", {}):
        return None
    sealing: Any = deployed.aws.session()._session  # of its own: the Encryption SDK makes another session of it
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[deployed.outputs["SealKeyArn"]], botocore_session=sealing)
    sealer = EnvelopeSealer(provider)
    return open_attempt(item["Item"]["candidate"]["B"], MESSAGE_ID, "candidate", "default", sealer)


def test_what_became_of_mutants_is_counted_where_an_operator_sees_it(deployed: Deployed) -> None:
    client = deployed.session.client("dynamodb")

    def seen() -> Liveness:
        return MutantFates(client, STACK).of([TYPE])

    before = seen().fates.total()
    message = translated(TYPE, card_transaction("tried"), message_id=MESSAGE_ID)
    send(deployed, naming.queue_name(STACK, "cardtransaction", ordered=False), message)
    ours = eventually(lambda: our_attempt(deployed), WITHIN_S, "the new side has told")
    assert ours is not None
    facts = AmqpFacts("strangler.outcomes", "", redelivered=False, properties={"message_id": f"{MESSAGE_ID}/1"})
    told = Delivery(naming.OUTCOME_QUEUE, write_attempt(ours).encode(), facts, None, 1)
    send(deployed, naming.outcome_queue_name(STACK), outcome_translator(lambda: NOW)(told))

    eventually(lambda: seen().fates.total() > before, WITHIN_S, "mutants are counted")
    entry = Ledger(client, STACK).entry(MESSAGE_ID)
    assert entry is not None
    assert entry.verdict in AGREED, "the verdict was written before"
    assert {"one cent", "lost row", "doubled row", "dropped event"} <= {kind for _, kind in seen().counts("killed")}
    assert not seen().survivors
