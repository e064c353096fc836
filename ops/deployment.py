"""Prepares a deployment: builds the package, makes the template, and completes the parameters.

A parameter that nobody gives keeps the value that the stack has, so that a deployment of new code needs no memory of
how the last one was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy import DeployError, Deployment
from infra.local.process import LocalProgramError
from infra.package import REPOSITORY, PackageError, Target, build
from infra.synthesis import SynthesisError, synthesise
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import explain

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

PACKAGES = REPOSITORY / "var" / "build"
_SECRET, _CONCURRENCY, _ORIGIN = "WebhookSecretArn", "WorkerConcurrency", "WebhookOrigin"  # see infra.stack
_LATENESS, _PROBES = "AllowedLateness", "ProbeOneIn"


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator asks for."""

    stack: str
    target: Target
    secret_arn: str | None
    """None keeps the one that the stack has."""
    worker_concurrency: int | None
    """None keeps what the stack has, or the template's default."""
    disposable: bool
    webhook_origin: str | None = None
    """Where all webhooks go instead; empty for nowhere else. None keeps what the stack has, which is empty at first."""
    lateness_s: int | None = None
    """How many seconds after the other a side may tell. None keeps what the stack has, or the template's default."""
    probe_one_in: int | None = None
    """Mutants are made of one agreeing message in so many. None keeps what the stack has, or the template's default."""


def prepare(wish: Wish, cloudformation: "CloudFormationClient") -> Deployment:
    """Build and complete what was wished for. Takes up to minutes the first time. Raises CommandError."""
    # Asked first: what is missing on the command line should not show after a minute of building.
    parameters = complete(wish, present_parameters(cloudformation, wish.stack))
    try:
        package = build(wish.target, PACKAGES)
        template = synthesise(disposable=wish.disposable)
    except (PackageError, SynthesisError, LocalProgramError) as error:
        what, _, printed = str(error).partition("\n")
        raise CommandError(ExitCode.FAILED, what.removesuffix(":"), printed) from error
    return Deployment(wish.stack, template, package, parameters)


def complete(wish: Wish, present: Mapping[str, str]) -> Mapping[str, str]:
    """The parameters of a deployment, of the wish and of what the stack has. Raises CommandError."""
    secret_arn = wish.secret_arn or present.get(_SECRET)
    if secret_arn is None:
        raise CommandError(
            ExitCode.USAGE,
            f"stack {wish.stack!r} is new: --secret-arn must name the secret with which outgoing webhooks are signed "
            "(`aws secretsmanager create-secret` prints its ARN)",
        )
    concurrency = None if wish.worker_concurrency is None else str(wish.worker_concurrency)
    lateness = None if wish.lateness_s is None else str(wish.lateness_s)
    probes = None if wish.probe_one_in is None else str(wish.probe_one_in)
    wished = {_CONCURRENCY: concurrency, _ORIGIN: wish.webhook_origin, _LATENESS: lateness, _PROBES: probes}
    kept = {name: present.get(name) if value is None else value for name, value in wished.items()}
    return {_SECRET: secret_arn} | {name: value for name, value in kept.items() if value is not None}


def present_parameters(cloudformation: "CloudFormationClient", stack: str) -> Mapping[str, str]:
    """What the stack's parameters are; empty where there is no such stack. Raises CommandError."""
    try:
        (described,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):  # CloudFormation has no error code of its own for it
            return {}
        raise explain(error, stack) from error
    except BotoCoreError as error:
        raise explain(error, stack) from error
    return {
        parameter["ParameterKey"]: parameter["ParameterValue"]
        for parameter in described.get("Parameters", ())
        if "ParameterValue" in parameter
    }


def in_operator_words(error: DeployError, stack: str) -> CommandError:
    """A deployment's failure; where AWS' own refusal is behind it, what to do about that."""
    cause = error.__cause__
    if isinstance(cause, BotoCoreError | ClientError):
        explained = explain(cause, stack)
        if explained.code is not ExitCode.FAILED:
            return explained
    what, _, reasons = str(error).partition("\n")
    return CommandError(ExitCode.FAILED, what.removesuffix(":"), reasons)
