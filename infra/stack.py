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
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from contracts import naming
from contracts.message_type import Family
from contracts.registry import FAMILIES
from infra.alarm import Alarms
from infra.bucket import add_claims
from infra.channel import (
    OUTCOME_RECEIVES,
    RECEIVES,
    RETURN_RECEIVES,
    RETURN_RETENTION,
    Channel,
    add_channel,
    add_dead_letter_queue,
)
from infra.function import DUE, JUDGE_BATCH, OUTLET_BATCH, PENDING, Worker
from infra.key import add_seal_key, add_table_key
from infra.permission import (
    Outlets,
    Tables,
    control_policy,
    judge_policy,
    letters_policy,
    outlet_policy,
    process_policy,
    returner_policy,
    router_policy,
    shipper_policy,
    sweeper_policy,
    timekeeper_policy,
)
from infra.table import add_control, add_ledger, add_letters, add_records

STACK_ID = "Strangler"
PROCESS_HANDLER = "workers.handlers.process.handler"
CONTROL_HANDLER = "workers.handlers.control.handler"
JUDGE_HANDLER = "workers.handlers.judge.handler"
OUTLET_HANDLER = "workers.handlers.outlet.handler"
SWEEPER_HANDLER = "workers.handlers.sweeper.handler"
TIMEKEEPER_HANDLER = "workers.handlers.timekeeper.handler"
LETTERS_HANDLER = "workers.handlers.letters.handler"

_LETTERS_AT_ONCE = 2
"""The least that Lambda takes for a queue. Dead letters are few, and nobody waits for the index by the second."""

_NAME = cdk.Aws.STACK_NAME


