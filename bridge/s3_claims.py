"""S3 through boto3: where the bodies lie that no queue takes."""

from typing import TYPE_CHECKING

from bridge.aws_answer import asking, genuine
from bridge.port import Deposit, SinkUnavailableError
from contracts import naming
from contracts.claim import Claim, LostClaimError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient


class S3Claims:
    """A `ClaimStore` over the deployment's bucket."""

    def __init__(self, s3: "S3Client", sts: "STSClient", stack: str, bucket: str | None = None) -> None:
        """Args: bucket: its name; None to make it of stack, account and region once it is needed."""
        self._s3 = s3
        self._sts = sts
        self._stack = stack
        self._bucket = bucket

    def put(self, deposit: Deposit) -> str:
        """See `ClaimStore.put`."""
        bucket = self._name()
        with asking("PutObject", SinkUnavailableError):
            genuine(self._s3.put_object(Bucket=bucket, Key=deposit.key, Body=deposit.body))
        return bucket

    def fetch(self, claim: Claim) -> bytes:
        """See `ClaimStore.fetch`."""
        bucket = self._name()
        with asking("GetObject", SinkUnavailableError):
            try:
                answer = genuine(self._s3.get_object(Bucket=bucket, Key=claim.key))
            except self._s3.exceptions.NoSuchKey as error:
                raise LostClaimError("missing") from error
            if answer["ContentLength"] != claim.size_bytes:
                raise LostClaimError("size")
            body = answer["Body"].read()
        return claim.check(body)

    def _name(self) -> str:
        if self._bucket is None:
            with asking("GetCallerIdentity", SinkUnavailableError):
                account = genuine(self._sts.get_caller_identity())["Account"]
            self._bucket = naming.claim_bucket_name(self._stack, account, self._s3.meta.region_name)
        return self._bucket
