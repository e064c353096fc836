import json

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from bridge.claim import ClaimingSink
from bridge.port import Entry, SinkUnavailableError
from bridge.s3_claims import S3Claims
from contracts.claim import BUCKET_NAME_LIMIT, KEPT_BYTES, Claim, LostClaimError, claim_on, outgrows_ledger
from contracts.entry_size import ENTRY_BYTES, entry_bytes
from contracts.envelope import read_envelope
from tests.fakes.claims import BUCKET, MemoryClaimStore
from tests.fakes.message import card_transaction, payin, translated
from tests.fakes.sink import MemorySink

QUEUE = "s-payin.fifo"


@pytest.fixture
def store() -> MemoryClaimStore:
    return MemoryClaimStore()


@pytest.fixture
def sink() -> MemorySink:
    return MemorySink()


def large(webhook_id: str = "w1", payin_id: str = "p1") -> Entry:
    return translated("payin.create", payin(webhook_id, payin_id, padding="x" * ENTRY_BYTES))


def test_a_large_body_lies_in_the_bucket_before_its_message_is_sent(sink: MemorySink, store: MemoryClaimStore) -> None:
    entry = large()
    ClaimingSink(sink, store).send(QUEUE, [entry, translated("payin.create", payin("w2", "p2"))])
    sent, small = sink.taken[QUEUE]
    assert entry.deposit is not None
    assert store.bucket.objects == {entry.deposit.key: payin("w1", "p1", padding="x" * ENTRY_BYTES)}
    assert (small.id, small.deposit) == ("w2", None)
    claim = read_envelope(sent.envelope).claim
    assert claim is not None
    assert claim.check(store.bucket.objects[claim.key])


def test_stock_consumers_can_follow_the_pointer(sink: MemorySink, store: MemoryClaimStore) -> None:
    ClaimingSink(sink, store).send(QUEUE, [large()])
    kind, place = json.loads(sink.taken[QUEUE][0].body)
    assert kind == "software.amazon.payloadoffloading.PayloadS3Pointer"
    assert set(place) == {"s3BucketName", "s3Key"}
    assert (place["s3BucketName"], place["s3Key"] in store.bucket.objects) == (BUCKET, True)


def test_while_the_bucket_is_away_a_large_message_waits_and_no_other(sink: MemorySink, store: MemoryClaimStore) -> None:
    claiming = ClaimingSink(sink, store)
    small = [translated("payin.create", payin(name, name)) for name in ("w2", "w3")]
    store.bucket.away = True
    receipts = claiming.send(QUEUE, [small[0], large(), small[1]])
    assert [one.fate for one in receipts] == ["accepted", "unknown", "accepted"]
    assert sink.ids(QUEUE) == ["w2", "w3"]
    store.bucket.away = False
    claiming.send(QUEUE, [large()])
    assert sink.ids(QUEUE) == ["w2", "w3", "w1"]


def test_once_the_bucket_has_refused_it_is_asked_no_more_in_that_call(
    sink: MemorySink, store: MemoryClaimStore
) -> None:
    store.bucket.away = True
    entries = [large(f"w{n}", f"p{n}") for n in range(9)]
    receipts = ClaimingSink(sink, store).send(QUEUE, [*entries, translated("payin.create", payin("w9", "p9"))])
    assert [one.fate for one in receipts] == ["unknown"] * 9 + ["accepted"]
    assert {one.reason for one in receipts[:9]} == {"away, says the test"}
    assert len(store.bucket.calls) == 1


def test_a_large_message_alone_is_an_outage_while_the_bucket_is_away(sink: MemorySink, store: MemoryClaimStore) -> None:
    store.bucket.away = True
    with pytest.raises(SinkUnavailableError):
        ClaimingSink(sink, store).send(QUEUE, [large()])
    assert not sink.taken


def test_what_is_sent_again_overwrites_itself(sink: MemorySink, store: MemoryClaimStore) -> None:
    claiming = ClaimingSink(sink, store)
    for entry in (large(), large(), large("w2", "p2")):
        claiming.send(QUEUE, [entry])
    assert len(store.bucket.objects) == 2
    assert sink.ids(QUEUE) == ["w1", "w2"]


def test_an_account_that_cannot_be_found_out_is_an_outage() -> None:
    session = boto3.Session("x", "x", region_name="eu-west-3")
    sts = session.client("sts", config=Config(retries={"total_max_attempts": 1}))
    entry = large()
    assert entry.deposit is not None
    with Stubber(sts) as stubber:
        stubber.add_client_error("get_caller_identity", "ServiceUnavailable")
        with pytest.raises(SinkUnavailableError, match="GetCallerIdentity: ServiceUnavailable"):
            S3Claims(session.client("s3"), sts, "s").put(entry.deposit)


def test_nothing_is_asked_of_the_bucket_for_small_messages(sink: MemorySink, store: MemoryClaimStore) -> None:
    ClaimingSink(sink, store).send(
        "s-cardtransaction", [translated("cardtransaction.create", card_transaction(), message_id="m1")]
    )
    assert not store.bucket.calls


@pytest.mark.parametrize(
    ("body", "what"), [(b"abcd", None), (b"abc", "size"), (b"abcde", "size"), (b"abcx", "sha256"), (b"", "size")]
)
def test_only_the_very_bytes_are_the_body(body: bytes, what: str | None) -> None:
    claim = claim_on("payin", "w1", b"abcd")
    if what is None:
        assert claim.check(body) == body
    else:
        with pytest.raises(LostClaimError, match=f"claim: {what}"):
            claim.check(body)


@pytest.mark.parametrize(
    ("key", "size", "digest"), [("", 1, "0" * 64), ("k", -1, "0" * 64), ("k", 1, "0"), ("k", 1, "G" * 64)]
)
def test_what_cannot_be_a_claim_is_none(key: str, size: int, digest: str) -> None:
    with pytest.raises(ValueError, match="claim"):
        Claim(key, size, digest)


def test_attributes_count_with_name_type_and_value_in_bytes() -> None:
    assert entry_bytes("é", {}) == 2
    assert entry_bytes("", {"é": "€"}) == len("é€".encode()) + len("String")


def test_the_longest_name_that_this_deployments_bucket_may_have_is_known() -> None:
    assert len(BUCKET) <= BUCKET_NAME_LIMIT


def test_what_deflates_well_the_ledger_keeps_whatever_its_length() -> None:
    assert not outgrows_ledger(b"x" * 10 * KEPT_BYTES)
