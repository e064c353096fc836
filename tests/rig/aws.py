"""An AWS of the test's own on 127.0.0.1: strict where AWS is strict, and faulty when it is told to be.

    with Aws() as aws:
        aws.sqs.create("s-payin.fifo")
        program = Child(..., environment={**os.environ, **aws.environment()})
        aws.faults.arm(Fault.LOST_RESPONSE, times=3)
        ...
        aws.sqs.history    # every entry that was handed in, and what became of it
        aws.faults.hits    # how often each fault has struck

It runs in a thread of the test's process. SQS and DynamoDB by the JSON protocol, S3 by path; signatures are not looked
at. Strictness is by AWS's documentation, not measured on AWS.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from tests.rig.dynamo import Dynamo
from tests.rig.fault import Faults
from tests.rig.refusal import RefusedError
from tests.rig.s3 import S3
from tests.rig.sqs import Sqs, decode
from tests.rig.web import Answer, Request, Site

REGION = "eu-west-1"
REFUSED_CONNECTIONS = "away"
"""Name under which `leave` counts among the hits."""


class Aws:
    """The endpoint, from its making until `stop`."""

    def __init__(self, latency_s: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        """Listen.

        Args:
            latency_s: how long every answer takes.
            now: clock of FIFO deduplication, in seconds.
        """
        self.latency_s = latency_s
        self.faults = Faults()
        self.sqs = Sqs(self.faults, now)
        self.s3 = S3(self.faults)
        self.dynamo = Dynamo(self.faults)
        self._timer: threading.Timer | None = None
        self._site = Site(self._serve, "aws")
        self.sqs.url = self.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The endpoint; the same for as long as it lives, also while it is away."""
        return f"http://127.0.0.1:{self._site.port}"

    def environment(self) -> Mapping[str, str]:
        """Variables by which any SDK comes here."""
        return environment_of(self.url)

    def leave(self, for_s: float | None = None) -> None:
        """Refuse connections and break those that there are, for so many seconds or until `come_back`."""
        self._cancel()
        self._site.shut()
        self.faults.count(REFUSED_CONNECTIONS)
        if for_s is not None:
            self._timer = threading.Timer(for_s, self._site.open)
            self._timer.daemon = True
            self._timer.start()

    def come_back(self) -> None:
        """Listen again."""
        self._cancel()
        self._site.open()

    def stop(self) -> None:
        """End it; may be called twice."""
        self._cancel()
        self._site.stop()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
            self._timer = None

    def _serve(self, request: Request) -> Answer:
        answer = self._answer(request)
        return replace(answer, delay_s=answer.delay_s + self.latency_s) if self.latency_s else answer

    def _answer(self, request: Request) -> Answer:
        service, _, operation = request.headers.get("x-amz-target", "").rpartition(".")
        if not operation:
            return self.s3.answer(request)
        try:
            document = decode(request.body)
        except RefusedError as error:
            return error.refusal.as_json()
        if service == "AmazonSQS":
            return self.sqs.answer(operation, document)
        return self.dynamo.answer(operation, document)


def environment_of(url: str) -> Mapping[str, str]:
    """Variables by which any SDK comes to an endpoint, with credentials that are none."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x" * 40,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
