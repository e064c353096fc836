"""Sealing: all personal and secret fields of an item in one envelope, made in the process before the item is written.

AWS Encryption SDK, committing suite without signatures, data keys cached within limits (docs.aws.amazon.com
encryption-sdk, "Setting cache security thresholds"). The encryption context is the same for all items of a tenant's
table, so that the cache can serve; the item's own key stands inside the envelope and is compared after opening, so
that an envelope cannot be moved to another item.
"""

from collections.abc import Mapping
from typing import Any

import aws_encryption_sdk
import botocore.session
import orjson
from aws_encryption_sdk import CommitmentPolicy, StrictAwsKmsMasterKeyProvider
from aws_encryption_sdk.caches.local import LocalCryptoMaterialsCache
from aws_encryption_sdk.exceptions import (
    AWSEncryptionSDKClientError,
    DecryptKeyError,
    EncryptKeyError,
    GenerateKeyError,
)
from aws_encryption_sdk.identifiers import AlgorithmSuite
from aws_encryption_sdk.key_providers.base import MasterKeyProvider
from aws_encryption_sdk.materials_managers.caching import CachingCryptoMaterialsManager
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.loaders import Loader
from cryptography.exceptions import InvalidSignature, InvalidTag

from workers.fate import UnavailableError
from workers.store.seal import BrokenSealError, Purpose, Table

SUITE = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
CACHE_AGE_S = 300.0
CACHE_MESSAGES = 10_000
CACHE_BYTES = 64 * 1024 * 1024
CACHE_KEYS = 500
"""Data keys kept; each table, tenant and purpose has one to seal with, every warm function's key one to open with."""


class EnvelopeSealer:
    """A `Sealer` over the AWS Encryption SDK."""

    def __init__(self, provider: MasterKeyProvider) -> None:
        """Args: provider: wraps data keys; `kms_provider` in production."""
        self._client = aws_encryption_sdk.EncryptionSDKClient(
            commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        )
        self._materials = CachingCryptoMaterialsManager(
            master_key_provider=provider,
            cache=LocalCryptoMaterialsCache(CACHE_KEYS),
            max_age=CACHE_AGE_S,
            max_messages_encrypted=CACHE_MESSAGES,
            max_bytes_encrypted=CACHE_BYTES,
        )

    def seal(self, fields: Mapping[str, Any], *, tenant: str, table: Table, purpose: Purpose, item: str) -> bytes:
        """See `Sealer.seal`."""
        try:
            sealed, _ = self._client.encrypt(
                source=orjson.dumps({"item": item, "fields": dict(fields)}),
                materials_manager=self._materials,
                algorithm=SUITE,
                encryption_context=_context(tenant, table, purpose),
                frame_length=0,
            )
        except (GenerateKeyError, EncryptKeyError, BotoCoreError, ClientError) as error:
            raise UnavailableError(_reason(error)) from error
        return bytes(sealed)

    def open(self, sealed: bytes, *, tenant: str, table: Table, purpose: Purpose, item: str) -> dict[str, Any]:
        """See `Sealer.open`."""
        try:
            opened, header = self._client.decrypt(source=sealed, materials_manager=self._materials)
        except (DecryptKeyError, BotoCoreError, ClientError) as error:
            raise UnavailableError(_reason(error)) from error
        except (AWSEncryptionSDKClientError, InvalidTag, InvalidSignature, ValueError, OverflowError) as error:
            raise BrokenSealError(f"{table}: an envelope cannot be opened") from error
        expected = _context(tenant, table, purpose)
        if any(header.encryption_context.get(name) != value for name, value in expected.items()):
            raise BrokenSealError(f"{table}: an envelope was sealed for another tenant, table or purpose")
        document = orjson.loads(opened)
        if document["item"] != item:
            raise BrokenSealError(f"{table}: an envelope belongs to another item")
        fields: dict[str, Any] = document["fields"]
        return fields


def kms_provider(key_arn: str, config: Config | None = None, loader: Loader | None = None) -> MasterKeyProvider:
    """Wraps data keys with one KMS key; any other key is refused, on opening too.

    `config` bounds a call to KMS. The SDK makes its client itself, with boto3's minute of waiting and five tries, and
    in a session that must be its own: boto3 would enter its handlers into another one a second time. `loader` is that
    of another session: what regions and services there are is then read once for both, a fifth of a first batch.
    """
    session = botocore.session.Session()
    if loader is not None:
        session.register_component("data_loader", loader)
    if config is not None:
        session.set_default_client_config(config)
    return StrictAwsKmsMasterKeyProvider(key_ids=[key_arn], botocore_session=session)


def _reason(error: BaseException) -> str:
    """Error code of the call to KMS, which the SDK hides behind its own errors."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ClientError):
        cause = cause.__cause__ or cause.__context__
    return f"KMS: {cause.response['Error']['Code'] if cause is not None else type(error).__name__}"


def _context(tenant: str, table: Table, purpose: Purpose) -> dict[str, str]:
    return {"tenant": tenant, "table": table, "purpose": purpose}
