"""Clients of AWS's services, and what seals with one of its keys."""

from functools import cache
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from workers.store.seal import Sealer

# What is wrong with a request the service says as well: that botocore looks first was a fifth of a message's CPU.
_TRUSTING = Config(parameter_validation=False)
# Short: a message that waits for a service is better off in its queue than in a function that times out.
USUAL = _TRUSTING.merge(
    Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
)
# Of S3, whose parameters are parts of a path: an empty key would ask for the bucket.
CAREFUL = USUAL.merge(Config(parameter_validation=True))
# For what nothing hangs on: a batch of verdicts that are written is held up by it for two seconds at most.
HASTY = _TRUSTING.merge(Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1}))


def make(service: str, config: Config = USUAL) -> Any:
    """A client; two cannot be made side by side."""
    return _boto3_session().client(service, config=config)  # type: ignore[call-overload]


def sealer(key_arn: str) -> Sealer:
    """What seals and opens with a key of KMS.

    Brings the AWS Encryption SDK, a sixth of a cold import, with the first batch instead of before it. That moves the
    cost; it saves none but for an instance that gets no batch.
    """
    from workers.store.sealing import EnvelopeSealer, kms_provider  # noqa: PLC0415

    return EnvelopeSealer(kms_provider(key_arn, USUAL, _session().get_component("data_loader")))


@cache
def _boto3_session() -> boto3.Session:
    return boto3.Session(botocore_session=_session())


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()
