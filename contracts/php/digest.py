"""Digests of PHP's bytes: `crc32`, `md5`, `sha1`, and signatures of webhooks.

A signature is the base64 of an HMAC-SHA256, over the bytes that PHP's json_encode makes of the payload.
"""

import base64
import hashlib
import hmac
import zlib
from typing import Any

from contracts.php.json import json_encode
from contracts.php.text import from_bytes, to_bytes


def crc32(text: str) -> int:
    """`crc32`: never negative on 64 bits, as Python's `zlib.crc32`; `hash('crc32')` is another one."""
    return zlib.crc32(to_bytes(text))


def md5(text: str, *, binary: bool = False) -> str:
    """`md5`: lower case digits, or with `binary` 16 bytes, as a text like any other."""
    return _shown(hashlib.md5(to_bytes(text), usedforsecurity=False), binary=binary)


def sha1(text: str, *, binary: bool = False) -> str:
    """`sha1`: lower case digits, or with `binary` 20 bytes."""
    return _shown(hashlib.sha1(to_bytes(text), usedforsecurity=False), binary=binary)


def webhook_signature(secret: str | bytes, payload: Any) -> str:
    """`base64_encode(hash_hmac('sha256', json_encode($payload), $secret, true))`.

    Raises `contracts.php.json.JsonError` for a payload that PHP cannot encode (and so could not have signed).
    """
    return signature_of(secret, json_encode(payload).encode())


def signature_of(secret: str | bytes, body: bytes) -> str:
    """`base64_encode(hash_hmac('sha256', $body, $secret, true))`: over bytes that are there already."""
    key = to_bytes(secret) if isinstance(secret, str) else secret
    return base64.b64encode(hmac.digest(key, body, hashlib.sha256)).decode("ascii")


def is_signed(secret: str | bytes, body: bytes, signature: str) -> bool:
    """Whether the signature is that of these bytes; takes the same time whatever is wrong."""
    return hmac.compare_digest(signature_of(secret, body).encode(), signature.encode("utf-8", "surrogateescape"))


def _shown(digest: "hashlib._Hash", *, binary: bool) -> str:
    return from_bytes(digest.digest()) if binary else digest.hexdigest()
