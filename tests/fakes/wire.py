"""SQS over connections of our own, as bootstrap builds it, for a client that a test has made."""

import time
from collections.abc import Callable, Sequence
from select import select
from typing import TYPE_CHECKING

from botocore.credentials import Credentials as Fixed

from bridge.http_line import Lines
from bridge.http_loop import LoopLines
from bridge.port import Answer, Entry, Express, Receipt, Sink
from bridge.sqs import SqsSink
from bridge.sqs_express import SqsExpress
from bridge.sqs_wire import Credentials, WireCall, place_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_WITHIN_S = 10.0


def wired(
    client: "SQSClient",
    credentials: Credentials | None = None,
    *,
    ca_bundle: str | None = None,
    answer_s: float = 30,
    now: Callable[[], float] = time.time,
) -> SqsSink:
    """A sink that sends where the client would. Args: credentials: None for some that are none."""
    sink, _ = wired_express(client, credentials, ca_bundle=ca_bundle, answer_s=answer_s, now=now)
    return sink


def wired_express(
    client: "SQSClient",
    credentials: Credentials | None = None,
    *,
    ca_bundle: str | None = None,
    answer_s: float = 30,
    now: Callable[[], float] = time.time,
) -> tuple[SqsSink, SqsExpress]:
    """As `wired`, and what makes those calls that block nobody."""
    place = place_of(client, ca_bundle)
    lines = Lines(place, 5, answer_s)
    call = WireCall(client, credentials or Fixed("x", "x"), lines, now)
    sink = SqsSink(client, call)
    return sink, SqsExpress(sink, call, LoopLines(lines, place.url, answer_s))


class ExpressSink:
    """A `Sink` whose calls an `Express` makes, wherever it can; one thread only."""

    def __init__(self, sink: Sink, express: Express) -> None:
        self._sink = sink
        self._express = express
        self.expressed = 0
        """How many calls were not made by the sink itself."""

    def send(self, queue: str, entries: Sequence[Entry]) -> Sequence[Receipt]:
        """See `Sink.send`."""
        answer = self._express.begin(queue, entries)
        if answer is None:
            return self._sink.send(queue, entries)
        self.expressed += 1
        return await_receipts(self._express, answer)


def await_receipts(express: Express, answer: Answer) -> Sequence[Receipt]:
    """Look whenever there is something to look at, until an answer has come."""
    while not answer.done():
        assert select([express.fileno()], [], [], _WITHIN_S)[0], "nothing comes"
        express.look()
    return answer.result()
