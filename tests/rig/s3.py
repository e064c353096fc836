"""S3, as much of it as a claim check needs: objects by path (`/bucket/key`), put, looked at, got and deleted."""

import base64
import binascii
import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

from tests.rig.fault import OF_CALL, Fault, Faults
from tests.rig.refusal import RefusedError, fail
from tests.rig.web import Answer, Request, take_chunks

_KEPT = ("content-type", "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id")
_OPERATIONS = {"PUT": "PutObject", "HEAD": "HeadObject", "GET": "GetObject", "DELETE": "DeleteObject"}


@dataclass(frozen=True, slots=True)
class Object:
    """One object."""

    data: bytes = field(repr=False)
    headers: Mapping[str, str]
    """Content type, encryption and `x-amz-meta-*`."""
    at: float
    """Seconds since the epoch."""

    @property
    def etag(self) -> str:
        """As S3 makes it of an object that is put whole."""
        return f'"{hashlib.md5(self.data).hexdigest()}"'


class S3:
    """All buckets. Called on the endpoint's thread; everything else by anybody."""

    def __init__(self, faults: Faults) -> None:
        self.makes_buckets = False
        """Whether a bucket that is not there is made by the first object that is put."""
        self._faults = faults
        self._buckets: dict[str, dict[str, Object]] = {}
        self._lock = threading.Lock()

    def create(self, bucket: str) -> None:
        """Make a bucket."""
        self._buckets.setdefault(bucket, {})

    @property
    def objects(self) -> Mapping[tuple[str, str], Object]:
        """All objects, by bucket and key."""
        with self._lock:
            return {(bucket, key): one for bucket, kept in self._buckets.items() for key, one in kept.items()}

    def answer(self, request: Request) -> Answer:
        """Answer one request."""
        operation = _OPERATIONS.get(request.method, request.method)
        struck = self._faults.strike(OF_CALL, operation)
        if struck is not None:
            return fail(struck.fault, xml=True)
        try:
            with self._lock:
                answer = self._answer(request)
        except RefusedError as error:
            return error.refusal.as_xml()
        headers = {**answer.headers, "x-amz-request-id": "0123456789ABCDEF"}
        if self._faults.strike([Fault.LOST_RESPONSE], operation):
            return Answer(silent=True)
        slow = self._faults.strike([Fault.SLOW], operation)
        return Answer(answer.status, answer.body, headers, slow.seconds if slow else 0.0)

    def _answer(self, request: Request) -> Answer:
        bucket, _, key = request.path.lstrip("/").partition("/")
        if request.method == "PUT" and self.makes_buckets:
            self.create(bucket)
        if bucket not in self._buckets:
            raise RefusedError("NoSuchBucket", "The specified bucket does not exist", 404)
        kept = self._buckets[bucket]
        if request.method == "PUT" and key:
            return self._put(kept, key, request)
        if request.method == "DELETE":
            kept.pop(key, None)
            return Answer(204)
        if not key:
            return Answer()
        if key not in kept:
            raise RefusedError("NoSuchKey", "The specified key does not exist.", 404)
        one = kept[key]
        times = {"Last-Modified": formatdate(one.at, usegmt=True), "ETag": one.etag}
        if request.method == "HEAD":
            return Answer(200, b"", {**one.headers, **times, "Content-Length": str(len(one.data))})
        return Answer(200, one.data, {**one.headers, **times})

    def _put(self, kept: dict[str, Object], key: str, request: Request) -> Answer:
        data = request.body
        if "aws-chunked" in request.headers.get("content-encoding", ""):
            data = (take_chunks(data) or (b"", 0))[0]
        _check(data, request.headers)
        if request.headers.get("if-none-match") == "*" and key in kept:
            raise RefusedError(
                "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412
            )
        headers = {
            name: value for name, value in request.headers.items() if name in _KEPT or name.startswith("x-amz-meta-")
        }
        kept[key] = Object(data, headers, time.time())
        return Answer(200, b"", {"ETag": kept[key].etag})


def _check(data: bytes, headers: Mapping[str, str]) -> None:
    """Refuse a body that is not what its checksums say."""
    sums = {
        "content-md5": hashlib.md5(data).digest(),
        "x-amz-checksum-sha256": hashlib.sha256(data).digest(),
        "x-amz-checksum-crc32": binascii.crc32(data).to_bytes(4, "big"),
    }
    for name, value in sums.items():
        if name in headers and headers[name] != base64.b64encode(value).decode():
            raise RefusedError("BadDigest", f"The {name} you specified did not match what we received.")
