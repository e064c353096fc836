"""A large message that the new side has authority over: what the real function keeps of it, and how it is caught up.

Shipped with the shipper's own rights. It is one that SQS would take and the ledger could not keep.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_encryption_sdk import StrictAwsKmsMasterKeyProvider

from bridge.claim import ClaimingSink
from bridge.port import Delivery, Entry, Outgoing, Outlet
from bridge.s3_claims import S3Claims
from bridge.sqs import SqsSink
from bridge.stamp import stamp
from bridge.translator import stamped_translator
from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.claim import KEPT_BYTES
from contracts.control_item import write_authority
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import AmqpFacts
from contracts.registry import family_named
from contracts.routing import Decision
from ops.catch_up import CatchUp, Keys
from ops.claim import Claims
from tests.deployed import STACK, Deployed
from tests.fakes.clock import FakeClock
from tests.fakes.message import NOW, balance, delivery, padded
from tests.patience import eventually
from workers.store.sealing import EnvelopeSealer

pytest_plugins = ("tests.fixtures_stack",)

LEDGER, CONTROL = naming.ledger_table_name(STACK), naming.control_table_name(STACK)
LIVE = AuthorityRecord("balance", "live", 7, 7)
BODY = padded(balance("w-large", "77"), random.Random(7).randbytes(2 * KEPT_BYTES).hex())
PROCESSED_WITHIN_S = 60.0
NOBODY_LISTENS = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def live(deployed: Deployed) -> Iterator[None]:
    """The new side has authority over balances; webhooks reach nobody."""
    functions: Any = deployed.session.client("lambda")
    dynamodb = deployed.session.client("dynamodb")
    for name in (naming.outlet_function_name(STACK), naming.sweeper_function_name(STACK)):
        # For the rest of the session: what has not left by then must not reach anybody either.
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables |= {"WEBHOOK_ORIGIN": NOBODY_LISTENS}
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    flat = write_authority(LIVE)
    record: Any = {key: {"N": str(one)} if isinstance(one, int) else {"S": one} for key, one in flat.items()}
    dynamodb.put_item(TableName=CONTROL, Item=record)
    yield
    dynamodb.delete_item(TableName=CONTROL, Key={"pk": record["pk"], "sk": record["sk"]})


@pytest.fixture(scope="module")
def entry(deployed: Deployed, live: None) -> Entry:
    """The message, stamped new, as the shipper makes and sends it."""
    family = family_named("balance")
    message = stamp(
        delivery("balance.update", BODY), "balance", Decision("new", LIVE.stamp_epoch), id="w-large", own_user="us"
    )
    facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
    made = stamped_translator(family, lambda: NOW)(Delivery("queue", message.body, facts, message.headers, 1))
    shipper = deployed.as_role(deployed.outputs["ShipperRoleArn"], "shipper-1")
    claims = S3Claims(shipper.client("s3"), shipper.client("sts"), STACK)
    queue = naming.queue_name(STACK, "balance", ordered=True)
    (receipt,) = ClaimingSink(SqsSink(shipper.client("sqs")), claims).send(queue, [made])
    assert receipt.fate == "accepted"
    return made


@pytest.fixture(scope="module")
def item(deployed: Deployed, entry: Entry) -> dict[str, Any]:
    """Its ledger entry, once it is processed."""
    dynamodb = deployed.session.client("dynamodb")

    def processed() -> dict[str, Any] | None:
        found: Any = dynamodb.get_item(TableName=LEDGER, Key={"pk": {"S": entry.id}}, ConsistentRead=True).get("Item")
        return found if found and "candidate_ending" in found else None

    found = eventually(processed, PROCESSED_WITHIN_S, "the message is processed")
    assert found is not None
    return found


def test_the_ledger_keeps_where_it_lies_and_not_the_body(entry: Entry, item: dict[str, Any]) -> None:
    assert len(BODY) < ENTRY_BYTES
    assert entry.deposit is not None
    assert item["candidate_ending"] == {"S": "done"}
    assert len(item["message"]["B"]) < 10_000


def test_its_body_is_not_let_go_of(deployed: Deployed, entry: Entry, item: dict[str, Any]) -> None:
    assert entry.deposit is not None
    s3, bucket = deployed.session.client("s3"), deployed.outputs["ClaimBucketName"]
    assert s3.get_object_tagging(Bucket=bucket, Key=entry.deposit.key)["TagSet"] == []


@dataclass
class Monolith(Outlet):
    """Takes what it is to catch up with, and never says so."""

    clock: FakeClock
    published: list[Outgoing] = field(default_factory=list)

    def publish(self, message: Outgoing) -> None:
        self.published.append(message)

    def rest(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def close(self) -> None:
        pass


def test_the_monolith_catches_up_with_all_of_it(deployed: Deployed, item: dict[str, Any]) -> None:
    session, clock = deployed.session, FakeClock(seconds=10.0**9)
    sealing: Any = deployed.aws.session()._session  # of its own: the Encryption SDK makes another session of it
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[deployed.outputs["SealKeyArn"]], botocore_session=sealing)
    bodies = Claims(lambda: S3Claims(session.client("s3"), session.client("sts"), STACK))
    monolith = Monolith(clock)
    catch_up = CatchUp(
        session.client("dynamodb"),
        STACK,
        Keys(lambda: EnvelopeSealer(provider), bodies.fetch),
        lambda: monolith,
        clock,
        clock.advance,
        lambda _: None,
        current=lambda _: LIVE,
    )
    found = catch_up.run(LIVE, 1, settled=False)
    assert (found.published, found.left) == (1, ("w-large",))
    assert [message.body for message in monolith.published] == [BODY]
