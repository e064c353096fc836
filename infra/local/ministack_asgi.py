"""The little of ASGI that stands between the network and MiniStack."""

import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def read_body(receive: Receive) -> bytes:
    """The request's whole body; has to be read before an answer, or the connection cannot be used again."""
    parts = []
    while (message := await receive())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    return b"".join(parts)


async def answer(send: Send, status: int, document: Mapping[str, object]) -> None:
    """Answer with a document, in the protocol of kms, dynamodb and sqs."""
    await answer_with(send, status, b"application/x-amz-json-1.0", json.dumps(document).encode())


async def answer_with(send: Send, status: int, content_type: bytes, body: bytes) -> None:
    """Answer with any content."""
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
