"""The key of a corpus: a file of 32 random bytes, or a key of KMS. It wraps the corpus' own key, and nothing else.

A key file is one line of text, `strangler-corpus-key-1:` and base64, that only its owner may read. What is wrapped is
an envelope of the AWS Encryption SDK, committing suite, bound to the corpus by its encryption context: so a header
cannot be put before the segments of another corpus, and no second key opens it.
"""

import base64
import hashlib
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from botocore.config import Config

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.private_file import owner_only

if TYPE_CHECKING:
    from aws_encryption_sdk.key_providers.base import MasterKeyProvider

KEY_VARIABLE = "STRANGLER_CORPUS_KEY"
KEY_BYTES = 32
KMS_PREFIX = "kms:"
_PREFIX = "strangler-corpus-key-1:"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_ARN = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/.+")
_PATIENT = Config(connect_timeout=5, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})

Kind = Literal["file", "kms"]


class WrongKeyError(CommandError):
    """The key is not the one that the corpus was sealed with, or cannot be used."""

    def __init__(self, text: str) -> None:
        super().__init__(ExitCode.REFUSED, text)


class KeyUnavailableError(CommandError):
    """There is no such key, it is none, or KMS does not answer."""

    def __init__(self, text: str, code: ExitCode = ExitCode.SETTINGS) -> None:
        super().__init__(code, text)


@dataclass(frozen=True, slots=True)
class CorpusKey:
    """Wraps and unwraps the keys of corpora."""

    kind: Kind
    name: str
    """Safe to show: of a file's key its fingerprint, of KMS' the ARN."""
    _provider: Callable[[], "MasterKeyProvider"] = field(repr=False)

    def wrap(self, corpus: str, secret: bytes) -> bytes:
        """The secret for the header of that corpus. May call KMS. Raises KeyUnavailableError."""
        import aws_encryption_sdk.exceptions as sdk  # noqa: PLC0415  # few commands wait for it
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        from workers.store.sealing import SUITE  # noqa: PLC0415

        try:
            wrapped, _ = _client().encrypt(
                source=secret,
                key_provider=self._provider(),
                algorithm=SUITE,
                encryption_context=_context(corpus),
                frame_length=0,
            )
        except (sdk.GenerateKeyError, sdk.EncryptKeyError, BotoCoreError, ClientError) as error:
            raise KeyUnavailableError(f"{self.name} does not wrap: {_reason(error)}", ExitCode.FAILED) from error
        return bytes(wrapped)

    def unwrap(self, corpus: str, wrapped: bytes) -> bytes:
        """What `wrap` was given. May call KMS. Raises WrongKeyError."""
        from aws_encryption_sdk.exceptions import AWSEncryptionSDKClientError, DecryptKeyError  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        from cryptography.exceptions import InvalidSignature, InvalidTag  # noqa: PLC0415

        try:
            secret, header = _client().decrypt(source=wrapped, key_provider=self._provider())
        except (BotoCoreError, ClientError) as error:
            raise KeyUnavailableError(f"{self.name} does not unwrap: {_reason(error)}", ExitCode.FAILED) from error
        except DecryptKeyError as error:
            if self.kind == "kms":  # the SDK does not say why; that it is another key was found before
                raise KeyUnavailableError(
                    f"KMS does not unwrap with {self.name}, or cannot be reached", ExitCode.FAILED
                ) from error
            raise WrongKeyError(f"{self.name} does not open this corpus") from error
        except (AWSEncryptionSDKClientError, InvalidTag, InvalidSignature, ValueError, OverflowError) as error:
            raise WrongKeyError("the corpus' header was altered: its key cannot be unwrapped") from error
        if any(header.encryption_context.get(name) != value for name, value in _context(corpus).items()):
            raise WrongKeyError("the corpus' header was altered: its key belongs to another corpus")
        return bytes(secret)


def open_key(text: str, *, make: bool = False) -> CorpusKey:
    """The key that `--key` names: `kms:ARN`, or a file. Raises KeyUnavailableError.

    Args:
        text: as on the command line.
        make: whether a file that does not exist yet is made, with a new key.
    """
    if text.startswith(KMS_PREFIX):
        return kms_key(text.removeprefix(KMS_PREFIX))
    path = Path(text)
    if make and not path.exists():
        make_key_file(path)
    return file_key(path)


def make_key_file(path: Path) -> None:
    """Write a new key that only its owner may read. Raises KeyUnavailableError; never writes over a file."""
    line = f"{_PREFIX}{base64.b64encode(os.urandom(KEY_BYTES)).decode()}\n"
    try:
        with open(path, "x", encoding="ascii", opener=owner_only) as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise KeyUnavailableError(
            f"key file {path} cannot be made: {error.strerror or error}", ExitCode.CANNOT_WRITE
        ) from error


def file_key(path: Path) -> CorpusKey:
    """The key of a file. Raises KeyUnavailableError, also where others may read it."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1024)
    except OSError as error:
        raise KeyUnavailableError(f"key file {path} cannot be read: {error.strerror or error}") from error
    if mode & _OTHERS:
        raise KeyUnavailableError(f"key file {path} can be read or written by others: chmod 600 {path}")
    secret = b""
    if text.startswith(_PREFIX.encode()):
        with suppress(ValueError):
            secret = base64.b64decode(text[len(_PREFIX) :].strip(), validate=True)
    if len(secret) != KEY_BYTES:
        raise KeyUnavailableError(
            f"{path} is no key file: expected one line, {_PREFIX} and {KEY_BYTES} bytes in base64"
        )
    fingerprint = hashlib.sha256(_PREFIX.encode() + secret).hexdigest()[:16]
    return CorpusKey("file", fingerprint, lambda: _file_provider(fingerprint, secret))


def kms_key(arn: str) -> CorpusKey:
    """A key of KMS. Raises KeyUnavailableError."""
    if not _ARN.fullmatch(arn):
        raise KeyUnavailableError("expected kms:arn:aws:kms:REGION:ACCOUNT:key/ID, an alias is not enough")

    def provider() -> "MasterKeyProvider":
        from workers.store.sealing import kms_provider  # noqa: PLC0415  # brings the AWS Encryption SDK

        return kms_provider(arn, _PATIENT)

    return CorpusKey("kms", arn, provider)


@cache
def _client() -> Any:
    import aws_encryption_sdk  # noqa: PLC0415

    return aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=aws_encryption_sdk.CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    )


def _file_provider(fingerprint: str, secret: bytes) -> "MasterKeyProvider":
    from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm  # noqa: PLC0415
    from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey  # noqa: PLC0415
    from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider  # noqa: PLC0415

    class FileProvider(RawMasterKeyProvider):  # type: ignore[misc]  # the SDK has no types
        provider_id = "strangler-corpus-key"

        def _get_raw_key(self, _: bytes) -> WrappingKey:
            return WrappingKey(
                wrapping_algorithm=WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
                wrapping_key=secret,
                wrapping_key_type=EncryptionKeyType.SYMMETRIC,
            )

    provider = FileProvider()
    provider.add_master_key(fingerprint)
    return provider


def _context(corpus: str) -> dict[str, str]:
    return {"purpose": "corpus", "corpus": corpus}


def _reason(error: BaseException) -> str:
    """Error code of KMS, which the SDK hides behind its own errors; else what kind of error it is."""
    from botocore.exceptions import ClientError  # noqa: PLC0415

    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ClientError):
        cause = cause.__cause__ or cause.__context__
    return str(cause.response["Error"]["Code"]) if cause is not None else type(error).__name__
