"""Reads frames off a connection of pika's in large pieces; what a frame is and means stays pika's.

pika 1.4.4 takes 4 KiB from the socket at a time, and copies all that is left of it once a frame. Here it is 64 KiB, and
what is left is copied once a piece. Everything pika does with a frame, it does as ever.
"""

import struct
from typing import Any

from pika import frame
from pika.adapters.utils.io_services_utils import _AsyncTransportBase

RECEIVED_AT_ONCE = 64 * 1024
_HEAD = struct.Struct(">BHL")
_AROUND = _HEAD.size + 1
"""Bytes of a frame around what it carries."""
_PROTOCOL = b"AMQP"
_READING = b"being read"


def read_in_pieces(connection: Any) -> None:
    """Let a connection read so, from now on. Args: connection: of pika, the one below a `BlockingConnection`."""
    _AsyncTransportBase._MAX_RECV_BYTES = RECEIVED_AT_ONCE
    connection._on_data_available = lambda data: take_in(connection, data)


def take_in(connection: Any, data: bytes) -> None:
    """Take in what came from the socket, as `pika.connection.Connection._on_data_available` does."""
    if connection._frame_buffer:
        data = connection._frame_buffer + data
    at, end = 0, len(data)
    connection._frame_buffer = _READING
    try:
        while at < end:
            if data.startswith(_PROTOCOL, at):
                size, value = frame.decode_frame(data[at:])
            else:
                if end - at < _HEAD.size:
                    return
                size = _HEAD.unpack_from(data, at)[2] + _AROUND
                if end - at < size:
                    return
                size, value = frame.decode_frame(data[at : at + size])
            if not value:
                return
            at += size
            connection.bytes_received += size
            connection._process_frame(value)
            if connection._frame_buffer is not _READING:
                return  # the connection has begun anew: what was left is nobody's
    finally:
        if connection._frame_buffer is _READING:
            connection._frame_buffer = data[at:]
