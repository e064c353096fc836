"""S3 through boto3: where the bodies lie that no queue takes."""

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bridge.port import Deposit, SinkUnavailableError
from bridge.sqs import reason
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
        try:
            bucket = self._name()
            self._s3.put_object(Bucket=bucket, Key=deposit.key, Body=deposit.body)
        except (BotoCoreError, ClientError) as error:
            raise SinkUnavailableError(reason(error)) from error
        return bucket

    def fetch(self, claim: Claim) -> bytes:
        """See `ClaimStore.fetch`."""
        try:
            answer = self._s3.get_object(Bucket=self._name(), Key=claim.key)
            if answer["ContentLength"] != claim.size_bytes:
                raise LostClaimError("size")
            return claim.check(answer["Body"].read())
        except self._s3.exceptions.NoSuchKey as error:
            raise LostClaimError("missing") from error
        except (BotoCoreError, ClientError) as error:
            raise SinkUnavailableError(reason(error)) from error

    def _name(self) -> str:
        if self._bucket is None:
            account = self._sts.get_caller_identity()["Account"]
            self._bucket = naming.claim_bucket_name(self._stack, account, self._s3.meta.region_name)
        return self._bucket
