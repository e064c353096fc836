"""The partner of the demo: receives webhooks, and notes which effect of which message each of them is.

    python -m ops.demo.partner --log received.ndjson

Prints its port; then one line a webhook goes to the log: {"effect_id","webhook_id","path"}, never a body. By it the
independent audit counts the new side's webhooks. The line is written before the webhook is answered.
"""

import argparse
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TextIO


class Partner(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1."""

    daemon_threads = True

    def __init__(self, log: TextIO) -> None:
        super().__init__(("127.0.0.1", 0), _Webhook)
        self._log = log
        self._lock = threading.Lock()

    def note(self, effect_id: str, webhook_id: str, path: str) -> None:
        """Keep one webhook."""
        with self._lock:
            self._log.write(json.dumps({"effect_id": effect_id, "webhook_id": webhook_id, "path": path}) + "\n")
            self._log.flush()


class _Webhook(BaseHTTPRequestHandler):
    server: Partner

    def do_POST(self) -> None:
        """Take one webhook."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.note(self.headers.get("X-Effect-Id", ""), self.headers.get("X-Webhook-Id", ""), self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Nothing: the log is `note`'s."""


def main() -> int:
    """Receive until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m ops.demo.partner", description="Receives the demo's webhooks.")
    parser.add_argument("--log", type=Path, required=True)
    arguments = parser.parse_args()
    with arguments.log.open("a", encoding="utf-8") as log, Partner(log) as partner:
        sys.stdout.write(f"listening on {partner.server_address[1]}\n")
        sys.stdout.flush()
        partner.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
