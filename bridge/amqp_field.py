"""pika's reading and writing of header values, mended where it would change or lose a message.

pika 1.4.4 cuts doubles and floats down to integers when it reads them (`long(struct.unpack(">d", …))`), fails on NaN
and on times past the year 9999 with errors that are none of its own, so that one such header would stop a queue for
ever. It cannot write a double at all, nor the number that is left of such a time: whatever can be read has to be
written again by the router and by the Invalid Message Channel.
"""

import struct
from collections.abc import Callable
from typing import Any

from pika import data

_FLOATS = {b"d": struct.Struct(">d"), b"f": struct.Struct(">f")}
_SECONDS = struct.Struct(">Q")
_LARGEST_LONG = 2**63 - 1

Read = Callable[[bytes, int], tuple[Any, int]]
Write = Callable[[list[bytes], Any], int]


def mend() -> None:
    """Put our reading and writing in the place of pika's, once; its tables and lists come here for their values."""
    if data.decode_value.__module__ != __name__:
        data.decode_value = _reading(data.decode_value)
        data.encode_value = _writing(data.encode_value)


def _reading(read: Read) -> Read:
    def decode_value(encoded: bytes, offset: int) -> tuple[Any, int]:
        kind = encoded[offset : offset + 1]
        if layout := _FLOATS.get(kind):
            return layout.unpack_from(encoded, offset + 1)[0], offset + 1 + layout.size
        try:
            return read(encoded, offset)
        except (ValueError, OverflowError, OSError):
            if kind != b"T":
                raise
            # Milliseconds where AMQP asks for seconds, most likely: kept as the number that it is.
            return data.long(_SECONDS.unpack_from(encoded, offset + 1)[0]), offset + 1 + _SECONDS.size

    return decode_value


def _writing(write: Write) -> Write:
    def encode_value(pieces: list[bytes], value: Any) -> int:
        if isinstance(value, float):
            pieces.append(b"d" + _FLOATS[b"d"].pack(value))
            return 1 + _FLOATS[b"d"].size
        if isinstance(value, data.long) and value > _LARGEST_LONG:  # only a time that `decode_value` kept can be one
            pieces.append(b"T" + _SECONDS.pack(value))
            return 1 + _SECONDS.size
        return write(pieces, value)

    return encode_value
