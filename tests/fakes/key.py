"""Master keys without KMS: one that a test holds itself, and one that is refused."""

from typing import NoReturn

from aws_encryption_sdk.exceptions import DecryptKeyError, GenerateKeyError
from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.base import MasterKeyProvider
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider
from botocore.exceptions import ClientError

from workers.store.sealing import EnvelopeSealer


class _StaticProvider(RawMasterKeyProvider):  # type: ignore[misc]  # the SDK has no types
    provider_id = "static"

    def _get_raw_key(self, key_id: bytes) -> WrappingKey:
        return WrappingKey(
            wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
            wrapping_key=key_id.ljust(32, b"."),
            wrapping_key_type=EncryptionKeyType.SYMMETRIC,
        )


class _RefusingProvider(RawMasterKeyProvider):  # type: ignore[misc]  # the SDK has no types
    """Answers as `StrictAwsKmsMasterKeyProvider` does when KMS refuses."""

    provider_id = "static"

    def _get_raw_key(self, key_id: bytes) -> NoReturn:
        raise NotImplementedError

    def master_keys_for_encryption(self, *_: object, **__: object) -> NoReturn:
        throttled = ClientError(
            {"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GenerateDataKey"
        )
        raise GenerateKeyError("Master Key unable to generate data key") from throttled

    def decrypt_data_key_from_list(self, *_: object, **__: object) -> NoReturn:
        raise DecryptKeyError("Unable to decrypt any data key")  # the SDK keeps no cause here


def static_keys(name: str = "key") -> MasterKeyProvider:
    """Wraps data keys with a key made of its name."""
    provider = _StaticProvider()
    provider.add_master_key(name)
    return provider


def static_sealer(name: str = "key") -> EnvelopeSealer:
    """The real sealer over a static key."""
    return EnvelopeSealer(static_keys(name))


def refused_sealer() -> EnvelopeSealer:
    """The real sealer, to which KMS refuses every key."""
    return EnvelopeSealer(_RefusingProvider())
