"""Whatever the pieces, pika sees the frames that it would have read itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pika import exceptions, frame, spec
from pika.connection import Connection

from bridge.amqp_buffer import take_in

FRAMES = [
    frame.Method(1, spec.Basic.Deliver("consumer", 7, redelivered=False, exchange="exchange", routing_key="key")),
    frame.Header(1, 5, spec.BasicProperties(message_id="m", headers={"x": 1})),
    frame.Body(1, b"hello"),
    frame.Body(2, b""),
    frame.Heartbeat(),
    frame.Body(3, b"AMQP\x00\x00\x09\x01" * 9),
    frame.ProtocolHeader(0, 9, 1),
]


class Stub:
    """What both readers touch of a connection."""

    def __init__(self, resets_after: int = -1, fails_after: int = -1) -> None:
        self._frame_buffer = b""
        self.bytes_received = 0
        self.seen: list[bytes] = []
        self._resets_after, self._fails_after = resets_after, fails_after

    def _read_frame(self) -> Any:
        return frame.decode_frame(self._frame_buffer)

    def _trim_frame_buffer(self, count: int) -> None:
        Connection._trim_frame_buffer(self, count)

    def _process_frame(self, value: Any) -> None:
        self.seen.append(value.marshal())
        if len(self.seen) == self._fails_after:
            raise RuntimeError("on the way")
        if len(self.seen) == self._resets_after:
            self._frame_buffer = b""


def ours_without(connection: Any, data: bytes) -> None:
    """Without anybody whose deliveries would be taken out."""
    take_in(connection, data, {})


def fed(reader: Any, stub: Stub, pieces: list[bytes]) -> list[type[Exception] | None]:
    found: list[type[Exception] | None] = []
    for piece in pieces:
        try:
            reader(stub, piece)
        except Exception as error:  # noqa: BLE001  compared
            found.append(type(error))
        else:
            found.append(None)
    return found


@given(
    st.lists(st.sampled_from(FRAMES), max_size=8),
    st.lists(st.integers(1, 60), max_size=30),
    st.integers(-1, 4),
    st.integers(-1, 4),
)
def test_it_is_as_pika_reads(frames: list[Any], cuts: list[int], resets_after: int, fails_after: int) -> None:
    data, pieces, at = b"".join(one.marshal() for one in frames), list[bytes](), 0
    for cut in [*cuts, len(data)]:
        pieces.append(data[at : at + cut])
        at += cut
    ours, pikas = Stub(resets_after, fails_after), Stub(resets_after, fails_after)
    assert fed(ours_without, ours, pieces) == fed(Connection._on_data_available, pikas, pieces)
    assert (ours.seen, ours.bytes_received, ours._frame_buffer) == (
        (pikas.seen, pikas.bytes_received, pikas._frame_buffer)
    )


@pytest.mark.parametrize("broken", [b"\x01\x00\x01\x00\x00\x00\x01xy", b"\x09\x00\x01\x00\x00\x00\x01x\xce"])
def test_what_is_no_frame_is_refused_as_by_pika(broken: bytes) -> None:
    ours, pikas = Stub(), Stub()
    good = FRAMES[2].marshal()
    assert fed(ours_without, ours, [good + broken]) == fed(Connection._on_data_available, pikas, [good + broken])
    assert fed(ours_without, Stub(), [broken]) == [exceptions.InvalidFrameError]
    assert ours.seen == pikas.seen == [good]
