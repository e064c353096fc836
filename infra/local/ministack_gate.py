"""Who gets in: requests signed with this instance's own secret, or with a session that it has issued.

MiniStack 1.5.33 checks signatures of users and sessions, but takes its root key, the key `test`, every account number
and S3 requests without any key for the root without a look at the signature, and serves administration under `/_` to
everybody. On a machine that others use, too, any of these lets them run code as us: a function's code is one request.
"""

import types
from typing import Any

from ministack import app as ministack_app
from ministack.core import iam_evaluator

from infra.local.ministack_asgi import App, Receive, Scope, Send, answer, read_body

_HEALTH = "/_ministack/health"
_SESSION_KEY = "ASIA"


class Gate:
    """ASGI application around MiniStack: what shows no key that has to be proven does not reach it."""

    def __init__(self, app: App, root_key_id: str) -> None:
        self._app = app
        self._root_key_id = root_key_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http" or self._admits(scope):
            await self._app(scope, receive, send)
        else:
            await read_body(receive)
            refusal = {"__type": "MissingAuthenticationToken", "message": "not signed with a key of this instance"}
            await answer(send, 403, refusal)

    def _admits(self, scope: Scope) -> bool:
        path: str = scope["path"]
        if path.startswith("/_"):
            return path == _HEALTH
        authorization: str = dict(scope["headers"]).get(b"authorization", b"").decode("latin-1")
        scheme, _, rest = authorization.partition(" Credential=")
        key_id = rest.partition("/")[0]
        return scheme == "AWS4-HMAC-SHA256" and (key_id == self._root_key_id or key_id.startswith(_SESSION_KEY))


def verify_root() -> None:
    """Check the root's signature as everybody else's."""
    pin: Any = iam_evaluator.pin_signed_request
    # The function as it is, but that it knows no key that need not be proven.
    knows_no_root = {**pin.__globals__, "_is_root_key": lambda _: False}
    ministack_app.pin_signed_request = types.FunctionType(
        pin.__code__, knows_no_root, pin.__name__, pin.__defaults__, pin.__closure__
    )
