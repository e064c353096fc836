"""Where bodies lie, in memory: what the bridge asks of S3, and what the workers do. Held to S3 by tests/conformance."""

from dataclasses import dataclass, field

from bridge.port import Deposit, SinkUnavailableError
from contracts.claim import Claim, LostClaimError
from workers.fate import UnavailableError

BUCKET = "s-claims-123456789012-eu-west-3"


@dataclass
class MemoryBucket:
    """Objects by key, and which of them are marked as finished."""

    objects: dict[str, bytes] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    away: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    """What was asked, and the key."""

    def get(self, claim: Claim) -> bytes:
        if claim.key not in self.objects:
            raise LostClaimError("missing")
        return claim.check(self.objects[claim.key])


@dataclass
class MemoryClaimStore:
    """A `ClaimStore` of the bridge."""

    bucket: MemoryBucket = field(default_factory=MemoryBucket)

    def put(self, deposit: Deposit) -> str:
        self._called("put", deposit.key)
        self.bucket.objects[deposit.key] = deposit.body
        self.bucket.finished.discard(deposit.key)
        return BUCKET

    def fetch(self, claim: Claim) -> bytes:
        self._called("fetch", claim.key)
        return self.bucket.get(claim)

    def _called(self, what: str, key: str) -> None:
        self.bucket.calls.append((what, key))
        if self.bucket.away:
            raise SinkUnavailableError("away, says the test")


@dataclass
class MemoryClaims:
    """`Claims` of a worker."""

    bucket: MemoryBucket = field(default_factory=MemoryBucket)

    def fetch(self, claim: Claim) -> bytes:
        self._called("fetch", claim.key)
        return self.bucket.get(claim)

    def finish(self, claim: Claim) -> None:
        self._called("finish", claim.key)
        if claim.key not in self.bucket.objects:
            raise UnavailableError("CopyObject: NoSuchKey")
        self.bucket.finished.add(claim.key)

    def _called(self, what: str, key: str) -> None:
        self.bucket.calls.append((what, key))
        if self.bucket.away:
            raise UnavailableError("away, says the test")


def no_claim(claim: Claim) -> bytes:
    """For a test in which nothing is fetched."""
    raise AssertionError(claim.key)
