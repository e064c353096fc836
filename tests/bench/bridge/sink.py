"""A loopback endpoint that takes what SQS takes as fast as it can: `python sink.py`, in the rivals' environment.

It prints its port. `GET /stats` tells how many entries came in how many calls, when the first and the last one did, and
a digest over all bodies, whatever their order; `GET /reset` forgets; `GET /delay?MS` makes every later answer wait.
Checksums are right, as SQS's are. Signatures are not looked at.
"""

import asyncio
import base64
import hashlib
import struct
import time
from typing import Any

import orjson
import uvloop  # type: ignore[import-not-found]  # only the rivals' environment has it

_REPLY = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: 1\r\nContent-Length: %d\r\n\r\n"
)


class Seen:
    """What has come in."""

    def __init__(self) -> None:
        self.entries = self.calls = 0
        self.first_at = self.last_at = 0.0
        self.bodies: list[bytes] = []
        self.took_s: list[float] = []

    def take(self, body: bytes, sent_at: str | None, now: float) -> str:
        """Note one body; returns its MD5, as SQS does."""
        digest = hashlib.md5(body, usedforsecurity=False)
        self.bodies.append(digest.digest())
        self.entries += 1
        self.first_at, self.last_at = self.first_at or now, now
        if sent_at:
            self.took_s.append(now - float(sent_at))
        return digest.hexdigest()

    def told(self) -> dict[str, Any]:
        """As JSON."""
        whole = hashlib.sha256(b"".join(sorted(self.bodies))).hexdigest()
        return {
            "entries": self.entries,
            "calls": self.calls,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "digest": whole,
            "took_s": self.took_s,
        }


class Endpoint:
    """Answers requests."""

    def __init__(self) -> None:
        self.seen, self.delay_s, self.port = Seen(), 0.0, 0

    def answer(self, head: str, body: bytes) -> dict[str, Any]:
        """The answer's document."""
        if head.startswith("GET /stats?count"):
            return {"entries": self.seen.entries}
        if head.startswith("GET /stats"):
            return self.seen.told()
        if head.startswith("GET /reset"):
            self.seen = Seen()
            return {}
        if head.startswith("GET /delay?"):
            self.delay_s = float(head.split("?")[1].split(maxsplit=1)[0]) / 1000
            return {}
        target = head.lower().partition("x-amz-target:")[2].partition("\r\n")[0].strip().rpartition(".")[2]
        document = orjson.loads(body) if body else {}
        if target == "sendmessagebatch":
            self.seen.calls += 1
            now = time.time()
            return {"Successful": [self._taken(one, now) for one in document["Entries"]], "Failed": []}
        if target == "getqueueurl":
            return {"QueueUrl": f"http://127.0.0.1:{self.port}/000000000000/{document['QueueName']}"}
        return {}

    def _taken(self, entry: dict[str, Any], now: float) -> dict[str, str]:
        told = {"Id": entry["Id"], "MessageId": str(self.seen.entries)}
        attributes = entry.get("MessageAttributes") or {}
        body = entry["MessageBody"].encode()
        sent_at = body.partition(b'"sentAt":"')[2].partition(b'"')[0].decode()
        told["MD5OfMessageBody"] = self.seen.take(body, sent_at or None, now)
        if attributes:
            told["MD5OfMessageAttributes"] = _attributes_md5(attributes)
        return told


class Connection(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._buffer = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            length = int(head.lower().partition("content-length:")[2].partition("\r\n")[0].strip() or 0)
            if "100-continue" in head.lower() and len(self._buffer) < end + 4 + length:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(self._buffer) < end + 4 + length:
                return
            body = bytes(self._buffer[end + 4 : end + 4 + length])
            del self._buffer[: end + 4 + length]
            answer = orjson.dumps(self._endpoint.answer(head, body))
            if self._endpoint.delay_s and not head.startswith("GET"):
                asyncio.get_running_loop().call_later(self._endpoint.delay_s, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        self._transport.write(_REPLY % len(answer) + answer)


def _attributes_md5(attributes: dict[str, Any]) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        for piece in (name.encode(), value["DataType"].encode()):
            digest.update(struct.pack("!I", len(piece)) + piece)
        text = "StringValue" in value
        data = value["StringValue"].encode() if text else base64.b64decode(value["BinaryValue"])
        digest.update((b"\x01" if text else b"\x02") + struct.pack("!I", len(data)) + data)
    return digest.hexdigest()


async def main() -> None:
    """Serve until killed."""
    endpoint = Endpoint()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(endpoint), "127.0.0.1", 0)
    endpoint.port = server.sockets[0].getsockname()[1]
    print(endpoint.port, flush=True)  # noqa: T201  whoever started it reads it
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
