"""SQS over connections of our own, as bootstrap builds it, for a client that a test has made."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.credentials import Credentials as Fixed

from bridge.http_line import Lines
from bridge.sqs import SqsSink
from bridge.sqs_wire import Credentials, WireCall, place_of

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def wired(
    client: "SQSClient",
    credentials: Credentials | None = None,
    *,
    ca_bundle: str | None = None,
    answer_s: float = 30,
    now: Callable[[], float] = time.time,
) -> SqsSink:
    """A sink that sends where the client would. Args: credentials: None for some that are none."""
    lines = Lines(place_of(client, ca_bundle), 5, answer_s)
    return SqsSink(client, WireCall(client, credentials or Fixed("x", "x"), lines, now))
