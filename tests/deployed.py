"""A deployment of the real template in an embedded AWS, and how a test gets at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from infra.deploy import Deployment
from infra.local.aws import EmbeddedAws

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
