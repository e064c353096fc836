"""Sessions with AWS, and what AWS' refusals mean in an operator's words.

Account, region, endpoint and credentials come from the standard AWS environment variables and profiles and from
nowhere else, so that AWS and the embedded AWS are the same to every command.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

from ops.exit_code import ExitCode
from ops.fault import CommandError

# An operator waits for the answer: boto3's own minute for a connection, five times over, looks like a hang.
_PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})
_HASTY = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 1})

_UNREACHABLE = (
    exceptions.ConnectionError,  # EndpointConnectionError and ConnectTimeoutError among others
    exceptions.HTTPClientError,
)
_NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_WRONG_SETTINGS = (
    exceptions.NoRegionError,
    exceptions.InvalidRegionError,
    exceptions.ProfileNotFound,
    exceptions.ConfigParseError,
)
_BAD_CREDENTIALS = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException"}
    | {"MissingAuthenticationToken", "SignatureDoesNotMatch", "UnrecognizedClientException", "AuthFailure"}
)
_DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation", "403", "Forbidden"}
)
_ABSENT = frozenset(
    {
        "ResourceNotFoundException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "TableNotFoundException",
    }
)
_LATER = frozenset(
    {"Throttling", "ThrottlingException", "RequestLimitExceeded", "ProvisionedThroughputExceededException"}
    | {"ServiceUnavailable", "InternalServerError", "InternalFailure", "InternalError", "TooManyRequestsException"}
)


@cache
def open_session(*, hasty: bool = False) -> boto3.Session:
    """A session whose clients give up in time; `hasty` for a mere look whether anybody answers.

    One of each kind for a process, whose environment is read once: not every client asks for credentials anew.
    """
    session = botocore.session.Session()
    session.set_default_client_config(_HASTY if hasty else _PATIENT)
    return boto3.Session(botocore_session=session)


def dynamodb_client(stack: str) -> "DynamoDBClient":
    """Reads tables. Raises CommandError."""
    with in_plain_words(stack):
        return open_session().client("dynamodb")


def sqs_client(stack: str) -> "SQSClient":
    """Reads queues. Raises CommandError."""
    with in_plain_words(stack):
        return open_session().client("sqs")


def kms_client(stack: str) -> Any:
    """Knows keys. Raises CommandError."""
    with in_plain_words(stack):
        return open_session().client("kms")


def s3_and_sts_clients(stack: str) -> "tuple[S3Client, STSClient]":
    """Fetches and puts the bodies that no queue takes, and knows whose account it is. Raises CommandError."""
    with in_plain_words(stack):
        session = open_session()
        return session.client("s3"), session.client("sts")


def cloudwatch_client(stack: str) -> Any:
    """Reads metrics. Raises CommandError."""
    with in_plain_words(stack):
        return open_session().client("cloudwatch")


def who_am_i(*, hasty: bool = True) -> str | None:
    """ARN of who we are to AWS; None where no credentials are set. Raises CommandError.

    Args: hasty: gives up within seconds.
    """
    session = open_session(hasty=hasty)
    try:
        if session.get_credentials() is None:
            return None
        # STS answers without a region, but boto3 asks for one; which is no fault of the credentials'.
        region = session.region_name or "us-east-1"
        return session.client("sts", region_name=region).get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError) as error:
        raise explain(error, "") from error


@contextmanager
def in_plain_words(stack: str) -> Iterator[None]:
    """Turns AWS' errors about a deployment into CommandErrors."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise explain(error, stack) from error


def explain(error: BotoCoreError | ClientError, stack: str) -> CommandError:
    """One line for one of AWS' errors, with what to do about it."""
    if isinstance(error, ClientError):
        return _explain_answer(error, stack)
    if isinstance(error, _UNREACHABLE):
        return CommandError(
            ExitCode.UNREACHABLE, f"AWS cannot be reached: {error} (check AWS_ENDPOINT_URL, the region and the network)"
        )
    if isinstance(error, _NO_CREDENTIALS):
        return CommandError(
            ExitCode.REFUSED, f"no usable AWS credentials: {error} (set AWS_PROFILE or AWS_ACCESS_KEY_ID, or sign in)"
        )
    if isinstance(error, _WRONG_SETTINGS):
        return CommandError(
            ExitCode.SETTINGS, f"AWS settings: {error} (set AWS_DEFAULT_REGION, or choose a profile that does)"
        )
    return CommandError(ExitCode.FAILED, f"AWS: {type(error).__name__}: {error}")


def _explain_answer(error: ClientError, stack: str) -> CommandError:
    code = error.response.get("Error", {}).get("Code", "unknown")
    said = error.response.get("Error", {}).get("Message", "")
    what = f"{error.operation_name}: {code}"
    if code in _ABSENT:
        return CommandError(
            ExitCode.NO_DEPLOYMENT,
            f"no deployment {stack!r} here ({what}); --stack names another, `strangler deploy` makes one",
        )
    if code in _BAD_CREDENTIALS:
        return CommandError(ExitCode.REFUSED, f"AWS does not accept these credentials ({what}); sign in again")
    if code in _DENIED:
        return CommandError(ExitCode.REFUSED, f"AWS denies this to your role ({what}): {said}")
    if code in _LATER:
        return CommandError(ExitCode.UNREACHABLE, f"AWS is overloaded or throttles ({what}); try again in a moment")
    return CommandError(ExitCode.FAILED, f"AWS refuses ({what}): {said}")
