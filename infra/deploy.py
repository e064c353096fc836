"""Takes a template and a package to AWS or to the embedded AWS; which of them is the standard environment's business.

Everything goes through a change set: it is what `plan` shows, and the only thing that is ever executed.
"""

import hashlib
import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.package import content_hash

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef
    from mypy_boto3_s3 import S3Client

_INLINE_LIMIT_BYTES = 51_200  # CloudFormation quotas: template in the request; from S3 1 MB
_HASH_LENGTH = 16
_TIMEOUT_S = 1_800
_POLLS_S = (0.05, 0.1, 0.2, 0.5, 1.0)  # then every 2 s
_NO_CHANGE = ("didn't contain changes", "No updates are to be performed")
_NEVER_CREATED = ("REVIEW_IN_PROGRESS",)
_STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")


class DeployError(Exception):
    """A deployment did not happen, or not wholly; says why, in AWS' words."""


@dataclass(frozen=True, slots=True)
class Change:
    """One resource that a deployment would touch."""

    action: str
    """Add, Modify or Remove."""
    resource: str
    """Logical id."""
    kind: str
    """CloudFormation's type."""
    replaced: bool
    """Whether the present resource would be given up for a new one."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What is deployed: the stack's name, the minified template, the functions' package, the stack's parameters."""

    stack: str
    template: str
    package: Path
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _ChangeSet:
    id: str
    changes: tuple[Change, ...]
    shell: bool
    """Whether proposing it has made a stack without resources."""


def plan(deployment: Deployment, session: "boto3.Session") -> tuple[Change, ...]:
    """What `deploy` would change; empty for nothing.

    Uploads package and template, and leaves the stack as it is. Raises DeployError.
    """
    with _in_our_words(deployment):
        cloudformation = session.client("cloudformation")
        change_set = _propose(deployment, session, cloudformation)
        if change_set is None:
            return ()
        _withdraw(cloudformation, deployment.stack, change_set.id, shell=change_set.shell)
        return change_set.changes


def deploy(deployment: Deployment, session: "boto3.Session") -> Mapping[str, str]:
    """Create or update the stack and return its outputs; without a change only return them.

    Blocks until it is done, for minutes on AWS. What has begun and fails is rolled back by CloudFormation; the error
    names the resources that failed. Raises DeployError.
    """
    with _in_our_words(deployment):
        cloudformation = session.client("cloudformation")
        change_set = _propose(deployment, session, cloudformation)
        if change_set is not None:
            cloudformation.execute_change_set(ChangeSetName=change_set.id)
            status = _settled(cloudformation, deployment.stack)
            if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                reasons = "\n".join(_failures(cloudformation, deployment.stack))
                raise DeployError(f"stack {deployment.stack} ended as {status}:\n{reasons}")
        (stack,) = cloudformation.describe_stacks(StackName=deployment.stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def code_bucket_name(stack: str, account: str, region: str) -> str:
    """Bucket of a deployment's packages and templates."""
    return f"{stack}-code-{account}-{region}"


@contextmanager
def _in_our_words(deployment: Deployment) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"stack {deployment.stack}: {error}") from error


