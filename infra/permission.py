"""What each role may do, statement by statement; nothing here ends in a wildcard but the streams of a log group.

Each function returns the whole policy of one role. They are held against reviewed copies in
`tests/infra/golden/policy-*.json`, and against denials in the embedded AWS.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from infra.channel import Channel
from infra.key import SEALED, TENANTS

_SEAL = "kms:GenerateDataKey"
_OPEN = "kms:Decrypt"


def process_policy(
    channel: Channel, records: dynamodb.Table, ledger: dynamodb.Table, seal_key: kms.IKey, webhook_secret_arn: str
) -> Sequence[iam.PolicyStatement]:
    """A family's function: take from its queue, read and write records and ledger, seal, give up."""
    return (
        _consume(channel.queue),
        _allow("DelayRetry", ["sqs:ChangeMessageVisibility"], channel.queue.queue_arn),
        _allow("GiveUp", ["sqs:SendMessage"], channel.dead_letters.queue_arn),
        # A transaction is authorised as the single actions in it.
        _allow("Records", ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], records.table_arn),
        _allow("Ledger", ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], ledger.table_arn),
        _with_key("SealRecords", [_OPEN, _SEAL], seal_key, "records"),
        _with_key("SealOutcomes", [_SEAL], seal_key, "ledger"),
        _allow("SignWebhooks", ["secretsmanager:GetSecretValue"], webhook_secret_arn),
    )


def control_policy(channel: Channel, ledger: dynamodb.Table, seal_key: kms.IKey) -> Sequence[iam.PolicyStatement]:
    """The control function: take the monolith's outcomes, note them sealed in the ledger."""
    return (
        _consume(channel.queue),
        _allow("Ledger", ["dynamodb:UpdateItem"], ledger.table_arn),
        _with_key("SealOutcomes", [_SEAL], seal_key, "ledger"),
    )


def judge_policy(ledger: dynamodb.Table, seal_key: kms.IKey, failures: sqs.Queue) -> Sequence[iam.PolicyStatement]:
    """The judge: follow the ledger's stream, open both outcomes, write the verdict."""
    stream = ledger.table_stream_arn
    if stream is None:
        raise ValueError("the ledger has no stream to judge from")
    return (
        _allow(
            "FollowLedger",
            # DynamoDB developer guide, "IAM policy to allow a Lambda function to access DynamoDB stream records".
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
            stream,
        ),
        _allow("Ledger", ["dynamodb:UpdateItem"], ledger.table_arn),
        _with_key("OpenOutcomes", [_OPEN], seal_key, "ledger"),
        _allow("GiveUp", ["sqs:SendMessage"], failures.queue_arn),
    )


def shipper_policy(queues: Sequence[sqs.Queue]) -> Sequence[iam.PolicyStatement]:
    """The bridge's shipper: send to the channels. SendMessageBatch needs no more than SendMessage."""
    return (_allow("Ship", ["sqs:GetQueueUrl", "sqs:SendMessage"], *(queue.queue_arn for queue in queues)),)


def log_policy(log_group: logs.ILogGroup) -> iam.PolicyStatement:
    """Every function: write into its own log group."""
    # LogGroup.log_group_arn ends in ":*", which is how a group's streams are written.
    return _allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn)


def _consume(queue: sqs.Queue) -> iam.PolicyStatement:
    # What an event source mapping does in the function's name.
    return _allow("Consume", ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], queue.queue_arn)


def _with_key(sid: str, actions: Sequence[str], seal_key: kms.IKey, table: str) -> iam.PolicyStatement:
    context = {"tenant": list(TENANTS), "table": table, "purpose": SEALED[table]}
    return _allow(
        sid,
        actions,
        seal_key.key_arn,
        conditions={"StringEquals": {f"kms:EncryptionContext:{key}": value for key, value in context.items()}},
    )


def _allow(
    sid: str, actions: Sequence[str], *resources: str, conditions: Mapping[str, object] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=list(actions), resources=list(resources), conditions=conditions)
