"""AMQP 0-9-1 by hand: publishes any bytes as properties, and shows those that the broker hands out.

No library stands between a test and the broker here, so that none can change what is compared.
"""

import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

_METHOD, _HEADER, _BODY = 1, 2, 3
_END = b"\xce"
_FRAME_MAX = 131072
_PERSISTENT_DURABLE = 2


class BrokerClosedError(Exception):
    """The broker closed the channel or the connection."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A message as the broker hands it out."""

    exchange: bytes
    routing_key: bytes
    properties: bytes
    """Flags, then the properties that are there."""
    body: bytes

    @property
    def headers(self) -> bytes:
        """The header table without its length; empty where there is none."""
        flags = struct.unpack_from(">H", self.properties)[0]
        offset = 2
        for flag in (1 << 15, 1 << 14):
            if flags & flag:
                offset += 1 + self.properties[offset]
        if not flags & (1 << 13):
            return b""
        size = struct.unpack_from(">I", self.properties, offset)[0]
        return self.properties[offset + 4 : offset + 4 + size]


class RawAmqp:
    """One connection with one channel, with publisher confirms."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._socket = socket.create_connection((parts.hostname, parts.port or 5672), timeout=10)
        self._stream = self._socket.makefile("rb")
        self._socket.sendall(b"AMQP\x00\x00\x09\x01")
        self._method(0, 10, 10)
        login = f"\0{unquote(parts.username or '')}\0{unquote(parts.password or '')}".encode()
        start_ok = struct.pack(">I", 0) + short(b"PLAIN") + struct.pack(">I", len(login)) + login + short(b"en_US")
        self._send(0, 10, 11, start_ok)
        self._method(0, 10, 30)
        self._send(0, 10, 31, struct.pack(">HIH", 1, _FRAME_MAX, 0))
        self._send(0, 10, 40, short(unquote(parts.path[1:]).encode()) + b"\0\0")
        self._method(0, 10, 41)
        self._send(1, 20, 10, b"\0")
        self._method(1, 20, 11)
        self._send(1, 85, 10, b"\0")
        self._method(1, 85, 11)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.close()
        self._socket.close()

    def declare(self, queue: bytes, table: bytes = b"") -> None:
        """A durable queue. Args: table: its arguments, encoded."""
        arguments = struct.pack(">I", len(table)) + table
        self._send(1, 50, 10, b"\0\0" + short(queue) + bytes([_PERSISTENT_DURABLE]) + arguments)
        self._method(1, 50, 11)

    def declare_exchange(self, exchange: bytes, kind: bytes = b"topic") -> None:
        """A durable exchange."""
        self._send(1, 40, 10, b"\0\0" + short(exchange) + short(kind) + b"\x02" + struct.pack(">I", 0))
        self._method(1, 40, 11)

    def bind(self, queue: bytes, exchange: bytes, routing_key: bytes) -> None:
        """Bind a queue to an exchange."""
        names = short(queue) + short(exchange) + short(routing_key)
        self._send(1, 50, 20, b"\0\0" + names + b"\0" + struct.pack(">I", 0))
        self._method(1, 50, 21)

    def publish(self, exchange: bytes, routing_key: bytes, properties: bytes, body: bytes) -> None:
        """Publish, and wait until the broker has it. Raises BrokerClosedError where it does not take it."""
        self._send(1, 60, 40, b"\0\0" + short(exchange) + short(routing_key) + b"\0")
        self._frame(_HEADER, 1, struct.pack(">HHQ", 60, 0, len(body)) + properties)
        most = _FRAME_MAX - 8
        for start in range(0, len(body), most):
            self._frame(_BODY, 1, body[start : start + most])
        self._method(1, 60, 80)

    def get(self, queue: bytes) -> Raw | None:
        """Take the oldest message off a queue."""
        self._send(1, 60, 70, b"\0\0" + short(queue) + b"\x01")
        kind, payload = self._method(1, 60, 71, 72)
        if kind == 72:
            return None
        exchange, offset = _short(payload, 9)
        routing_key, _ = _short(payload, offset)
        _, _, header = self._read()
        size = struct.unpack_from(">Q", header, 4)[0]
        body = b""
        while len(body) < size:
            body += self._read()[2]
        return Raw(exchange, routing_key, header[12:], body)

    def _method(self, channel: int, class_id: int, *methods: int) -> tuple[int, bytes]:
        """The next method, which must be one of these, with its arguments."""
        _, on, payload = self._read()
        found_class, found = struct.unpack_from(">HH", payload)
        if (found_class, found) in ((10, 50), (20, 40)):
            code, said = struct.unpack_from(">H", payload, 4)[0], _short(payload, 6)[0]
            raise BrokerClosedError(f"{code} {said!r}")
        assert (on, found_class) == (channel, class_id), (found_class, found)
        assert found in methods, (found_class, found)
        return found, payload[4:]

    def _send(self, channel: int, class_id: int, method: int, arguments: bytes) -> None:
        self._frame(_METHOD, channel, struct.pack(">HH", class_id, method) + arguments)

    def _frame(self, kind: int, channel: int, payload: bytes) -> None:
        self._socket.sendall(struct.pack(">BHI", kind, channel, len(payload)) + payload + _END)

    def _read(self) -> tuple[int, int, bytes]:
        head = self._stream.read(7)
        if len(head) < 7:
            raise BrokerClosedError("the connection ended")
        kind, channel, size = struct.unpack(">BHI", head)
        payload = self._stream.read(size)
        assert self._stream.read(1) == _END
        return kind, channel, payload


def short(text: bytes) -> bytes:
    """A short string."""
    return bytes([len(text)]) + text


def _short(payload: bytes, offset: int) -> tuple[bytes, int]:
    end = offset + 1 + payload[offset]
    return payload[offset + 1 : end], end


def properties(table: bytes | None = None, **others: bytes) -> bytes:
    """Properties, encoded, of a header table without its length and other properties, each encoded."""
    flags = 0
    encoded = b""
    for number, name in enumerate(NAMES):
        value = others.get(name)
        if name == "headers" and table is not None:
            value = struct.pack(">I", len(table)) + table
        if value is not None:
            flags |= 1 << (15 - number)
            encoded += value
    return struct.pack(">H", flags) + encoded


NAMES = (
    "content_type", "content_encoding", "headers", "delivery_mode", "priority", "correlation_id", "reply_to",
    "expiration", "message_id", "timestamp", "type", "user_id", "app_id", "cluster_id",
)  # fmt: skip
"""In the order of their flags (amqp0-9-1.xml, class basic)."""
