"""DynamoDB tables: the new system's records, the ledger with one entry per message, what is decided about authority,
and the index of dead letters.
"""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

VERDICT_INDEX = "verdicts"
"""Index of the ledger: hash `verdict_of` ("type#verdict"), range `judged_at`; never the sealed outcomes."""

OUTLET_INDEX = "outlets"
"""Sparse index of the ledger: hash `outlet_of` (family), range `due_at`; entries whose effects have not all left."""

STAMPED_INDEX = "stamped"
"""Sparse index of the ledger: hash `stamped` ("family#epoch"), range `processed_at`; what new had authority over."""

AWAITED_INDEX = "awaited"
"""Sparse index of the ledger: hash `awaited_of` (type), range `awaited_since`; comparisons that wait for a side."""

LETTER_INDEX = "open"
"""Index of the letters: hash `state`, range `last_seen`; all that may be looked at, never the sealed message."""

_STAMPED = ("business_key", "control_final", "sequence", "type")

# DynamoDB takes at most 20 of them (API reference, Projection); what an index leaves out can never be shown by it.
_LETTER = (
    "attempts",
    "authority",
    "body_digest",
    "business_key",
    "cause",
    "count",
    "effect",
    "expires_at",
    "family",
    "fingerprint",
    "fingerprints",
    "first_seen",
    "message_id",
    "queue",
    "run",
    "source",
    "stamp_epoch",
    "tenant",
    "type",
)

_STRING = dynamodb.AttributeType.STRING


def add_records(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> dynamodb.Table:
    """Add the table of records: partition key `pk`, sort key `sk`."""
    return _add_table(scope, "Records", name, key, removal, sort_key=dynamodb.Attribute(name="sk", type=_STRING))


def add_ledger(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> dynamodb.Table:
    """Add the ledger: key `pk` is the message id; its stream carries entries to the judge and to the outlet.

    Two functions follow it, which is as many as a stream's shard should have readers (DynamoDB developer guide, "Change
    data capture for DynamoDB Streams"): a third has to follow one of them.
    """
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
        non_key_attributes=["groups", "rules", "type", "verdict"],
    )
    ledger.add_global_secondary_index(
        index_name=OUTLET_INDEX,
        partition_key=dynamodb.Attribute(name="outlet_of", type=_STRING),
        sort_key=dynamodb.Attribute(name="due_at", type=_STRING),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
    ledger.add_global_secondary_index(
        index_name=STAMPED_INDEX,
        partition_key=dynamodb.Attribute(name="stamped", type=_STRING),
        sort_key=dynamodb.Attribute(name="processed_at", type=_STRING),
        projection_type=dynamodb.ProjectionType.INCLUDE,
        non_key_attributes=list(_STAMPED),
    )
    ledger.add_global_secondary_index(
        index_name=AWAITED_INDEX,
        partition_key=dynamodb.Attribute(name="awaited_of", type=_STRING),
        sort_key=dynamodb.Attribute(name="awaited_since", type=_STRING),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
    return ledger


def add_control(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> dynamodb.Table:
    """Add the control table: authority, routers, replay runs and the audit chain; keys `pk` and `sk`."""
    return _add_table(
        scope,
        "ControlTable",
        name,
        key,
        removal,
        sort_key=dynamodb.Attribute(name="sk", type=_STRING),
        time_to_live_attribute="expires_at",
    )


def add_letters(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> dynamodb.Table:
    """Add the index of dead letters: key `pk` is the letter's id. Only what is resolved ever expires."""
    letters = _add_table(scope, "LetterTable", name, key, removal, time_to_live_attribute="expires_at")
    letters.add_global_secondary_index(
        index_name=LETTER_INDEX,
        partition_key=dynamodb.Attribute(name="state", type=_STRING),
        sort_key=dynamodb.Attribute(name="last_seen", type=_STRING),
        projection_type=dynamodb.ProjectionType.INCLUDE,
        non_key_attributes=list(_LETTER),
    )
    return letters


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
