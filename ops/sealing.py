"""What commands that may open letters are given: the deployment's key, by its alias, used only where needed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.config import Config

from contracts import naming
from ops.session import dynamodb_client, in_plain_words, kms_client

if TYPE_CHECKING:
    from workers.store.letters import LetterStore
    from workers.store.seal import Sealer

_PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})


def open_sealer(stack: str) -> "Sealer":
    """A sealer over the deployment's key. Raises CommandError."""
    from workers.store.sealing import EnvelopeSealer, kms_provider  # noqa: PLC0415  # brings the AWS Encryption SDK

    with in_plain_words(stack):
        # An alias is not enough: what was sealed names the key by its ARN, and no other key may open it.
        arn = kms_client(stack).describe_key(KeyId=f"alias/{stack}-seal")["KeyMetadata"]["Arn"]
    return EnvelopeSealer(kms_provider(arn, _PATIENT))


def letter_contents(stack: str) -> Callable[[], "LetterStore"]:
    """Makes what reads the letters' contents when it is called. Raises CommandError."""

    def make() -> "LetterStore":
        from workers.store.letters import LetterStore  # noqa: PLC0415  # brings the AWS Encryption SDK

        return LetterStore(dynamodb_client(stack), open_sealer(stack), naming.letters_table_name(stack))

    return make
