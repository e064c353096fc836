"""The S3 bucket of bodies that no queue takes: kept while their message may need them, and 60 days after."""

from aws_cdk import Acknowledgment, Duration, RemovalPolicy, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts.claim import FINISHED_TAG

FINISHED_FOR = Duration.days(60)
"""As long as a resolved dead letter. Counted from the copy onto itself with which a worker marks the object."""

_ACCEPTED = {
    "AwsSolutions::AwsSolutions-S1": "its keys tell nothing; a trail of data events is for the whole account",
}


def add_claims(scope: Construct, *, name: str, key: kms.IKey, removal: RemovalPolicy) -> s3.Bucket:
    """Add the bucket. Only what is tagged as finished ever expires."""
    tag, value = FINISHED_TAG
    # No versions: an object is only ever replaced by the same bytes, and what has expired is to be gone.
    bucket = s3.Bucket(
        scope,
        "Claims",
        bucket_name=name,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(id="Finished", tag_filters={tag: value}, expiration=FINISHED_FOR),
            s3.LifecycleRule(id="Begun", abort_incomplete_multipart_upload_after=Duration.days(1)),
        ],
        removal_policy=removal,
    )
    Validations.of(bucket).acknowledge(*(Acknowledgment(id=rule, reason=why) for rule, why in _ACCEPTED.items()))
    return bucket
