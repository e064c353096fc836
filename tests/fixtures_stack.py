"""The real template with the real functions, deployed once a session into an embedded AWS.

A test module takes these fixtures with `pytest_plugins = ("tests.fixtures_stack",)`, and imports nothing from here.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deploy import Deployment, deploy
from infra.local.aws import EmbeddedAws
from infra.package import Target, build
from infra.synthesis import synthesise
from tests.deployed import STACK, Deployed


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