class StranglerStack(cdk.Stack):  # type: ignore[misc]  # CDK's own types are not followed, see pyproject.toml
    """Channels, tables, functions, roles and alarms of one deployment.

    `disposable` is for deployments that carry no real payment: it lets tables, keys and logs go with the stack, and
    the bucket, once it is empty.
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
        self._webhook_origin = cdk.CfnParameter(
            self,
            "WebhookOrigin",
            default="",
            allowed_pattern=r"(https?://[^/?#@\s]+)?",
            description="For rehearsals: scheme, host and port that all webhooks go to instead of their own",
        ).value_as_string
        self._lateness_s = cdk.CfnParameter(
            self,
            "AllowedLateness",
            type="Number",
            default=3600,
            min_value=60,
            max_value=604800,
            description="Seconds after the other that a side may tell, unless its contract has a figure",
        ).value_as_string
        self._probe_one_in = cdk.CfnParameter(
            self,
            "ProbeOneIn",
            type="Number",
            default=500,  # costs the judge under 1 % of its time
            min_value=1,
            max_value=1_000_000,
            description="After the first ones, the judge is tried with mutants of one agreeing message in so many",
        ).value_as_string
        self._alarms = Alarms(self)
        table_key = add_table_key(self, alias=f"alias/{_NAME}-table", removal=self._removal)
        self._seal_key = add_seal_key(self, alias=f"alias/{_NAME}-seal", removal=self._removal)
        self._tables = Tables(
            records=add_records(self, name=naming.records_table_name(_NAME), key=table_key, removal=self._removal),
            ledger=add_ledger(self, name=naming.ledger_table_name(_NAME), key=table_key, removal=self._removal),
            control=add_control(self, name=naming.control_table_name(_NAME), key=table_key, removal=self._removal),
        )
        self._letters = add_letters(self, name=naming.letters_table_name(_NAME), key=table_key, removal=self._removal)
        claims_name = naming.claim_bucket_name(_NAME, cdk.Aws.ACCOUNT_ID, cdk.Aws.REGION)
        self._claims = add_claims(self, name=claims_name, key=table_key, removal=self._removal)
        self._accept_keys_of_claims(families)
        self._bus = events.EventBus(self, "Events", event_bus_name=naming.event_bus_name(_NAME))
        self._way_back = self._add_way_back()
        channels = [self._add_family(family) for family in families]
        outcomes = self._add_control()
        self._add_judge([one.name for family in families for one in family.types])
        self._add_timekeeper()
        self._add_outlets()
        invalid = self._add_letters([(f.name, c.dead_letters) for f, c in zip(families, channels, strict=True)])
        self._add_bridge([*(channel.queue for channel in channels), outcomes.queue, invalid], families)
        outputs = {
            "SealKeyArn": self._seal_key.key_arn,
            "ControlTableName": self._tables.control.table_name,
            "LettersTableName": self._letters.table_name,
            "EventBusName": self._bus.event_bus_name,
            "ClaimBucketName": self._claims.bucket_name,
        }
        for name, value in outputs.items():
            cdk.CfnOutput(self, name, value=value)

    def _accept_keys_of_claims(self, families: Sequence[Family]) -> None:
        """Say of each wildcard over objects' keys why it is none too much."""
        bucket = self.get_logical_id(self._claims.node.default_child)
        reasons = {
            f"{family.name}/*": "objects have names of their own; a family's are under its" for family in families
        }
        reasons["*"] = "the returner publishes the messages of all families"
        for keys, reason in reasons.items():
            rule = f"AwsSolutions::AwsSolutions-IAM5[Resource::<{bucket}.Arn>/{keys}]"
            cdk.Validations.of(self).acknowledge(cdk.Acknowledgment(id=rule, reason=reason))

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
        # Emptied into the index of dead letters: one that waits there says that this has stopped.
        self._alarms.on_age(f"{label}DeadLetters", channel.dead_letters, dead_letter_name)
        worker = self._add_worker(
            label,
            naming.family_function_name(_NAME, family.name),
            PROCESS_HANDLER,
            process_policy(
                family.name,
                channel,
                self._tables,
                self._seal_key,
                self._way_back.queue,
                self._claims,
                self._webhook_secret_arn,
            ),
            {
                "STRANGLER_FAMILY": family.name,
                "RECORDS_TABLE": self._tables.records.table_name,
                "CONTROL_TABLE": self._tables.control.table_name,
                "QUEUE_URL": channel.queue.queue_url,
                "DEAD_LETTER_QUEUE_URL": channel.dead_letters.queue_url,
                "RETURN_QUEUE_URL": self._way_back.queue.queue_url,
                "WEBHOOK_SECRET_ARN": self._webhook_secret_arn,
                "CLAIM_BUCKET": self._claims.bucket_name,
            },
        )
        worker.consume(channel.queue, most_at_once=self._concurrency)
        return channel

    def _add_control(self) -> Channel:
        name, dead_letter_name = naming.outcome_queue_name(_NAME), naming.outcome_dead_letter_queue_name(_NAME)
        channel = self._add_channel("Outcomes", name, dead_letter_name, ordered=False, receives=OUTCOME_RECEIVES)
        self._alarms.on_content("OutcomesDeadLetters", channel.dead_letters, dead_letter_name)
        worker = self._add_worker(
            "Control",
            naming.control_function_name(_NAME),
            CONTROL_HANDLER,
            control_policy(channel, self._tables.ledger, self._seal_key),
            {},
        )
        worker.consume(channel.queue, most_at_once=self._concurrency)
        return channel

    def _add_way_back(self) -> Channel:
        name, dead_letter_name = naming.return_queue_name(_NAME), naming.return_dead_letter_queue_name(_NAME)
        channel = add_channel(
            self,
            "Return",
            name=name,
            dead_letter_name=dead_letter_name,
            ordered=True,
            receives=RETURN_RECEIVES,
            removal=self._removal,
            retention=RETURN_RETENTION,
        )
        self._watch_channel("Return", channel, name)
        self._alarms.on_age("ReturnDeadLetters", channel.dead_letters, dead_letter_name)
        return channel

    def _add_judge(self, types: Sequence[str]) -> None:
        name = naming.judge_function_name(_NAME)
        failures = self._add_failures("JudgeDeadLetters", naming.judge_dead_letter_queue_name(_NAME))
        policy = judge_policy(self._tables, self._seal_key, failures, types)
        environment = {"CONTROL_TABLE": self._tables.control.table_name, "PROBE_ONE_IN": self._probe_one_in}
        worker = self._add_worker("Judge", name, JUDGE_HANDLER, policy, environment)
        worker.follow(self._tables.ledger, patterns=DUE, batch_size=JUDGE_BATCH, failures=failures)
        self._alarms.on_stream_age("Judge", worker.function, name)
        self._alarms.on_survivors(name)

    def _add_timekeeper(self) -> None:
        name = naming.timekeeper_function_name(_NAME)
        policy = timekeeper_policy(self._tables.ledger)
        worker = self._add_worker(
            "Timekeeper", name, TIMEKEEPER_HANDLER, policy, {"ALLOWED_LATENESS_S": self._lateness_s}
        )
        worker.sweep("Comparisons of which a side has not told in time")
        self._alarms.on_errors("Timekeeper", worker.function, name)
        self._alarms.on_expired(name)
        self._alarms.on_undecided(name)

    def _add_outlets(self) -> None:
        ledger, outlets = self._tables.ledger, Outlets(self._bus, self._way_back.queue, self._letters)
        environment = {
            "EVENT_BUS": self._bus.event_bus_name,
            "RETURN_QUEUE_URL": self._way_back.queue.queue_url,
            "LETTERS_TABLE": self._letters.table_name,
            "WEBHOOK_ORIGIN": self._webhook_origin,
        }
        name = naming.outlet_function_name(_NAME)
        failures = self._add_failures("OutletDeadLetters", naming.outlet_dead_letter_queue_name(_NAME))
        policy = outlet_policy(ledger, self._seal_key, outlets, failures)
        outlet = self._add_worker("Outlet", name, OUTLET_HANDLER, policy, environment)
        outlet.follow(ledger, patterns=PENDING, batch_size=OUTLET_BATCH, failures=failures)
        self._alarms.on_stream_age("Outlet", outlet.function, name)
        name = naming.sweeper_function_name(_NAME)
        policy = sweeper_policy(ledger, self._seal_key, outlets)
        sweeper = self._add_worker("Sweeper", name, SWEEPER_HANDLER, policy, environment)
        sweeper.sweep("What has not left yet, and what is to be tried again")
        self._alarms.on_errors("Sweeper", sweeper.function, name)
        self._alarms.on_overdue(name)
        self._alarms.on_letters("Sweeper", name)

    def _add_letters(self, dead_letters: Sequence[tuple[str, sqs.Queue]]) -> sqs.Queue:
        """Index what was given up on; returns the queue into which the bridge sends what it cannot read."""
        invalid_name, name = naming.invalid_queue_name(_NAME), naming.letters_function_name(_NAME)
        invalid = add_dead_letter_queue(self, "Invalid", name=invalid_name, ordered=False, removal=self._removal)
        self._alarms.on_age("Invalid", invalid, invalid_name)
        cdk.CfnOutput(self, "InvalidQueueUrl", value=invalid.queue_url)
        queues = {family.capitalize(): queue for family, queue in dead_letters}
        queues |= {"Return": self._way_back.dead_letters, "Invalid": invalid}
        policy = letters_policy(list(queues.values()), self._letters, self._seal_key)
        environment = {"LETTERS_TABLE": self._letters.table_name}
        worker = self._add_worker("Letters", name, LETTERS_HANDLER, policy, environment)
        for label, queue in queues.items():
            worker.consume(queue, most_at_once=_LETTERS_AT_ONCE, label=label)
        self._alarms.on_letters("Letters", name)
        return invalid

    def _add_failures(self, label: str, name: str) -> sqs.Queue:
        """A queue for the stretches of a stream that a function gave up on."""
        queue = add_dead_letter_queue(self, label, name=name, ordered=False, removal=self._removal)
        self._alarms.on_content(label, queue, name)
        return queue

    def _add_bridge(self, channels: Sequence[sqs.Queue], families: Sequence[Family]) -> None:
        names = [family.name for family in families]
        self._add_program(
            "Shipper", naming.shipper_role_name(_NAME), "ship", shipper_policy(channels, names, self._claims)
        )
        self._add_program("Router", naming.router_role_name(_NAME), "route", router_policy(names, self._tables))
        back = returner_policy(self._way_back.queue, self._claims)
        self._add_program("Returner", naming.returner_role_name(_NAME), "return", back)

    def _add_program(self, label: str, name: str, does: str, policy: Sequence[iam.PolicyStatement]) -> None:
        """The role of a program of the bridge, outside of AWS or in it."""
        # Which principals may assume it is said by their own policies; that every session names its program, so that
        # the audit trail tells two of them apart, is said here.
        role = iam.Role(
            self,
            label,
            role_name=name,
            description=f"The bridge, strangler bridge {does}",
            assumed_by=iam.PrincipalWithConditions(
                iam.AccountRootPrincipal(), {"StringLike": {"sts:RoleSessionName": f"{label.lower()}-*"}}
            ),
            inline_policies={does: iam.PolicyDocument(statements=list(policy))},
        )
        cdk.CfnOutput(self, f"{label}RoleArn", value=role.role_arn)

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
        self._watch_channel(label, channel, name)
        return channel

    def _watch_channel(self, label: str, channel: Channel, name: str) -> None:
        self._alarms.on_age(label, channel.queue, name)
        cdk.CfnOutput(self, f"{label}QueueUrl", value=channel.queue.queue_url)

    def _add_worker(
        self,
        label: str,
        name: str,
        handler: str,
        policy: Sequence[iam.PolicyStatement],
        environment: dict[str, str],
    ) -> Worker:
        common = {"LEDGER_TABLE": self._tables.ledger.table_name, "SEAL_KEY_ARN": self._seal_key.key_arn}
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
