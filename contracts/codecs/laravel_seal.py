"""Laravel's encryption: AES with the application key, a text in base64 of JSON.

CBC: a mac over iv and value, both as they are in base64. GCM: a tag. Follows Illuminate\\Encryption\\Encrypter of
Laravel 8.83; before 8.x there was no field `tag`.
"""

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.json_body import JsonStyle, read_json, write_json
from contracts.codecs.legacy_message import Seal
from contracts.codecs.php_unserialize import DEFAULT_LIMITS
from contracts.php.text import from_bytes

_PREFIX = "base64:"
_BLOCK_BYTES = 16
_GCM_IV_BYTES = 12
_TAG_BYTES = 16
_STYLE = JsonStyle(unescaped_slashes=True)


class KeyFormatError(ValueError):
    """Not an application key."""


def read_key(text: str) -> bytes:
    """The key of a setting `APP_KEY`: `base64:…`, 16 or 32 bytes. Raises KeyFormatError."""
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True) if text.startswith(_PREFIX) else text.encode()
    except ValueError:  # not ASCII, or not base64
        key = b""
    if len(key) not in (16, 32):
        raise KeyFormatError("expected base64: and 16 or 32 bytes, as in APP_KEY")
    return key


def unseal(text: str, key: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[bytes, Seal]:
    """What was encrypted, and how. Raises DecodeError: `key` if this key does not open it."""
    record = _record(text, limits)
    iv, value = (_binary(record[name]) for name in ("iv", "value"))
    tag = record.get("tag")
    if tag:
        seal = Seal("gcm", iv)
        plain = _open_gcm(iv, value, _binary(tag), key)
    else:
        mac = _mac(record["iv"], record["value"], key)
        if not hmac.compare_digest(mac.encode(), record["mac"].encode("utf-8", "replace")):
            raise DecodeError("key")
        seal = Seal("cbc", iv, tagged=tag is not None)
        plain = _open_cbc(iv, value, key)
    return plain, seal


def seal_again(plain: bytes, seal: Seal, key: bytes) -> str:
    """The text that `unseal` was given."""
    iv, tag, mac = _text(seal.iv), "", ""
    if seal.mode == "gcm":
        sealed = AESGCM(key).encrypt(seal.iv, plain, None)
        value, tag = _text(sealed[:-_TAG_BYTES]), _text(sealed[-_TAG_BYTES:])
    else:
        padding = PKCS7(_BLOCK_BYTES * 8).padder()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(seal.iv)).encryptor()
        value = _text(encryptor.update(padding.update(plain) + padding.finalize()) + encryptor.finalize())
        mac = _mac(iv, value, key)
    record: dict[int | str, Any] = {"iv": iv, "value": value, "mac": mac}
    if seal.tagged:
        record["tag"] = tag
    return _text(write_json(record, _STYLE))


def _record(text: str, limits: Limits) -> dict[int | str, Any]:
    if len(text) > 4 * limits.max_bytes:  # base64 twice
        raise DecodeError("too_large")
    record = read_json(_binary(text), replace(limits, max_bytes=4 * limits.max_bytes), associative=True)
    if not isinstance(record, dict):
        raise DecodeError("not_a_job")
    for name in ("iv", "value", "mac"):
        if not isinstance(record.get(name), str):
            raise DecodeError("not_a_job")
    if not isinstance(record.get("tag", ""), str):
        raise DecodeError("not_a_job")
    return record


def _open_cbc(iv: bytes, value: bytes, key: bytes) -> bytes:
    if len(iv) != _BLOCK_BYTES or len(value) % _BLOCK_BYTES:
        raise DecodeError("not_a_job")
    decryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor()
    padding = PKCS7(_BLOCK_BYTES * 8).unpadder()
    try:
        return padding.update(decryptor.update(value) + decryptor.finalize()) + padding.finalize()
    except ValueError:
        raise DecodeError("key") from None


def _open_gcm(iv: bytes, value: bytes, tag: bytes, key: bytes) -> bytes:
    if len(iv) != _GCM_IV_BYTES or len(tag) != _TAG_BYTES:
        raise DecodeError("not_a_job")
    try:
        return AESGCM(key).decrypt(iv, value + tag, None)
    except InvalidTag:
        raise DecodeError("key") from None


def _mac(iv: str, value: str, key: bytes) -> str:
    return hmac.new(key, (iv + value).encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:  # not ASCII, or not base64
        raise DecodeError("not_a_job") from None


def _text(data: bytes) -> str:
    return from_bytes(base64.b64encode(data))
