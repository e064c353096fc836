"""What each role may do, statement by statement; nothing here ends in a wildcard but the streams of a log group.

Each function returns the whole policy of one role. They are held against reviewed copies in
`tests/infra/golden/policy-*.json`, and against denials in the embedded AWS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs

from infra.channel import Channel
from infra.key import SEALED, TENANTS
from infra.table import AWAITED_INDEX, OUTLET_INDEX

AUTHORITY = "authority#"
"""Beginning of the partition keys under which the control table has what is decided about a family."""

LIVENESS = "liveness#"
"""Beginning of the partition keys under which the judge counts what became of mutants, by type."""

ROUTER = "router#"
"""Beginning of the partition keys under which routers say how far they are."""

# What a router asks the ledger: which sides have ended a message. Not whose message it was, nor what became of it.
_ENDINGS = ("authority", "candidate_ending", "control_final", "pk", "stale")

_SEAL = "kms:GenerateDataKey"
_OPEN = "kms:Decrypt"


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables that more than one role works on."""

    records: dynamodb.Table
    ledger: dynamodb.Table
    control: dynamodb.Table


@dataclass(frozen=True, slots=True)
class Outlets:
    """Where effects leave to; webhooks need no permission."""

    bus: events.EventBus
    way_back: sqs.Queue
    letters: dynamodb.Table
    """Where a webhook is given up to that no receiver takes."""


def process_policy(
    family: str,
    channel: Channel,
    tables: Tables,
    seal_key: kms.IKey,
    way_back: sqs.Queue,
    claims: s3.Bucket,
    webhook_secret_arn: str,
) -> Sequence[iam.PolicyStatement]:
    """A family's function: take from its queue, see whether authority has moved, write records and ledger, give up."""
    return (
        _consume(channel.queue),
        _allow("DelayRetry", ["sqs:ChangeMessageVisibility"], channel.queue.queue_arn),
        _allow("GiveUp", ["sqs:SendMessage"], channel.dead_letters.queue_arn),
        _allow("Hold", ["sqs:SendMessage"], way_back.queue_arn),
        # A transaction is authorised as the single actions in it.
        _allow(
            "Records", ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"], tables.records.table_arn
        ),
        _allow("Ledger", ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], tables.ledger.table_arn),
        _allow(
            "Authority", ["dynamodb:BatchGetItem"], tables.control.table_arn, conditions=_keys(f"{AUTHORITY}{family}")
        ),
        _with_key("SealRecords", [_OPEN, _SEAL], seal_key, "records"),
        _with_key("SealOutcomes", [_SEAL], seal_key, "ledger"),
        _allow("SignWebhooks", ["secretsmanager:GetSecretValue"], webhook_secret_arn),
        *_fetch_claims(claims, f"{family}/*"),
        # An object is marked as finished by a copy onto itself; from anywhere else nothing can be put here.
        _allow(
            "FinishClaims",
            ["s3:PutObject"],
            claims.arn_for_objects(f"{family}/*"),
            conditions={"StringLike": {"s3:x-amz-copy-source": f"{claims.bucket_name}/{family}/*"}},
        ),
        _allow("TagClaims", ["s3:PutObjectTagging"], claims.arn_for_objects(f"{family}/*")),
    )


def control_policy(channel: Channel, ledger: dynamodb.Table, seal_key: kms.IKey) -> Sequence[iam.PolicyStatement]:
    """The control function: take the monolith's outcomes, note them sealed in the ledger."""
    return (
        _consume(channel.queue),
        _allow("Ledger", ["dynamodb:UpdateItem"], ledger.table_arn),
        _with_key("SealOutcomes", [_SEAL], seal_key, "ledger"),
    )


def judge_policy(
    tables: Tables, seal_key: kms.IKey, failures: sqs.Queue, types: Sequence[str]
) -> Sequence[iam.PolicyStatement]:
    """The judge: follow the ledger's stream, open both outcomes, write the verdict; add up what mutants show."""
    ledger = tables.ledger
    return (
        _follow(ledger),
        _allow("Ledger", ["dynamodb:UpdateItem"], ledger.table_arn),
        _allow(
            "CountMutants",
            ["dynamodb:UpdateItem"],
            tables.control.table_arn,
            conditions=_keys(*(f"{LIVENESS}{name}" for name in types)),
        ),
        _with_key("OpenOutcomes", [_OPEN], seal_key, "ledger"),
        _allow("GiveUp", ["sqs:SendMessage"], failures.queue_arn),
    )


def timekeeper_policy(ledger: dynamodb.Table) -> Sequence[iam.PolicyStatement]:
    """The timekeeper: find what is overdue, see which sides have told, write the verdict. It opens nothing."""
    return (
        _allow("FindOverdue", ["dynamodb:Query"], f"{ledger.table_arn}/index/{AWAITED_INDEX}"),
        _allow("Ledger", ["dynamodb:GetItem", "dynamodb:UpdateItem"], ledger.table_arn),
    )


def outlet_policy(
    ledger: dynamodb.Table, seal_key: kms.IKey, outlets: Outlets, failures: sqs.Queue
) -> Sequence[iam.PolicyStatement]:
    """The outlet: follow the ledger's stream, open outcomes, let their effects leave, note what has left."""
    return (
        _follow(ledger),
        *_let_leave(ledger, seal_key, outlets),
        _allow("GiveUpStretch", ["sqs:SendMessage"], failures.queue_arn),
    )


