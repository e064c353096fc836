"""Puts the probe function behind a queue or a stream of the embedded AWS, and listens to what it reports."""

import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

SOURCE = Path(__file__).with_name("probe_function.py")
DEADLINE_S = 30.0


@dataclass(frozen=True, slots=True)
class Probe:
    """A probe function; `reports` long-polls, so nothing here sleeps."""

    session: boto3.Session
    name: str
    report_url: str
    report_arn: str
    role_arn: str

    def reports(self, count: int, within_s: float = DEADLINE_S) -> Iterator[dict[str, Any]]:
        """The next reports, in the order in which they came. Fails when they take too long."""
        sqs = self.session.client("sqs")
        deadline = time.monotonic() + within_s
        got = 0
        while got < count:
            assert time.monotonic() < deadline, f"{got} of {count} reports within {within_s} s"
            answer = sqs.receive_message(QueueUrl=self.report_url, MaxNumberOfMessages=1, WaitTimeSeconds=2)
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=self.report_url, ReceiptHandle=message["ReceiptHandle"])
                got += 1
                yield json.loads(message["Body"])

    def create(self, handler: str = "handler", **variables: str) -> None:
        """Create the function."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.write(SOURCE, SOURCE.name)
        self.session.client("lambda").create_function(
            FunctionName=self.name,
            Runtime="python3.13",
            Role=self.role_arn,
            Handler=f"{SOURCE.stem}.{handler}",
            Code={"ZipFile": package.getvalue()},
            Timeout=10,
            Environment={"Variables": {"REPORT_URL": self.report_url, **variables}},
        )

    def follow(self, source_arn: str, **options: Any) -> None:
        """Invoke it with what a queue or stream brings."""
        self.session.client("lambda").create_event_source_mapping(
            FunctionName=self.name,
            EventSourceArn=source_arn,
            FunctionResponseTypes=["ReportBatchItemFailures"],
            **options,
        )

    def invoke(self) -> dict[str, Any]:
        """Invoke it and wait for its answer."""
        answer = self.session.client("lambda").invoke(FunctionName=self.name)
        result: dict[str, Any] = json.loads(answer["Payload"].read())
        return result


def make_probe(session: boto3.Session) -> Probe:
    """A probe with a name, a report queue and a role of its own; its function is not there yet."""
    name = f"probe-{uuid.uuid4().hex[:8]}"
    report_url, report_arn = make_queue(session, f"{name}-reports")
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    allow = {
        "Effect": "Allow",
        "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"],
        "Resource": f"arn:aws:sqs:*:*:{name}*",
    }
    iam = session.client("iam")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="probe", PolicyDocument=_policy(allow))
    return Probe(session, name, report_url, report_arn, role)


def make_queue(session: boto3.Session, name: str, **attributes: str) -> tuple[str, str]:
    """A queue's URL and ARN."""
    sqs = session.client("sqs")
    fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    url = sqs.create_queue(QueueName=name, Attributes={**fifo, **attributes})["QueueUrl"]  # type: ignore[dict-item]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
