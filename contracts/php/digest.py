"""Signatures of webhooks: base64 of an HMAC-SHA256, over the bytes that PHP's json_encode makes of the payload."""

import base64
import hashlib
import hmac
from typing import Any

from contracts.php.json import json_encode
from contracts.php.text import to_bytes


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
