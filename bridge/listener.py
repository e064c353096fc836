"""A small HTTP server on threads of its own: `/metrics`, `/live`, `/ready`.

It reads the pane and nothing else, so that it answers whatever the loop does, and the loop goes on whoever asks.
"""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET6
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST

from bridge.metric import metrics
from bridge.snapshot import Pane, shortcomings

_PATIENCE_S = 5.0
_POLL_S = 0.1
"""How soon it hears that it is to end."""
_JSON = "application/json"


class ListenError(OSError):
    """The address cannot be listened on."""


@contextlib.contextmanager
def listening(
    address: tuple[str, int] | None, pane: Pane, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[int | None]:
    """Answer for as long as the block runs; its port, or None where there is no address. Raises ListenError."""
    if address is None:
        yield None
        return
    server = _serve(address, pane, monotonic)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="listener", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _serve(address: tuple[str, int], pane: Pane, monotonic: Callable[[], float]) -> ThreadingHTTPServer:
    kind = _Server6 if ":" in address[0] else _Server
    try:
        return kind(address, _handler(pane, monotonic))
    except OSError as error:
        raise ListenError(f"{address[0]}:{address[1]} cannot be listened on: {error.strerror or error}") from error


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Server6(_Server):
    address_family = AF_INET6


def _handler(pane: Pane, monotonic: Callable[[], float]) -> type[BaseHTTPRequestHandler]:
    written = metrics(pane, monotonic)

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE_S
        """A caller that sends nothing is not waited for."""

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/live":
                self._answer(200, _JSON, b'{"live": true}\n')
            elif path == "/ready":
                self._answer(*_readiness(pane, monotonic()))
            elif path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, written())
            else:
                self._answer(404, _JSON, b'{"error": "there are /metrics, /live and /ready"}\n')

        do_HEAD = do_GET  # noqa: N815  # named by http.server

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def version_string(self) -> str:
            return "strangler"

        def log_message(self, *_: object) -> None:
            """Standard error is the log's, which says what the bridge does."""

    return Handler


def _readiness(pane: Pane, now: float) -> tuple[int, str, bytes]:
    reasons = [
        {name: round(value, 1) if isinstance(value, float) else value for name, value in asdict(one).items()}
        for one in shortcomings(pane.latest, now)
    ]
    told = {
        "ready": not reasons,
        "blocked": pane.blocked,
        "reasons": [{name: value for name, value in one.items() if value is not None} for one in reasons],
    }
    return 503 if reasons else 200, _JSON, (json.dumps(told) + "\n").encode()
