"""The claim check: a body that no queue takes lies in S3, and what travels is where, how large and which bytes.

The pointer in the SQS body is that of the AWS extended client library (github.com/awslabs/amazon-sqs-java-extended-
client-lib), for consumers that are not ours. Ours go by the envelope and by the bucket of their own deployment.
"""

import hashlib
import json
import re
import zlib
from typing import Literal

import msgspec

BUCKET_NAME_LIMIT = 63
"""Longest name of a bucket (S3 user guide, "General purpose bucket naming rules")."""

KEPT_BYTES = 128 * 1024
"""What a message may come to, deflated, that the ledger is to keep: Base64 adds a third, both sides' outcomes lie in
the same item, and DynamoDB takes 400 KB of it (developer guide, "Item size")."""

FINISHED_TAG = ("finished", "true")
"""Tag of an object whose message is finished: it goes 60 days later. One without it never goes."""

Loss = Literal["missing", "size", "sha256"]

_POINTER = "software.amazon.payloadoffloading.PayloadS3Pointer"
_SHA256 = re.compile(r"[0-9a-f]{64}")


class LostClaimError(Exception):
    """What lies in S3, if anything, is not the body. Quotes nothing."""

    def __init__(self, what: Loss) -> None:
        """Args: what: `missing`: there is no such object. Else what is wrong with it."""
        self.what: Loss = what
        super().__init__(f"claim: {what}")


class Claim(msgspec.Struct, frozen=True):
    """A body that lies in S3. Says nothing of whom it is about."""

    key: str
    """The object's key, the same in every bucket."""
    size_bytes: int
    sha256: str
    """Of the legacy body, hexadecimal: `contracts.effect.body_digest`."""

    def __post_init__(self) -> None:
        """Raises ValueError where it cannot be a claim."""
        if self.size_bytes < 0 or not self.key or not _SHA256.fullmatch(self.sha256):
            raise ValueError("claim: not one")

    def check(self, body: bytes) -> bytes:
        """The body, if it is the one. Raises LostClaimError."""
        if len(body) != self.size_bytes:
            raise LostClaimError("size")
        if hashlib.sha256(body).hexdigest() != self.sha256:
            raise LostClaimError("sha256")
        return body


def claim_on(family: str, identity: str, body: bytes) -> Claim:
    """The claim on a message's body. The same message has the same key, and no other has it."""
    digest = hashlib.sha256(body).hexdigest()
    return Claim(f"{family}/{hashlib.sha256(identity.encode()).hexdigest()[:32]}/{digest}", len(body), digest)


def write_pointer(bucket: str, key: str) -> str:
    """The body of the SQS message, as the extended client writes it."""
    return json.dumps([_POINTER, {"s3BucketName": bucket, "s3Key": key}], separators=(",", ":"))


def longest_pointer(key: str) -> str:
    """A pointer that is at least as long as the real one: for whoever counts before the bucket is known."""
    return write_pointer("b" * BUCKET_NAME_LIMIT, key)


def outgrows_ledger(body: bytes) -> bool:
    """Whether the ledger could not keep the body, so that it needs a claim however it travels."""
    return len(body) > KEPT_BYTES and len(zlib.compress(body)) > KEPT_BYTES
