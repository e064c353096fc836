"""The real template with the real functions, deployed once a session into an embedded AWS.

A test module or conftest takes these fixtures with `pytest_plugins = ("tests.fixtures_stack",)`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from infra.deploy import Deployment, deploy
from infra.local.aws import EmbeddedAws
from infra.package import Target, build
from infra.synthesis import synthesise

STACK = "strangler"
ONE_TRY = Config(retries={"total_max_attempts": 1})
"""So that a refusal is seen at once, not after its retries."""


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment and how to get at it."""

    stack: str
    aws: EmbeddedAws
    session: boto3.Session
    """The account's root."""
    deployment: Deployment
    outputs: Mapping[str, str]

    def as_role(self, role_arn: str, session_name: str) -> boto3.Session:
        """A session with a role's permissions and no more."""
        credentials = self.session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)
        session = self.aws.session()
        keys = credentials["Credentials"]
        botocore_session: Any = session._session
        botocore_session.set_credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return session

    def role_of(self, function: str) -> str:
        """ARN of a function's role."""
        return self.session.client("lambda").get_function_configuration(FunctionName=function)["Role"]


@pytest.fixture(scope="session")
def functions_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions, for the interpreter that runs here."""
    return build(Target.LOCAL, tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def embedded_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An embedded AWS with nothing in it; tests that deploy into it use names of their own."""
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture(scope="session")
def deployed(embedded_aws: EmbeddedAws, functions_package: Path) -> Deployed:
    """The stack, idle: nothing sends to it but the test that asks."""
    session = embedded_aws.session()
    secret = session.client("secretsmanager").create_secret(Name="webhooks", SecretString="not a real secret")
    parameters = {"WebhookSecretArn": secret["ARN"], "WorkerConcurrency": "2"}
    deployment = Deployment(STACK, synthesise(disposable=True), functions_package, parameters)
    return Deployed(STACK, embedded_aws, session, deployment, deploy(deployment, session))
