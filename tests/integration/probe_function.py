"""A function for tests of the embedded AWS itself: it does what each record says, and reports each to a queue.

It is zipped alone, so it may import nothing of ours.
"""

import json
import os
import sys
from typing import Any

import boto3

SQS: Any = boto3.client("sqs")  # type: ignore[no-untyped-call, unused-ignore]


def handler(event: dict[str, Any], _: object) -> dict[str, Any]:
    """Fail those records that ask for it, `fails` times; crash for those that say so."""
    failed = []
    for record in event["Records"]:
        order, receives, identifier = _read(record)
        _report({"id": order["id"], "receives": receives})
        if order.get("crash"):
            raise RuntimeError("asked for by a test")
        if receives <= order.get("fails", 0):
            if "delay_s" in order:
                SQS.change_message_visibility(
                    QueueUrl=os.environ["QUEUE_URL"],
                    ReceiptHandle=record["receiptHandle"],
                    VisibilityTimeout=order["delay_s"],
                )
            failed.append({"itemIdentifier": identifier})
    return {"batchItemFailures": failed}


def describe(_: dict[str, Any], __: object) -> dict[str, Any]:
    """Say what surrounds a function."""
    importable = []
    for name in ("boto3", "hypercorn", "ministack", "infra", "pydantic"):
        try:
            __import__(name)
        except ImportError:
            continue
        importable.append(name)
    return {"importable": importable, "variables": sorted(os.environ), "path": sys.path, "zone": os.environ["TZ"]}


def wait(_: dict[str, Any], __: object) -> None:
    """Wait for a message in another queue, and report whether it came in time."""
    answer = SQS.receive_message(QueueUrl=os.environ["RELEASE_URL"], WaitTimeSeconds=8)
    _report({"released": bool(answer.get("Messages"))})


def tick(event: dict[str, Any], _: object) -> None:
    """Report what a schedule sends."""
    _report({"source": event["source"], "type": event["detail-type"]})


_INVOCATIONS: list[object] = []


def count(_: dict[str, Any], context: object) -> dict[str, Any]:
    """Say how often this process was invoked; raise the second time."""
    _INVOCATIONS.append(context)
    if len(_INVOCATIONS) == 2:
        raise RuntimeError("the second invocation raises")
    return {"invocations": len(_INVOCATIONS)}


_SEEN: dict[str, int] = {}


def _read(record: dict[str, Any]) -> tuple[dict[str, Any], int, str]:
    if "dynamodb" in record:
        image = record["dynamodb"]["NewImage"]
        order = json.loads(image["order"]["S"])
        _SEEN[order["id"]] = _SEEN.get(order["id"], 0) + 1
        return order, _SEEN[order["id"]], record["dynamodb"]["SequenceNumber"]
    return json.loads(record["body"]), int(record["attributes"]["ApproximateReceiveCount"]), record["messageId"]


def _report(what: dict[str, Any]) -> None:
    SQS.send_message(QueueUrl=os.environ["REPORT_URL"], MessageBody=json.dumps(what))
