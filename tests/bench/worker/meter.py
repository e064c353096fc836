"""Counts calls to AWS where they arrive: an endpoint in front of the embedded AWS that passes every request on.

Whatever client sends it, a request counts once, and so does each of its retries. It takes plain HTTP: TLS would cost
most where most calls are made. Whoever is measured also finds the partner here, who takes every webhook.
"""

import http.client
import re
import ssl
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.rig.web import Answer, Request, Site

PARTNER = "partner: webhook"
"""Counted beside AWS's operations, and none of them."""
_SERVICES = {
    "DynamoDB": "dynamodb",
    "TrentService": "kms",
    "AmazonSQS": "sqs",
    "AWSEvents": "events",
    "secretsmanager": "secretsmanager",
}
_TARGET = re.compile(r"([A-Za-z]+)(?:_\d+)?\.(\w+)")
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})
_WITHIN_S = 30.0


class Meter:
    """The endpoint, from its making until `stop`."""

    def __init__(self, port: int, certificate: Path) -> None:
        """Args: port, certificate: of the embedded AWS on 127.0.0.1."""
        self._port = port
        self._context = ssl.create_default_context(cafile=str(certificate))
        self._connection: http.client.HTTPSConnection | None = None
        self._calls: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._site = Site(self._serve, "meter")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._site.stop()
        if self._connection is not None:
            self._connection.close()

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self._site.port}"

    def take(self) -> tuple[dict[str, int], dict[str, int]]:
        """Calls since the last time, by service and operation; and of those the ones that an error was answered to."""
        taken = dict(self._calls), dict(self._refused)
        self._calls, self._refused = Counter(), Counter()
        return taken

    def _serve(self, request: Request) -> Answer:
        """On the server's thread, one after the other: nothing is measured by the clock."""
        found = _TARGET.fullmatch(request.headers.get("x-amz-target", ""))
        if found is None:
            self._calls[PARTNER] += 1
            return Answer()
        name = f"{_SERVICES[found[1]]}: {found[2]}"
        self._calls[name] += 1
        answer = self._passed_on(request)
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            self._refused[name] += 1
        return answer

    def _passed_on(self, request: Request) -> Answer:
        if self._connection is None:
            self._connection = http.client.HTTPSConnection(
                "127.0.0.1", self._port, timeout=_WITHIN_S, context=self._context
            )
        self._connection.request(request.method, request.path, request.body, dict(request.headers))
        answer = self._connection.getresponse()
        body = answer.read()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        return Answer(answer.status, body, headers)
