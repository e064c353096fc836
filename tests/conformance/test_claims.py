"""Where bodies lie that no queue takes: `bridge.port.ClaimStore` and `workers.port.Claims`, in memory and over moto.

Both are suites over one bucket, for what the bridge puts is what the workers fetch.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from bridge.port import ClaimStore, Deposit, SinkUnavailableError
from bridge.s3_claims import S3Claims as BridgeClaims
from contracts import naming
from contracts.claim import Claim, LostClaimError, claim_on
from tests.fakes.claims import BUCKET, MemoryBucket, MemoryClaims, MemoryClaimStore
from tests.fakes.message import NAME
from tests.fakes.table import REGION, moto_alone
from workers.fate import UnavailableError
from workers.port import Claims
from workers.s3_claims import S3Claims

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

THERE: Any = {"LocationConstraint": REGION}
BODY = NAME.encode() * 100_000
CLAIM = claim_on("payin", "w1", BODY)
DEPOSIT = Deposit(CLAIM.key, BODY)


@dataclass
class Harness:
    """Both sides of one bucket, and what lies behind it."""

    store: ClaimStore
    claims: Claims
    lose: Callable[[], None]
    """Deletes the bucket."""
    is_finished: Callable[[Claim], bool]


class ClaimPromises:
    """What both sides keep to."""

    def test_what_the_bridge_puts_both_sides_fetch(self, harness: Harness) -> None:
        assert harness.store.put(DEPOSIT) == BUCKET
        assert harness.claims.fetch(CLAIM) == harness.store.fetch(CLAIM) == BODY

    def test_putting_it_again_changes_nothing(self, harness: Harness) -> None:
        for _ in range(2):
            harness.store.put(DEPOSIT)
        assert harness.claims.fetch(CLAIM) == BODY

    @pytest.mark.parametrize("side", ["store", "claims"])
    def test_what_is_not_there_is_lost(self, harness: Harness, side: str) -> None:
        with pytest.raises(LostClaimError, match="missing"):
            getattr(harness, side).fetch(CLAIM)

    @pytest.mark.parametrize(("body", "what"), [(BODY[:-1], "size"), (b"", "size"), (BODY[:-1] + b"?", "sha256")])
    @pytest.mark.parametrize("side", ["store", "claims"])
    def test_another_body_is_lost_too(self, harness: Harness, side: str, body: bytes, what: str) -> None:
        harness.store.put(Deposit(CLAIM.key, body))
        with pytest.raises(LostClaimError, match=what):
            getattr(harness, side).fetch(CLAIM)

    def test_what_is_finished_is_marked_and_still_there(self, harness: Harness) -> None:
        harness.store.put(DEPOSIT)
        assert not harness.is_finished(CLAIM)
        for _ in range(2):
            harness.claims.finish(CLAIM)
        assert harness.is_finished(CLAIM)
        assert harness.claims.fetch(CLAIM) == BODY

    def test_what_is_put_again_is_finished_no_longer(self, harness: Harness) -> None:
        harness.store.put(DEPOSIT)
        harness.claims.finish(CLAIM)
        harness.store.put(DEPOSIT)
        assert not harness.is_finished(CLAIM)

    def test_what_is_not_there_cannot_be_finished(self, harness: Harness) -> None:
        with pytest.raises(UnavailableError):
            harness.claims.finish(CLAIM)

    def test_an_outage_is_none_of_the_messages_fault_and_quotes_nothing(self, harness: Harness) -> None:
        harness.store.put(DEPOSIT)
        harness.lose()
        with pytest.raises(SinkUnavailableError) as bridge:
            harness.store.put(DEPOSIT)
        with pytest.raises(SinkUnavailableError):
            harness.store.fetch(CLAIM)
        with pytest.raises(UnavailableError) as worker:
            harness.claims.fetch(CLAIM)
        with pytest.raises(UnavailableError):
            harness.claims.finish(CLAIM)
        assert CLAIM.key not in f"{bridge.value}{worker.value}"


class TestMemory(ClaimPromises):
    @pytest.fixture
    def harness(self) -> Harness:
        bucket = MemoryBucket()
        return Harness(
            MemoryClaimStore(bucket),
            MemoryClaims(bucket),
            lambda: setattr(bucket, "away", True),
            lambda claim: claim.key in bucket.finished,
        )


class TestS3(ClaimPromises):
    @pytest.fixture
    def s3(self) -> Iterator["S3Client"]:
        with moto_alone():
            client = boto3.client("s3", region_name=REGION, config=Config(retries={"total_max_attempts": 1}))
            client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=THERE)
            yield client

    @pytest.fixture
    def harness(self, s3: "S3Client") -> Harness:
        def lose() -> None:
            for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
                s3.delete_object(Bucket=BUCKET, Key=one["Key"])
            s3.delete_bucket(Bucket=BUCKET)

        def is_finished(claim: Claim) -> bool:
            tags = s3.get_object_tagging(Bucket=BUCKET, Key=claim.key)["TagSet"]
            assert tags in ([], [{"Key": "finished", "Value": "true"}])
            return bool(tags)

        sts = boto3.client("sts", region_name=REGION)
        return Harness(BridgeClaims(s3, sts, "s"), S3Claims(lambda: s3, BUCKET), lose, is_finished)

    def test_the_bucket_is_that_of_stack_account_and_region_or_the_one_that_is_told(
        self, harness: Harness, s3: "S3Client"
    ) -> None:
        assert naming.claim_bucket_name("s", "123456789012", REGION) == BUCKET
        s3.create_bucket(Bucket="another", CreateBucketConfiguration=THERE)
        told = BridgeClaims(s3, boto3.client("sts", region_name=REGION), "s", "another")
        assert told.put(DEPOSIT) == "another"

    def test_finishing_renews_the_creation_and_keeps_nothing_else(self, harness: Harness, s3: "S3Client") -> None:
        s3.put_object(Bucket=BUCKET, Key=CLAIM.key, Body=BODY, Metadata={"x": "y"}, Tagging="other=tag")
        harness.claims.finish(CLAIM)
        assert harness.is_finished(CLAIM)
        assert s3.head_object(Bucket=BUCKET, Key=CLAIM.key)["Metadata"] == {}
