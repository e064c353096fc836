"""Calls of SendMessageBatch that the shipper's loop writes and reads itself: no thread, and nothing that blocks.

What has to wait goes the other way, through `bridge.sqs.SqsSink` on a thread: a new connection, the queue's URL, fresh
credentials, a body that has to be laid in S3 first. That leaves connections behind, and they are taken over here.
"""

from collections.abc import Sequence

from bridge.http_loop import LoopLines, Reply
from bridge.port import Answer, Entry, Receipt, SinkUnavailableError
from bridge.sqs import SqsSink, receipts_of
from bridge.sqs_wire import WireCall


class SqsExpress:
    """An `Express` over connections of a loop's own."""

    def __init__(self, sink: SqsSink, call: WireCall, lines: LoopLines) -> None:
        """Args: sink: which knows the queues; call: how requests are written and answers read."""
        self._sink = sink
        self._call = call
        self._lines = lines

    def begin(self, queue: str, entries: Sequence[Entry]) -> Answer | None:
        """See `Express.begin`."""
        url = self._sink.known_url(queue)
        if url is None or any(entry.deposit for entry in entries):
            return None
        if not (self._call.knows_us and self._lines.stands()):
            return None
        try:
            request = self._call.write(url, entries)
        except SinkUnavailableError:
            return None  # whoever may block finds out why
        return _Answer(entries, self._lines.ask(request), self._call, self._lines)

    def fileno(self) -> int:
        """See `Express.fileno`."""
        return self._lines.fileno()

    def look(self) -> None:
        """See `Express.look`."""
        self._lines.look()


class _Answer:
    """An `Answer`."""

    __slots__ = ("_call", "_entries", "_lines", "_reply")

    def __init__(self, entries: Sequence[Entry], reply: Reply, call: WireCall, lines: LoopLines) -> None:
        self._entries = entries
        self._reply = reply
        self._call = call
        self._lines = lines

    def done(self) -> bool:
        return self._reply.ended

    def result(self) -> Sequence[Receipt]:
        return receipts_of(self._entries, lambda: self._call.read(self._reply.take))

    def cancel(self) -> None:
        self._lines.abandon(self._reply)
