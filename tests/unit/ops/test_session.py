from typing import Any

import pytest
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import explain, in_plain_words, open_session


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (exceptions.NoCredentialsError(), ExitCode.REFUSED, "AWS_PROFILE"),
        (exceptions.PartialCredentialsError(provider="env", cred_var="x"), ExitCode.REFUSED, "credentials"),
        (exceptions.NoRegionError(), ExitCode.SETTINGS, "AWS_DEFAULT_REGION"),
        (exceptions.ProfileNotFound(profile="nobody"), ExitCode.SETTINGS, "nobody"),
        (exceptions.EndpointConnectionError(endpoint_url="https://x"), ExitCode.UNREACHABLE, "https://x"),
        (exceptions.ConnectTimeoutError(endpoint_url="https://x"), ExitCode.UNREACHABLE, "https://x"),
        (exceptions.ReadTimeoutError(endpoint_url="https://x"), ExitCode.UNREACHABLE, "https://x"),
        (exceptions.SSLError(endpoint_url="https://x", error=OSError("e")), ExitCode.UNREACHABLE, "https://x"),
        (exceptions.ConnectionClosedError(endpoint_url="https://x"), ExitCode.UNREACHABLE, "https://x"),
        (exceptions.DataNotFoundError(data_path="x"), ExitCode.FAILED, "DataNotFoundError"),
    ],
)
def test_what_fails_on_our_side_of_the_line_is_told_with_what_to_do(
    error: BotoCoreError, code: ExitCode, says: str
) -> None:
    explained = explain(error, "unit")
    assert explained.code is code
    assert says in str(explained)
    assert "\n" not in str(explained)


@pytest.mark.parametrize(
    ("aws_code", "code"),
    [
        ("ResourceNotFoundException", ExitCode.NO_DEPLOYMENT),
        ("AWS.SimpleQueueService.NonExistentQueue", ExitCode.NO_DEPLOYMENT),
        ("AccessDeniedException", ExitCode.REFUSED),
        ("AccessDenied", ExitCode.REFUSED),
        ("ExpiredToken", ExitCode.REFUSED),
        ("UnrecognizedClientException", ExitCode.REFUSED),
        ("SignatureDoesNotMatch", ExitCode.REFUSED),
        ("ThrottlingException", ExitCode.UNREACHABLE),
        ("InternalServerError", ExitCode.UNREACHABLE),
        ("ValidationException", ExitCode.FAILED),
    ],
)
def test_what_aws_answers_names_operation_and_code(aws_code: str, code: ExitCode) -> None:
    explained = explain(ClientError({"Error": {"Code": aws_code, "Message": "two\nlines"}}, "Query"), "unit")
    assert explained.code is code
    assert f"Query: {aws_code}" in str(explained)
    assert "\n" not in str(explained)


def test_an_error_that_is_not_of_aws_passes() -> None:
    with pytest.raises(ZeroDivisionError), in_plain_words("unit"):
        raise ZeroDivisionError


def test_an_error_of_aws_keeps_its_cause_for_whoever_debugs() -> None:
    with pytest.raises(CommandError) as raised, in_plain_words("unit"):
        raise exceptions.NoRegionError
    assert isinstance(raised.value.__cause__, exceptions.NoRegionError)


def test_no_client_waits_for_minutes(aws: None) -> None:
    assert _waits(open_session().client("sqs")) <= (5, 30)
    assert _waits(open_session(hasty=True).client("sts")) <= (2, 5)


def _waits(client: Any) -> tuple[float, float]:
    return client.meta.config.connect_timeout, client.meta.config.read_timeout
