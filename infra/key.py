"""KMS keys: one under tables and claims, one that the workers seal with. Both policies say more than "the account
may".
"""

from aws_cdk import Aws, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

TENANTS = ("default",)
"""Values of the encryption context's `tenant`."""

SEALED = {"letters": "letter", "ledger": "outcome", "records": "record"}
"""Logical table to the purpose of what is sealed in it: the encryption context's `table` and `purpose`."""

_WAITING_PERIOD = Duration.days(30)

# Administration without CreateGrant and without any use of the key: who administers cannot read.
_ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:Describe*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:Get*",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)


def add_table_key(scope: Construct, *, alias: str, removal: RemovalPolicy) -> kms.Key:
    """Add the key under all tables and claims: usable through DynamoDB and S3 only, by whoever may use table or bucket.

    The statement is the one that AWS puts on its own `aws/dynamodb` key, and with fewer actions on `aws/s3`; no role of
    ours needs a word about this key.
    """
    through_services = iam.PolicyStatement(
        sid="UseThroughServices",
        principals=[iam.AnyPrincipal()],
        actions=[
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        resources=["*"],
        conditions={
            "StringEquals": {
                "kms:CallerAccount": Aws.ACCOUNT_ID,
                "kms:ViaService": [f"{name}.{Aws.REGION}.{Aws.URL_SUFFIX}" for name in ("dynamodb", "s3")],
            }
        },
    )
    return _add_key(scope, "TableKey", alias, "Tables and claims at rest", through_services, removal)


def add_seal_key(scope: Construct, *, alias: str, removal: RemovalPolicy) -> kms.Key:
    """Add the key that workers seal personal and secret fields with.

    Who may use it is said by the roles; that nobody uses it without the whole encryption context, not even an
    administrator by mistake, is said here.
    """
    with_context = iam.PolicyStatement(
        sid="UseWithEncryptionContext",
        principals=[iam.AccountRootPrincipal()],
        actions=["kms:Decrypt", "kms:GenerateDataKey"],
        resources=["*"],
        conditions={
            "StringEquals": {
                "kms:EncryptionContext:tenant": list(TENANTS),
                "kms:EncryptionContext:table": sorted(SEALED),
                "kms:EncryptionContext:purpose": sorted(SEALED.values()),
            }
        },
    )
    return _add_key(scope, "SealKey", alias, "Personal and secret fields, sealed in the workers", with_context, removal)


def _add_key(
    scope: Construct, label: str, alias: str, description: str, use: iam.PolicyStatement, removal: RemovalPolicy
) -> kms.Key:
    administration = iam.PolicyStatement(
        sid="AdministerOnly",
        principals=[iam.AccountRootPrincipal()],
        actions=list(_ADMINISTRATION),
        resources=["*"],
    )
    return kms.Key(
        scope,
        label,
        alias=alias,
        description=description,
        enable_key_rotation=True,
        pending_window=_WAITING_PERIOD,
        policy=iam.PolicyDocument(statements=[administration, use]),
        removal_policy=removal,
    )
