"""S3 as a worker sees it: bodies that no queue takes, and which of them nobody needs any more."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contracts.claim import FINISHED_TAG, Claim, LostClaimError
from workers.aws_error import unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Claims:
    """`Claims` over the deployment's bucket."""

    def __init__(self, connect: Callable[[], "S3Client"], bucket: str) -> None:
        """A store that has no client yet: most functions never need one, and it costs a cold start.

        Args:
            connect: makes a client.
            bucket: its name. Whatever a message says of a bucket is for others.
        """
        self._connect = connect
        self._bucket = bucket

    @cached_property
    def _client(self) -> "S3Client":
        return self._connect()

    def fetch(self, claim: Claim) -> bytes:
        """See `Claims.fetch`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=claim.key)
            if answer["ContentLength"] != claim.size_bytes:  # before it is read: it could be of any size
                raise LostClaimError("size")
            return claim.check(answer["Body"].read())
        except self._client.exceptions.NoSuchKey as error:
            raise LostClaimError("missing") from error
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error

    def finish(self, claim: Claim) -> None:
        """See `Claims.finish`.

        A lifecycle rule counts from an object's creation, which may be long ago: only a copy onto itself begins anew,
        and S3 refuses one that replaces neither metadata nor encryption (user guide, "Setting object expiration"; API
        reference, CopyObject).
        """
        try:
            self._client.copy_object(
                Bucket=self._bucket,
                Key=claim.key,
                CopySource={"Bucket": self._bucket, "Key": claim.key},
                MetadataDirective="REPLACE",
                TaggingDirective="REPLACE",
                Tagging="=".join(FINISHED_TAG),
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
