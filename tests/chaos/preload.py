"""Read by the fork server once, so that a process of the bridge begins in milliseconds."""

import boto3

import bridge.__main__  # noqa: F401  # its imports are the point

for _service in ("sqs", "dynamodb", "s3", "sts"):
    # What it reads of the service's description stays with the session.
    boto3.client(_service, region_name="eu-west-1", aws_access_key_id="preload", aws_secret_access_key="preload")
