"""`workers.outlet.webhook` over real HTTP, on a port of this machine that is free."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.fakes.message import NAME
from workers.outlet import webhook
from workers.outlet.port import Call, NotSentError
from workers.outlet.webhook import HttpWebhooks

CALL = Call(
    "payin.booked",
    "w€1:2",
    "https://partner.example/hooks/payin.booked?a=1",
    f'{{"name":"{NAME}"}}'.encode(),
    {"Content-Type": "application/json", "X-Signature": "s", "X-Effect-Id": "w€1:2"},
)


@dataclass
class Partner:
    """A receiver of webhooks that answers as a test wants."""

    origin: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    taken: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)
    connections: set[int] = field(default_factory=set)
    silent: threading.Event = field(default_factory=threading.Event)
    hangs: bool = False


@pytest.fixture
def partner() -> Iterator[Partner]:
    state = Partner()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.taken.append((self.command, self.path, body, dict(self.headers.items())))
            state.connections.add(self.client_address[1])
            if state.hangs:
                state.silent.wait(10)
                return
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            if state.status != 204:
                self.send_header("Content-Length", str(len(state.answer)))
            self.end_headers()
            self.wfile.write(state.answer)

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A caller that has gone is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.origin = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    state.silent.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_webhook_is_posted_as_it_was_decided_to_another_origin_only(partner: Partner) -> None:
    HttpWebhooks(partner.origin).post(CALL)
    ((method, path, body, headers),) = partner.taken
    assert (method, path, body) == ("POST", "/hooks/payin.booked?a=1", CALL.body)
    assert (headers["Content-Type"], headers["X-Signature"]) == ("application/json", "s")
    assert headers["X-Effect-Id"].encode("latin-1").decode() == "w€1:2"
    assert headers["Host"] == partner.origin.removeprefix("http://")


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_success(partner: Partner, status: int) -> None:
    partner.status = status
    HttpWebhooks(partner.origin).post(CALL)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 429, 500, 503])
def test_anything_else_is_not_and_is_neither_followed_nor_repeated_at_once(partner: Partner, status: int) -> None:
    partner.status, partner.headers = status, {"Location": f"{partner.origin}/elsewhere", "Retry-After": "0"}
    with pytest.raises(NotSentError, match=f"^webhook: {status}$"):
        HttpWebhooks(partner.origin).post(CALL)
    assert len(partner.taken) == 1


def test_a_partner_that_does_not_answer_is_waited_for_some_seconds_only(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "READ_TIMEOUT_S", 0.05)
    partner.hangs = True
    with pytest.raises(NotSentError, match="ReadTimeoutError"):
        HttpWebhooks(partner.origin).post(CALL)


def test_a_partner_that_is_not_there_is_told_without_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSentError) as failed:
        HttpWebhooks(f"http://127.0.0.1:{port}").post(CALL)
    assert str(failed.value) == "webhook: NewConnectionError"


def test_a_header_that_http_cannot_carry_is_a_failure_of_its_webhook(partner: Partner) -> None:
    with pytest.raises(NotSentError, match="ValueError"):
        HttpWebhooks(partner.origin).post(Call("n", "e", CALL.url, b"", {"X-Effect-Id": "a\nb: c"}))
    assert partner.taken == []


@pytest.mark.parametrize("size_bytes", [0, 10, 16 * 1024])
def test_a_connection_serves_again(partner: Partner, size_bytes: int) -> None:
    partner.status, partner.answer = 200, b"x" * size_bytes
    webhooks = HttpWebhooks(partner.origin)
    for _ in range(3):
        webhooks.post(CALL)
    assert len(partner.taken) == 3
    assert len(partner.connections) == 1


def test_an_endless_answer_is_not_read_to_its_end(partner: Partner) -> None:
    partner.status, partner.answer = 200, b"x" * 5_000_000
    webhooks = HttpWebhooks(partner.origin)
    for _ in range(3):
        webhooks.post(CALL)
    assert len(partner.connections) == 3
