from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.stub import Stubber

from infra.deploy import DeployError
from infra.package import PackageError, Target
from ops import deployment
from ops.deployment import Wish, complete, in_operator_words, prepare, present_parameters
from ops.exit_code import ExitCode
from ops.fault import CommandError

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:webhooks"
ABSENT = "Stack with id unit does not exist"


def _wish(secret_arn: str | None = None, worker_concurrency: int | None = None) -> Wish:
    return Wish("unit", Target.LOCAL, secret_arn, worker_concurrency, disposable=True)


def _stack(parameters: list[dict[str, str]]) -> dict[str, object]:
    created_at = datetime(2026, 11, 21, tzinfo=UTC)
    return {
        "StackName": "unit",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": created_at,
        "Parameters": parameters,
    }


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """CloudFormation, answering what a test says."""
    keys = {"aws_access_key_id": "unit", "aws_secret_access_key": "unit"}
    client = boto3.client("cloudformation", region_name="eu-west-1", **keys)  # type: ignore[call-overload]
    with Stubber(client) as stubber:
        yield stubber


def _client(stub: Stubber) -> Any:
    return stub.client


def test_a_first_deployment_needs_a_secret() -> None:
    with pytest.raises(CommandError, match="--secret-arn") as raised:
        complete(_wish(), {})
    assert raised.value.code is ExitCode.USAGE


def test_what_nobody_gives_stays_as_it_is() -> None:
    present = {"WebhookSecretArn": ARN, "WorkerConcurrency": "7", "CodeKey": "functions/old.zip"}
    assert complete(_wish(), present) == {"WebhookSecretArn": ARN, "WorkerConcurrency": "7"}
    assert complete(_wish(worker_concurrency=2), present)["WorkerConcurrency"] == "2"
    assert complete(_wish(secret_arn=f"{ARN}2"), present)["WebhookSecretArn"] == f"{ARN}2"


def test_a_rehearsal_lasts_until_it_is_ended() -> None:
    rehearsal = {"WebhookSecretArn": ARN, "WebhookOrigin": "http://127.0.0.1:8080"}
    assert complete(replace(_wish(), webhook_origin=rehearsal["WebhookOrigin"]), {"WebhookSecretArn": ARN}) == rehearsal
    assert complete(_wish(), rehearsal) == rehearsal
    assert complete(replace(_wish(), webhook_origin=""), rehearsal)["WebhookOrigin"] == ""


def test_concurrency_is_the_templates_matter_the_first_time() -> None:
    assert complete(_wish(ARN), {}) == {"WebhookSecretArn": ARN}


def test_the_parameters_of_a_stack_that_is_there_are_read(stub: Stubber) -> None:
    parameters = [{"ParameterKey": "WebhookSecretArn", "ParameterValue": ARN}, {"ParameterKey": "NoValue"}]
    stub.add_response("describe_stacks", {"Stacks": [_stack(parameters)]}, {"StackName": "unit"})
    assert present_parameters(_client(stub), "unit") == {"WebhookSecretArn": ARN}


def test_a_stack_that_is_not_there_has_no_parameters(stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "ValidationError", ABSENT)
    assert present_parameters(_client(stub), "unit") == {}


def test_a_role_that_may_not_look_at_the_stack_is_told_so(stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "AccessDenied", "not authorized")
    with pytest.raises(CommandError) as raised:
        present_parameters(_client(stub), "unit")
    assert raised.value.code is ExitCode.REFUSED


def test_what_is_missing_is_said_before_anything_is_built(stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        pytest.fail("built for nothing")

    monkeypatch.setattr(deployment, "build", never)
    stub.add_client_error("describe_stacks", "ValidationError", ABSENT)
    with pytest.raises(CommandError, match="--secret-arn"):
        prepare(_wish(), _client(stub))


def test_what_pip_printed_stands_above_the_one_line(stub: Stubber, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise PackageError("pip failed (exit 1):\nno such wheel\nreally")

    monkeypatch.setattr(deployment, "build", fails)
    stub.add_client_error("describe_stacks", "ValidationError", ABSENT)
    with pytest.raises(CommandError) as raised:
        prepare(_wish(ARN), _client(stub))
    assert (str(raised.value), raised.value.detail) == ("pip failed (exit 1)", "no such wheel\nreally")


def test_the_resources_that_failed_stand_above_the_one_line() -> None:
    error = in_operator_words(DeployError("stack unit ended as ROLLBACK_COMPLETE:\nQueue: no\nTable: no"), "unit")
    assert (error.code, str(error)) == (ExitCode.FAILED, "stack unit ended as ROLLBACK_COMPLETE")
    assert error.detail == "Queue: no\nTable: no"


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (EndpointConnectionError(endpoint_url="https://x"), ExitCode.UNREACHABLE),
        (ClientError({"Error": {"Code": "AccessDenied"}}, "CreateChangeSet"), ExitCode.REFUSED),
        (ClientError({"Error": {"Code": "ValidationError", "Message": "bad"}}, "CreateChangeSet"), ExitCode.FAILED),
    ],
)
def test_a_refusal_of_aws_behind_a_failed_deployment_is_told_as_such(cause: Exception, code: ExitCode) -> None:
    error = DeployError("stack unit: refused")
    error.__cause__ = cause
    assert in_operator_words(error, "unit").code is code


def test_how_late_a_side_may_tell_is_kept_unless_another_figure_is_given() -> None:
    present = {"WebhookSecretArn": ARN, "AllowedLateness": "7200"}
    assert complete(_wish(), present)["AllowedLateness"] == "7200"
    assert complete(replace(_wish(), lateness_s=60), present)["AllowedLateness"] == "60"
    assert "AllowedLateness" not in complete(_wish(), {"WebhookSecretArn": ARN}), "the template's default"


def test_of_how_many_messages_mutants_are_made_is_kept_unless_another_figure_is_given() -> None:
    present = {"WebhookSecretArn": ARN, "ProbeOneIn": "200"}
    assert complete(_wish(), present)["ProbeOneIn"] == "200"
    assert complete(replace(_wish(), probe_one_in=20), present)["ProbeOneIn"] == "20"
    assert "ProbeOneIn" not in complete(_wish(), {"WebhookSecretArn": ARN}), "the template's default"
