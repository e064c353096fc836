"""Reads frames off a connection of pika's in large pieces; what a frame is and means stays pika's.

pika 1.4.4 takes 4 KiB from the socket at a time, and copies all that is left of it once a frame. Here it is 128 KiB,
and what is left is copied once a piece. Plain deliveries are taken out on the way (`bridge.amqp_delivery`); everything
pika does with a frame, it does as ever.
"""

from typing import Any

from pika import frame
from pika.adapters.utils.io_services_utils import _AsyncTransportBase

from bridge.amqp_delivery import FRAME_HEAD, Consumer, take_deliveries

RECEIVED_AT_ONCE = 128 * 1024
_AROUND = FRAME_HEAD.size + 1
"""Bytes of a frame around what it carries."""
_PROTOCOL = b"AMQP"
_READING = b"being read"


def read_in_pieces(connection: Any, consumers: dict[int, Consumer]) -> None:
    """Let a connection read so, from now on.

    Args:
        connection: of pika, the one below a `BlockingConnection`.
        consumers: by channel, those whose plain deliveries never come to pika. Looked at anew each time.
    """
    _AsyncTransportBase._MAX_RECV_BYTES = RECEIVED_AT_ONCE
    connection._on_data_available = lambda data: take_in(connection, data, consumers)


def take_in(connection: Any, data: bytes, consumers: dict[int, Consumer]) -> None:
    """Take in what came from the socket, as `pika.connection.Connection._on_data_available` does."""
    if connection._frame_buffer:
        data = connection._frame_buffer + data
    at, end = 0, len(data)
    connection._frame_buffer = _READING
    try:
        while at < end:
            if consumers:
                after = take_deliveries(data, at, end, consumers)
                connection.bytes_received += after - at
                at = after
            if data.startswith(_PROTOCOL, at):
                size, value = frame.decode_frame(data[at:])
            else:
                if end - at < FRAME_HEAD.size:
                    return
                size = FRAME_HEAD.unpack_from(data, at)[2] + _AROUND
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
