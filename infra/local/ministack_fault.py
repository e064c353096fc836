"""Faults on demand in front of the embedded AWS: a throttled KMS, a DynamoDB that refuses, for as long as a test wants.

A request is recognised by its `X-Amz-Target` header, which the JSON protocols of kms, dynamodb, sqs and
secretsmanager send, and one to s3 by what it is signed for; its action is the method. Other protocols pass through.
"""

import json
from dataclasses import dataclass

from infra.local.ministack_asgi import App, Receive, Scope, Send, answer, answer_with, read_body

PATH = "/_faults"
_SERVICES = {
    "TrentService": "kms",
    "DynamoDB_20120810": "dynamodb",
    "AmazonSQS": "sqs",
    "secretsmanager": "secretsmanager",
}


@dataclass(slots=True)
class Fault:
    """An answer given instead of the real one; `remaining` None means until healed."""

    service: str
    action: str
    error: str
    status: int
    remaining: int | None = None

    def meets(self, service: str, action: str) -> bool:
        """Whether this fault is for the action, and not used up."""
        return self.service == service and self.action in ("*", action) and self.remaining != 0


class Faults:
    """ASGI application around another one."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._faults: list[Fault] = []
        self._failed = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request: ours, failed, or passed through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == PATH:
            await answer(send, 200, self._command(scope["method"], await read_body(receive)))
        elif fault := self._fault(scope):
            await read_body(receive)
            await _refuse(send, fault)
        else:
            await self._app(scope, receive, send)

    def _command(self, method: str, body: bytes) -> dict[str, object]:
        if method == "POST":
            self._faults.append(Fault(**json.loads(body)))
        elif method == "DELETE":
            self._faults.clear()
        failed, self._failed = self._failed, 0 if method == "DELETE" else self._failed
        return {"failed": failed}

    def _fault(self, scope: Scope) -> Fault | None:
        service, action = _asked(scope)
        for fault in self._faults:
            if fault.meets(service, action):
                if fault.remaining is not None:
                    fault.remaining -= 1
                self._failed += 1
                return fault
        return None


def _asked(scope: Scope) -> tuple[str, str]:
    """Service and action of a request; no service where nobody knows."""
    headers = dict(scope["headers"])
    prefix, _, action = headers.get(b"x-amz-target", b"").decode().rpartition(".")
    if not prefix and b"/s3/aws4_request" in headers.get(b"authorization", b""):
        return "s3", scope["method"]
    return _SERVICES.get(prefix, ""), action


async def _refuse(send: Send, fault: Fault) -> None:
    text = f"{fault.error}, asked for by a test"
    if fault.service == "s3":
        xml = f"<Error><Code>{fault.error}</Code><Message>{text}</Message></Error>"
        await answer_with(send, fault.status, b"application/xml", xml.encode())
    else:
        await answer(send, fault.status, {"__type": fault.error, "message": text})
