"""The whole deployment, generated from the contracts' registry: a new family gets its queue, function, role and
alarms without a line here.

One plain template for AWS and the embedded AWS alike: no bootstrap, no assets; the functions' package is an object in
a bucket, named by parameters. It fits any stack name: every name in it is made of the pseudo parameter
`AWS::StackName` by `contracts.naming`. Run as a program (`python -m infra.stack OUT`) it writes the template;
`infra.synthesis` does that, with the right Node.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk
import cdk_nag
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3

from contracts import naming
from contracts.message_type import Family
from contracts.registry import FAMILIES
from infra.alarm import Alarms
from infra.channel import OUTCOME_RECEIVES, RECEIVES, Channel, add_channel, add_dead_letter_queue
from infra.function import DUE, Worker
from infra.key import add_seal_key, add_table_key
from infra.permission import control_policy, judge_policy, process_policy, shipper_policy
from infra.table import add_ledger, add_records

STACK_ID = "Strangler"
PROCESS_HANDLER = "workers.handlers.process.handler"
CONTROL_HANDLER = "workers.handlers.control.handler"
JUDGE_HANDLER = "workers.handlers.judge.handler"

_NAME = cdk.Aws.STACK_NAME


class StranglerStack(cdk.Stack):  # type: ignore[misc]  # CDK's own types are not followed, see pyproject.toml
    """Channels, tables, functions, roles and alarms of one deployment.

    `disposable` is for deployments that carry no real payment: it lets tables, keys and logs go with the stack.
    """

    def __init__(self, app: cdk.App, families: Sequence[Family], *, disposable: bool) -> None:
        super().__init__(app, STACK_ID, synthesizer=cdk.BootstraplessSynthesizer())
        self.template_options.description = "strangler: the new side of a migration, and its comparison with the old"
        self._removal = cdk.RemovalPolicy.DESTROY if disposable else cdk.RemovalPolicy.RETAIN
        self._code = self._package()
        cdk.Validations.of(self).acknowledge(
            cdk.Acknowledgment(
                id="CloudFormation-Validate::W2509", reason="an ARN: the secret itself is never a parameter"
            )
        )
        self._concurrency = cdk.CfnParameter(
            self,
            "WorkerConcurrency",
            type="Number",
            default=10,
            min_value=2,
            max_value=1000,
            description="Batches of one queue at once",
        ).value_as_number
        self._webhook_secret_arn = cdk.CfnParameter(
            self,
            "WebhookSecretArn",
            allowed_pattern=r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:.+",
            description="Existing secret with which outgoing webhooks are signed",
        ).value_as_string
        self._alarms = Alarms(self)
        table_key = add_table_key(self, alias=f"alias/{_NAME}-table", removal=self._removal)
        self._seal_key = add_seal_key(self, alias=f"alias/{_NAME}-seal", removal=self._removal)
        self._records = add_records(self, name=naming.records_table_name(_NAME), key=table_key, removal=self._removal)
        self._ledger = add_ledger(self, name=naming.ledger_table_name(_NAME), key=table_key, removal=self._removal)
        channels = [self._add_family(family) for family in families]
        channels.append(self._add_control())
        self._add_judge()
        self._add_shipper(channels)
        cdk.CfnOutput(self, "SealKeyArn", value=self._seal_key.key_arn)

    def _package(self) -> lambda_.Code:
        bucket = cdk.CfnParameter(self, "CodeBucket", description="Bucket of the functions' package")
        key = cdk.CfnParameter(self, "CodeKey", description="Its key: changes with the content")
        return lambda_.Code.from_bucket(
            s3.Bucket.from_bucket_name(self, "Code", bucket.value_as_string), key.value_as_string
        )

    def _add_family(self, family: Family) -> Channel:
        label = family.name.capitalize()
        name = naming.queue_name(_NAME, family.name, ordered=family.ordered)
        dead_letter_name = naming.dead_letter_queue_name(_NAME, family.name, ordered=family.ordered)
        channel = self._add_channel(label, name, dead_letter_name, ordered=family.ordered, receives=RECEIVES)
        worker = self._add_worker(
            label,
            naming.family_function_name(_NAME, family.name),
            PROCESS_HANDLER,
            process_policy(channel, self._records, self._ledger, self._seal_key, self._webhook_secret_arn),
            {
                "STRANGLER_FAMILY": family.name,
                "RECORDS_TABLE": self._records.table_name,
                "QUEUE_URL": channel.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": channel.dead_letters.queue_url,
                "WEBHOOK_SECRET_ARN": self._webhook_secret_arn,
            },
        )
        worker.consume(channel.queue, most_at_once=self._concurrency)
        return channel

    def _add_control(self) -> Channel:
        name, dead_letter_name = naming.outcome_queue_name(_NAME), naming.outcome_dead_letter_queue_name(_NAME)
        channel = self._add_channel("Outcomes", name, dead_letter_name, ordered=False, receives=OUTCOME_RECEIVES)
        worker = self._add_worker(
            "Control",
            naming.control_function_name(_NAME),
            CONTROL_HANDLER,
            control_policy(channel, self._ledger, self._seal_key),
            {},
        )
        worker.consume(channel.queue, most_at_once=self._concurrency)
        return channel

    def _add_judge(self) -> None:
        failures_name = naming.judge_dead_letter_queue_name(_NAME)
        failures = add_dead_letter_queue(
            self, "JudgeDeadLetters", name=failures_name, ordered=False, removal=self._removal
        )
        self._alarms.on_dead_letters("JudgeDeadLetters", failures, failures_name)
        name = naming.judge_function_name(_NAME)
        policy = judge_policy(self._ledger, self._seal_key, failures)
        worker = self._add_worker("Judge", name, JUDGE_HANDLER, policy, {})
        worker.follow(self._ledger, patterns=DUE, failures=failures)
        self._alarms.on_stream_age("Judge", worker.function, name)

    def _add_shipper(self, channels: Sequence[Channel]) -> None:
        # Which principals may assume it is said by their own policies; that every session names its shipper, so that
        # the audit trail tells two of them apart, is said here.
        role = iam.Role(
            self,
            "Shipper",
            role_name=naming.shipper_role_name(_NAME),
            description="The bridge's shippers, outside of AWS or in it",
            assumed_by=iam.PrincipalWithConditions(
                iam.AccountRootPrincipal(), {"StringLike": {"sts:RoleSessionName": "shipper-*"}}
            ),
            inline_policies={
                "ship": iam.PolicyDocument(statements=list(shipper_policy([one.queue for one in channels])))
            },
        )
        cdk.CfnOutput(self, "ShipperRoleArn", value=role.role_arn)

    def _add_channel(self, label: str, name: str, dead_letter_name: str, *, ordered: bool, receives: int) -> Channel:
        channel = add_channel(
            self,
            label,
            name=name,
            dead_letter_name=dead_letter_name,
            ordered=ordered,
            receives=receives,
            removal=self._removal,
        )
        self._alarms.on_age(label, channel.queue, name)
        self._alarms.on_dead_letters(f"{label}DeadLetters", channel.dead_letters, dead_letter_name)
        cdk.CfnOutput(self, f"{label}QueueUrl", value=channel.queue.queue_url)
        return channel

    def _add_worker(
        self,
        label: str,
        name: str,
        handler: str,
        policy: Sequence[iam.PolicyStatement],
        environment: dict[str, str],
    ) -> Worker:
        common = {"LEDGER_TABLE": self._ledger.table_name, "SEAL_KEY_ARN": self._seal_key.key_arn}
        return Worker(
            self,
            label,
            name=name,
            handler=handler,
            code=self._code,
            environment={**common, **environment},
            policy=policy,
            removal=self._removal,
        )


def main() -> None:
    """Write the cloud assembly into a folder."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--disposable", action="store_true", help="let tables, keys and logs go with the stack")
    parser.add_argument("--check", action="store_true", help="fail on what cdk-nag finds and nobody gave a reason for")
    arguments = parser.parse_args()
    app = cdk.App(outdir=str(arguments.folder), analytics_reporting=False)
    StranglerStack(app, FAMILIES, disposable=arguments.disposable)
    if arguments.check:
        cdk.Validations.of(app).add_plugins(cdk_nag.AwsSolutionsChecks(app), cdk_nag.ServerlessChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