def _propose(
    deployment: Deployment, session: "boto3.Session", cloudformation: "CloudFormationClient"
) -> _ChangeSet | None:
    """A change set ready to be executed, or None where nothing would change."""
    status = _status(cloudformation, deployment.stack)
    if status in _STUCK:
        raise DeployError(f"stack {deployment.stack} is {status}: delete it before it can be created again")
    account = session.client("sts").get_caller_identity()["Account"]
    region = cloudformation.meta.region_name
    bucket = code_bucket_name(deployment.stack, account, region)
    s3 = session.client("s3")
    _ensure_bucket(s3, bucket, region)
    package_key = f"functions/{content_hash(deployment.package)[:_HASH_LENGTH]}.zip"
    template = deployment.template.encode()
    template_key = f"templates/{hashlib.sha256(template).hexdigest()[:_HASH_LENGTH]}.json"
    _upload(s3, bucket, package_key, deployment.package.read_bytes())
    _upload(s3, bucket, template_key, template)
    values = {**deployment.parameters, "CodeBucket": bucket, "CodeKey": package_key}
    parameters: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(values.items())
    ]
    source = (
        {"TemplateBody": deployment.template}
        if len(template) <= _INLINE_LIMIT_BYTES
        else {"TemplateURL": f"https://s3.{region}.amazonaws.com/{bucket}/{template_key}"}
    )
    shell = status is None
    change_set_id = cloudformation.create_change_set(
        StackName=deployment.stack,
        ChangeSetName=f"strangler-{time.time_ns()}",
        ChangeSetType="CREATE" if shell or status in _NEVER_CREATED else "UPDATE",
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=parameters,
        Tags=[{"Key": "strangler:stack", "Value": deployment.stack}],
        **source,  # type: ignore[arg-type]  # one of two keyword arguments
    )["Id"]
    return _proposed(cloudformation, deployment.stack, change_set_id, shell=shell)


def _proposed(
    cloudformation: "CloudFormationClient", stack: str, change_set_id: str, *, shell: bool
) -> _ChangeSet | None:
    for _ in _polls():
        described = cloudformation.describe_change_set(ChangeSetName=change_set_id)
        if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
    reason = described.get("StatusReason", "")
    if described["Status"] == "CREATE_COMPLETE":
        pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set_id)
        changes = [change["ResourceChange"] for page in pages for change in page["Changes"]]
        return _ChangeSet(
            change_set_id,
            tuple(
                Change(
                    change["Action"],
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change.get("Replacement") == "True",
                )
                for change in changes
            ),
            shell,
        )
    _withdraw(cloudformation, stack, change_set_id, shell=shell)
    if any(phrase in reason for phrase in _NO_CHANGE):
        return None
    raise DeployError(f"stack {stack}: the change was refused: {reason}")


def _withdraw(cloudformation: "CloudFormationClient", stack: str, change_set_id: str, *, shell: bool) -> None:
    """Leave everything as it was before the proposal."""
    if shell:
        cloudformation.delete_stack(StackName=stack)
    else:
        cloudformation.delete_change_set(ChangeSetName=change_set_id)


def _status(cloudformation: "CloudFormationClient", stack: str) -> str | None:
    try:
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return described["StackStatus"]


def _settled(cloudformation: "CloudFormationClient", stack: str) -> str | None:
    for _ in _polls():
        status = _status(cloudformation, stack)
        if status is None or not status.endswith("_IN_PROGRESS"):
            break
    return status


def _failures(cloudformation: "CloudFormationClient", stack: str) -> Iterator[str]:
    """What failed in the last operation, oldest first."""
    events = []
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack):
        events += page["StackEvents"]
    started = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    last = itertools.takewhile(
        lambda event: event["LogicalResourceId"] != stack or event.get("ResourceStatus") not in started, events
    )
    for event in reversed(list(last)):
        if event.get("ResourceStatus", "").endswith("_FAILED"):
            yield f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', '')}"


def _ensure_bucket(s3: "S3Client", bucket: str, region: str) -> None:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket", "NotFound"):
            raise
        if region == "us-east-1":  # the one region that may not be named (S3 API, CreateBucket)
            s3.create_bucket(Bucket=bucket)
        else:
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]  # a Literal of regions
    s3.put_public_access_block(
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    only_tls = {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [only_tls]}))


def _upload(s3: "S3Client", bucket: str, key: str, content: bytes) -> None:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
        s3.put_object(Bucket=bucket, Key=key, Body=content)


def _polls() -> Iterator[None]:
    """Come back, soon at first; raises DeployError when it takes too long."""
    deadline = time.monotonic() + _TIMEOUT_S
    for pause_s in itertools.chain(_POLLS_S, itertools.repeat(2.0)):
        yield
        if time.monotonic() > deadline:
            raise DeployError(f"gave up waiting after {_TIMEOUT_S} s; CloudFormation goes on without us")
        time.sleep(pause_s)
