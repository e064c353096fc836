"""Deployments into the embedded AWS: the same calls, in the same order, as into AWS."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.deploy import DeployError, Deployment, code_bucket_name, deploy, plan
from infra.package import Target, build, content_hash
from tests.deployed import STACK, Deployed

pytest_plugins = ("tests.fixtures_stack",)

ACCOUNT = "000000000000"
_CHANNELS = ("Payin", "Payout", "Cardtransaction", "Balance", "Outcomes", "Return", "Invalid")


def _template(resources: Mapping[str, Any]) -> str:
    parameters = {"CodeBucket": {"Type": "String"}, "CodeKey": {"Type": "String"}}
    outputs = {"Key": {"Value": {"Ref": "CodeKey"}}}
    return json.dumps({"Parameters": parameters, "Resources": resources, "Outputs": outputs})


def _queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


@pytest.fixture
def session(deployed: Deployed) -> boto3.Session:
    return deployed.session


@pytest.fixture
def small(tmp_path: Path) -> Deployment:
    """A deployment of one queue."""
    package = tmp_path / "functions.zip"
    package.write_bytes(b"any")
    return Deployment(f"small-{uuid.uuid4().hex[:8]}", _template({"Queue": _queue()}), package, {})


def test_the_real_template_gives_what_the_others_need(deployed: Deployed) -> None:
    urls = {name for name in deployed.outputs if name.endswith("QueueUrl")}
    assert urls == {f"{name}QueueUrl" for name in _CHANNELS}
    assert set(deployed.outputs) - urls == {
        "AlarmTopicArn",
        "ClaimBucketName",
        "ControlTableName",
        "EventBusName",
        "LettersTableName",
        "ReturnerRoleArn",
        "RouterRoleArn",
        "SealKeyArn",
        "ShipperRoleArn",
    }


def test_webhooks_go_where_they_are_meant_to_unless_a_rehearsal_says_otherwise(deployed: Deployed) -> None:
    origin = "http://127.0.0.1:8080"
    rehearsal = {**deployed.deployment.parameters, "WebhookOrigin": origin}
    changes = plan(replace(deployed.deployment, parameters=rehearsal), deployed.session)
    functions = {change.resource[:6] for change in changes if change.kind == "AWS::Lambda::Function"}
    assert functions == {"Outlet", "Sweepe"}
    for wrong in ("partner.example", "https://partner.example/hooks", "ftp://partner.example"):
        parameters = {**rehearsal, "WebhookOrigin": wrong}
        with pytest.raises(DeployError, match="WebhookOrigin"):
            plan(replace(deployed.deployment, parameters=parameters), deployed.session)


def test_every_resource_of_the_template_is_there(deployed: Deployed) -> None:
    pages = deployed.session.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    there = {one["LogicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}
    assert there == set(json.loads(deployed.deployment.template)["Resources"])


def test_a_second_deployment_of_the_same_changes_nothing(deployed: Deployed) -> None:
    assert plan(deployed.deployment, deployed.session) == ()
    assert deploy(deployed.deployment, deployed.session) == deployed.outputs


def test_another_package_changes_the_functions_and_nothing_else(
    deployed: Deployed, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = build(Target.LAMBDA, tmp_path_factory.mktemp("other"))
    changes = plan(replace(deployed.deployment, package=other), deployed.session)
    assert {(change.action, change.replaced) for change in changes} == {("Modify", False)}
    # The sweeper's schedule has the function's ARN, which CloudFormation cannot know to stay.
    schedule = {"AWS::Events::Rule", "AWS::Lambda::Permission"}
    assert {change.kind for change in changes} - schedule == {"AWS::Lambda::Function"}
    assert plan(deployed.deployment, deployed.session) == (), "a plan leaves the stack as it is"


def test_a_plan_of_a_new_stack_names_what_it_would_add_and_leaves_no_shell(
    session: boto3.Session, small: Deployment
) -> None:
    (change,) = plan(small, session)
    assert (change.action, change.resource, change.kind) == ("Add", "Queue", "AWS::SQS::Queue")
    with pytest.raises(ClientError, match="does not exist"):
        session.client("cloudformation").describe_stacks(StackName=small.stack)


def test_an_update_is_a_change_of_what_is_there(session: boto3.Session, small: Deployment) -> None:
    first = deploy(small, session)
    small.package.write_bytes(b"another")
    changed = replace(small, template=_template({"Queue": _queue(VisibilityTimeout=60), "Second": _queue()}))
    assert {(change.action, change.resource) for change in plan(changed, session)} == {
        ("Modify", "Queue"),
        ("Add", "Second"),
    }
    assert deploy(changed, session)["Key"] != first["Key"]


def test_a_failure_names_the_resource_and_the_reason(session: boto3.Session, small: Deployment) -> None:
    with pytest.raises(
        DeployError, match=r"ended as ROLLBACK_COMPLETE:\nQueue \(AWS::SQS::Queue\): .*VisibilityTimeout"
    ):
        deploy(replace(small, template=_template({"Queue": _queue(VisibilityTimeout=90_000)})), session)


def test_a_failed_update_leaves_what_was_there(session: boto3.Session, small: Deployment) -> None:
    first = deploy(small, session)
    with pytest.raises(DeployError, match=r"ended as UPDATE_ROLLBACK_COMPLETE:\nQueue "):
        deploy(replace(small, template=_template({"Queue": _queue(VisibilityTimeout=90_000)})), session)
    assert deploy(small, session) == first


def test_a_stack_that_was_never_made_has_to_be_deleted_first(session: boto3.Session, small: Deployment) -> None:
    broken = replace(small, template=_template({"Queue": _queue(VisibilityTimeout=90_000)}))
    with pytest.raises(DeployError):
        deploy(broken, session)
    with pytest.raises(DeployError, match="is ROLLBACK_COMPLETE: delete it"):
        deploy(small, session)


def test_a_parameter_that_does_not_fit_is_refused_before_anything_is_made(deployed: Deployed) -> None:
    wrong = replace(
        deployed.deployment,
        stack="wrong-secret",
        parameters={**deployed.deployment.parameters, "WebhookSecretArn": "the secret itself"},
    )
    with pytest.raises(DeployError, match="WebhookSecretArn"):
        deploy(wrong, deployed.session)


def test_an_account_that_refuses_says_so_in_its_own_words(deployed: Deployed, small: Deployment) -> None:
    shipper = deployed.as_role(deployed.outputs["ShipperRoleArn"], "shipper-1")
    with pytest.raises(DeployError, match=f"stack {small.stack}: .*not authorized"):
        deploy(small, shipper)


def test_the_code_bucket_is_private_encrypted_and_only_reached_over_tls(deployed: Deployed) -> None:
    s3 = deployed.session.client("s3")
    bucket = code_bucket_name(STACK, ACCOUNT, deployed.aws.region)
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    (statement,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


def test_a_package_is_kept_under_its_content(deployed: Deployed) -> None:
    bucket = code_bucket_name(STACK, ACCOUNT, deployed.aws.region)
    keys = {one["Key"] for one in deployed.session.client("s3").list_objects_v2(Bucket=bucket)["Contents"]}
    assert f"functions/{content_hash(deployed.deployment.package)[:16]}.zip" in keys


def test_a_template_too_large_for_a_request_goes_through_the_bucket(session: boto3.Session, small: Deployment) -> None:
    many = {
        f"Topic{number}": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "x" * 90}} for number in range(450)
    }
    large = replace(small, template=_template(many))
    assert len(large.template.encode()) > 51_200
    assert len(plan(large, session)) == len(many)
