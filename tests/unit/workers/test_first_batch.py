"""In a fresh interpreter: what this one has imported already would not be imported by a function."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from tests.fakes.function import event
from tests.unit.workers.test_bootstrap import ENVIRONMENT


class Services(BaseHTTPRequestHandler):
    """As much of AWS as a first batch of new messages asks for."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []
    ANSWERS: ClassVar[dict[str, dict[str, Any]]] = {
        "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
        "TransactWriteItems": {},
        "GetSecretValue": {"ARN": ENVIRONMENT["WEBHOOK_SECRET_ARN"], "Name": "w", "SecretString": "not a real secret"},
        "GenerateDataKey": {
            "CiphertextBlob": base64.b64encode(b"c" * 64).decode(),
            "Plaintext": base64.b64encode(b"k" * 32).decode(),
            "KeyId": ENVIRONMENT["SEAL_KEY_ARN"],
        },
    }

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers["X-Amz-Target"].split(".")[-1]
        self.asked.append(operation)
        body = json.dumps(self.ANSWERS[operation]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    Services.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Services) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def told(asked: str, **environment: str) -> Any:
    """What a fresh interpreter prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_whole_first_batch_loads_nothing_that_nobody_needs(endpoint: str) -> None:
    records = event("sqs_fifo_payin")
    del records["Records"][2]  # which would be dead-lettered
    asked = f"""
import json, sys
from workers.handlers.process import handler
context = type("Context", (), dict.fromkeys(
    ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id"), "x"))()
answer = handler(json.loads({json.dumps(records)!r}), context)
from contracts.model.balance import BalanceNotification
from contracts.model.payin import PayinNotification
print(json.dumps({{
    "answer": answer,
    "built": [m.__name__ for m in (PayinNotification, BalanceNotification) if m.__pydantic_complete__],
    "loaded": list(sys.modules),
}}))
"""
    aws = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
    found = told(asked, **ENVIRONMENT, **aws, AWS_ENDPOINT_URL=endpoint, POWERTOOLS_METRICS_NAMESPACE="s")
    assert found["answer"] == {"batchItemFailures": []}
    assert set(Services.asked) == set(Services.ANSWERS), "the batch has not come all the way"
    assert found["built"] == ["PayinNotification"], "a validator of another family"
    others = {"aws_lambda_powertools.utilities.batch", "aws_lambda_powertools.utilities.data_classes"}
    others |= {"contracts.difference", "workers.store.verdicts", "workers.outlet.outlet"}
    assert others & set(found["loaded"]) == set()