def sweeper_policy(ledger: dynamodb.Table, seal_key: kms.IKey, outlets: Outlets) -> Sequence[iam.PolicyStatement]:
    """The sweeper: find effects that are due, and do with them as the outlet does."""
    return (
        _allow("FindDue", ["dynamodb:Query"], f"{ledger.table_arn}/index/{OUTLET_INDEX}"),
        *_let_leave(ledger, seal_key, outlets),
    )


def letters_policy(
    queues: Sequence[sqs.Queue], letters: dynamodb.Table, seal_key: kms.IKey
) -> Sequence[iam.PolicyStatement]:
    """The letters function: empty the queues of what was given up on into the index, sealed."""
    return (_consume(*queues), *_index_letters(letters, seal_key))


def shipper_policy(
    queues: Sequence[sqs.Queue], families: Sequence[str], claims: s3.Bucket
) -> Sequence[iam.PolicyStatement]:
    """The bridge's shipper: send to the channels, deposit what is large.

    SendMessageBatch needs no more than SendMessage.
    """
    return (
        _allow("Ship", ["sqs:GetQueueUrl", "sqs:SendMessage"], *(queue.queue_arn for queue in queues)),
        _allow("Deposit", ["s3:PutObject"], *(claims.arn_for_objects(f"{family}/*") for family in families)),
    )


def router_policy(families: Sequence[str], tables: Tables) -> Sequence[iam.PolicyStatement]:
    """The bridge's router: read what is decided, say how far it is, ask which sides have ended a message."""
    return (
        _allow(
            "Authority",
            ["dynamodb:GetItem"],
            tables.control.table_arn,
            conditions=_keys(*(f"{AUTHORITY}{family}" for family in families)),
        ),
        _allow(
            "Report",
            ["dynamodb:DeleteItem", "dynamodb:PutItem"],
            tables.control.table_arn,
            conditions=_keys(*(f"{ROUTER}{family}" for family in families)),
        ),
        _allow(
            "Endings",
            ["dynamodb:BatchGetItem"],
            tables.ledger.table_arn,
            # A request that names no attributes would get them all (DynamoDB developer guide, "Using IAM policy
            # conditions for fine-grained access control").
            conditions={
                **_only("dynamodb:Attributes", _ENDINGS),
                "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
            },
        ),
    )


def returner_policy(way_back: sqs.Queue, claims: s3.Bucket) -> Sequence[iam.PolicyStatement]:
    """The bridge's way back: take what is to be published to RabbitMQ, large bodies from where they lie."""
    return (
        _allow(
            "TakeBack",
            ["sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
            way_back.queue_arn,
        ),
        *_fetch_claims(claims, "*"),
    )


def log_policy(log_group: logs.ILogGroup) -> iam.PolicyStatement:
    """Every function: write into its own log group."""
    # LogGroup.log_group_arn ends in ":*", which is how a group's streams are written.
    return _allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn)


def _consume(*queues: sqs.Queue) -> iam.PolicyStatement:
    # What an event source mapping does in the function's name.
    actions = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    return _allow("Consume", actions, *(queue.queue_arn for queue in queues))


def _follow(ledger: dynamodb.Table) -> iam.PolicyStatement:
    stream = ledger.table_stream_arn
    if stream is None:
        raise ValueError("the ledger has no stream to follow")
    # DynamoDB developer guide, "IAM policy to allow a Lambda function to access DynamoDB stream records".
    actions = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"]
    return _allow("FollowLedger", actions, stream)


def _let_leave(ledger: dynamodb.Table, seal_key: kms.IKey, outlets: Outlets) -> Sequence[iam.PolicyStatement]:
    """What the outlet and the sweeper share, for they do the same with an entry."""
    return (
        # Read anew before sending: the stream's image may be hours old.
        _allow("Ledger", ["dynamodb:GetItem", "dynamodb:UpdateItem"], ledger.table_arn),
        _with_key("OpenOutcomes", [_OPEN], seal_key, "ledger"),
        _allow("TellEvents", ["events:PutEvents"], outlets.bus.event_bus_arn),
        _allow("SendBack", ["sqs:SendMessage"], outlets.way_back.queue_arn),
        *_index_letters(outlets.letters, seal_key),
    )


def _index_letters(letters: dynamodb.Table, seal_key: kms.IKey) -> Sequence[iam.PolicyStatement]:
    return (
        _allow("Letters", ["dynamodb:UpdateItem"], letters.table_arn),
        _with_key("SealLetters", [_SEAL], seal_key, "letters"),
    )


def _fetch_claims(claims: s3.Bucket, keys: str) -> Sequence[iam.PolicyStatement]:
    return (
        _allow("FetchClaims", ["s3:GetObject"], claims.arn_for_objects(keys)),
        # Without it S3 calls an object that is not there forbidden (API reference, GetObject): what is lost for good
        # could not be told from what is only refused. Keys tell nothing of a message.
        _allow("MissClaims", ["s3:ListBucket"], claims.bucket_arn),
    )


def _keys(*values: str) -> Mapping[str, object]:
    """Only items of these partitions."""
    return _only("dynamodb:LeadingKeys", values)


def _only(key: str, values: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
    # "For all values" is also true of none (IAM user guide, "Multivalued context keys"), hence the second condition.
    return {"ForAllValues:StringEquals": {key: list(values)}, "Null": {key: "false"}}


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
