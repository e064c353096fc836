"""Lambda functions: the same package for all, each with its own role, log group and source of events."""

import json
from collections.abc import Mapping, Sequence

from aws_cdk import Acknowledgment, Aws, Duration, RemovalPolicy, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.permission import log_policy

_TIMEOUT = Duration.seconds(30)
_MEMORY_MIB = 512
_LOG_RETENTION = logs.RetentionDays.THREE_MONTHS
_BATCH_SIZE = 10
_SWEEP = Duration.minutes(1)
_STREAM_SHARES = 4

# Age, not attempts, bounds what the judge repeats: an outage burns any number of attempts within minutes. The stream
# itself forgets after 24 h, so there is time to look at what was sent to the destination for failures.
_STREAM_MAX_AGE = Duration.hours(12)

# A message is due when both sides' outcomes are there, when only the new side was meant to act and has, when its id
# came with other bytes, or when it was a copy that came too late. "exists" works on leaves only (Lambda developer
# guide, "Event filtering"), hence the types.
DUE: Sequence[Mapping[str, object]] = (
    {
        "dynamodb": {
            "NewImage": {
                "comparison": {"S": ["due"]},
                "candidate": {"B": [{"exists": True}]},
                "control_seen": {"S": ["yes"]},
            }
        }
    },
    {
        "dynamodb": {
            "NewImage": {
                "comparison": {"S": ["due"]},
                "candidate": {"B": [{"exists": True}]},
                "authority": {"S": ["new"]},
            }
        }
    },
    {"dynamodb": {"NewImage": {"comparison": {"S": ["due"]}, "conflict": {"BOOL": [True]}}}},
    {"dynamodb": {"NewImage": {"comparison": {"S": ["due"]}, "stale": {"BOOL": [True]}}}},
)

PENDING: Sequence[Mapping[str, object]] = ({"dynamodb": {"NewImage": {"outlet": {"S": ["pending"]}}}},)
"""Entries with effects that have never been tried. Those that wait for another try are the sweeper's."""

JUDGE_BATCH = 100
OUTLET_BATCH = 20
"""Fewer, for each may wait for the receiver of a webhook, and all have to fit into the function's time."""

# What cdk-nag finds in every function here, and why it stays.
_NEXT_SWEEP = "what a sweep misses the next one finds, a minute later; an alarm rings where none succeeds"
_NOT_LATEST = "pyproject.toml's ceiling; AWS supports it until 2029-06"
_ACCEPTED = {
    "AwsSolutions::AwsSolutions-L1": _NOT_LATEST,
    "Serverless::Serverless-LambdaLatestVersion": _NOT_LATEST,
    "Serverless::Serverless-EventBusDLQ": _NEXT_SWEEP,
    "Serverless::Serverless-LambdaAsyncFailureDestination": _NEXT_SWEEP,
    "Serverless::Serverless-LambdaDLQ": "a target for asynchronous invocations, of which there are only sweeps",
    "Serverless::Serverless-LambdaEventSourceMappingDestination": "a queue's failures go to its own dead-letter queue",
    "Serverless::Serverless-LambdaTracing": "costs 0.8 s a cold start; the ledger tells a message's times",
}


class Worker(Construct):  # type: ignore[misc]  # CDK's own types are not followed, see pyproject.toml
    """A function with its role and log group."""

    def __init__(
        self,
        scope: Construct,
        label: str,
        *,
        name: str,
        handler: str,
        code: lambda_.Code,
        environment: Mapping[str, str],
        policy: Sequence[iam.PolicyStatement],
        removal: RemovalPolicy,
    ) -> None:
        super().__init__(scope, label)
        Validations.of(self).acknowledge(*(Acknowledgment(id=rule, reason=why) for rule, why in _ACCEPTED.items()))
        log_group = logs.LogGroup(
            self, "Log", log_group_name=f"/aws/lambda/{name}", retention=_LOG_RETENTION, removal_policy=removal
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"Function {name}",
            inline_policies={"function": iam.PolicyDocument(statements=[log_policy(log_group), *policy])},
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=handler,
            code=code,
            timeout=_TIMEOUT,
            memory_size=_MEMORY_MIB,
            role=self.role,
            log_group=log_group,
            environment={
                **environment,
                "POWERTOOLS_SERVICE_NAME": name.removeprefix(f"{Aws.STACK_NAME}-"),
                # So that an alarm of one deployment does not ring for another one's.
                "POWERTOOLS_METRICS_NAMESPACE": Aws.STACK_NAME,
                "LOG_LEVEL": "INFO",
            },
        )

    def consume(self, queue: sqs.Queue, *, most_at_once: float, label: str = "Messages") -> None:
        """Invoke with batches of a queue's messages; the function says which of them failed."""
        lambda_.CfnEventSourceMapping(
            self,
            label,
            event_source_arn=queue.queue_arn,
            function_name=self.function.function_name,
            batch_size=_BATCH_SIZE,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=most_at_once),
        )

    def follow(
        self, table: dynamodb.Table, *, patterns: Sequence[Mapping[str, object]], batch_size: int, failures: sqs.Queue
    ) -> None:
        """Invoke with batches of a table's changes that meet one of the patterns, from the stream's beginning."""
        mapping = lambda_.CfnEventSourceMapping
        mapping(
            self,
            "Changes",
            event_source_arn=table.table_stream_arn,
            function_name=self.function.function_name,
            starting_position="TRIM_HORIZON",
            batch_size=batch_size,
            parallelization_factor=_STREAM_SHARES,
            bisect_batch_on_function_error=True,
            maximum_record_age_in_seconds=_STREAM_MAX_AGE.to_seconds(),
            function_response_types=["ReportBatchItemFailures"],
            filter_criteria=mapping.FilterCriteriaProperty(
                filters=[
                    mapping.FilterProperty(pattern=json.dumps(pattern, separators=(",", ":"))) for pattern in patterns
                ]
            ),
            destination_config=mapping.DestinationConfigProperty(
                on_failure=mapping.OnFailureProperty(destination=failures.queue_arn)
            ),
        )

    def sweep(self, what: str) -> None:
        """Invoke every minute. A run that fails is not repeated: the next one does its work. Args: what: it is for."""
        lambda_.CfnEventInvokeConfig(
            self,
            "Once",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_retry_attempts=0,
            maximum_event_age_in_seconds=_SWEEP.to_seconds(),
        )
        events.Rule(
            self,
            "EveryMinute",
            description=what,
            schedule=events.Schedule.rate(_SWEEP),
            targets=[targets.LambdaFunction(self.function, retry_attempts=0)],
        )
