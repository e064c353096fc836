"""DynamoDB tables: the new system's records, and the ledger with one entry per message."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

VERDICT_INDEX = "verdicts"
"""Index of the ledger: hash `verdict_of` ("type#verdict"), range `judged_at`; never the sealed outcomes."""

_STRING = dynamodb.AttributeType.STRING


def add_records(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> dynamodb.Table:
    """Add the table of records: partition key `pk`, sort key `sk`."""
    return _add_table(scope, "Records", name, key, removal, sort_key=dynamodb.Attribute(name="sk", type=_STRING))


def add_ledger(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> dynamodb.Table:
    """Add the ledger: key `pk` is the message id; its stream carries entries to the judge."""
    ledger = _add_table(
        scope,
        "Ledger",
        name,
        key,
        removal,
        stream=dynamodb.StreamViewType.NEW_IMAGE,
        time_to_live_attribute="expires_at",
    )
    ledger.add_global_secondary_index(
        index_name=VERDICT_INDEX,
        partition_key=dynamodb.Attribute(name="verdict_of", type=_STRING),
        sort_key=dynamodb.Attribute(name="judged_at", type=_STRING),
        projection_type=dynamodb.ProjectionType.INCLUDE,
        non_key_attributes=["groups", "type", "verdict"],
    )
    return ledger


def _add_table(
    scope: Construct,
    label: str,
    name: str,
    key: kms.IKey,
    removal: RemovalPolicy,
    *,
    sort_key: dynamodb.Attribute | None = None,
    stream: dynamodb.StreamViewType | None = None,
    time_to_live_attribute: str | None = None,
) -> dynamodb.Table:
    return dynamodb.Table(
        scope,
        label,
        table_name=name,
        partition_key=dynamodb.Attribute(name="pk", type=_STRING),
        sort_key=sort_key,
        stream=stream,
        time_to_live_attribute=time_to_live_attribute,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=removal is RemovalPolicy.RETAIN,
        removal_policy=removal,
    )
