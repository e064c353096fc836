"""One message as SQS is handed it: its true size, its checksums, and whether SQS would take it. Pure.

Sizes, numbers and characters: SQS developer guide, "Amazon SQS message quotas"; API reference, SendMessageBatch.
Checksums: developer guide, "Calculating the MD5 message digest for message attributes".
"""

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_BYTES = 1_048_576
MOST_ATTRIBUTES = 10
_REFUSED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"(?!(?:aws|amazon)\.)[A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)*", re.IGNORECASE)
_ATTRIBUTE_TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
_TOKEN = re.compile(r"[\x21-\x7e]{1,128}")
"""Group and deduplication ids: up to 128 letters, digits and punctuation marks."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a batch, or the one of SendMessage."""

    id: str
    body: str = field(repr=False)
    attributes: Mapping[str, Mapping[str, Any]] = field(repr=False, default_factory=dict)
    group: str | None = None
    deduplication: str | None = None

    @property
    def size_bytes(self) -> int:
        """Body and attributes, each with name, type and value."""
        size = len(_bytes(self.body))
        for name, value in self.attributes.items():
            size += len(_bytes(name)) + len(_bytes(value.get("DataType", ""))) + len(_value(value))
        return size

    @property
    def texts(self) -> Mapping[str, str]:
        """Attributes that are texts or numbers."""
        return {name: one["StringValue"] for name, one in self.attributes.items() if "StringValue" in one}


@dataclass(frozen=True, slots=True)
class Objection:
    """Why SQS does not take an entry."""

    code: str
    message: str


def read_entry(document: Mapping[str, Any]) -> Entry:
    """An entry of the JSON protocol. Raises KeyError, TypeError."""
    return Entry(
        document.get("Id", ""),
        document.get("MessageBody", ""),
        document.get("MessageAttributes") or {},
        document.get("MessageGroupId"),
        document.get("MessageDeduplicationId"),
    )


def object_to(entry: Entry, *, fifo: bool, by_content: bool) -> Objection | None:
    """What SQS has against an entry of a queue; None if it takes it."""
    if not entry.body:
        return Objection("MissingParameter", "The request must contain the parameter MessageBody.")
    if _REFUSED.search(entry.body):
        return Objection("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA …")
    return _object_to_attributes(entry.attributes) or _object_to_order(entry, fifo=fifo, by_content=by_content)


def body_checksum(entry: Entry) -> str:
    """MD5OfMessageBody."""
    return hashlib.md5(entry.body.encode()).hexdigest()


def attribute_checksum(entry: Entry) -> str | None:
    """MD5OfMessageAttributes; None without attributes."""
    if not entry.attributes:
        return None
    digest = hashlib.md5()
    for name in sorted(entry.attributes):
        value = entry.attributes[name]
        kind = value["DataType"]
        for piece in (name.encode(), kind.encode()):
            digest.update(struct.pack("!I", len(piece)) + piece)
        data = _value(value)
        digest.update((b"\x02" if kind.startswith("Binary") else b"\x01") + struct.pack("!I", len(data)) + data)
    return digest.hexdigest()


def _object_to_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> Objection | None:
    if len(attributes) > MOST_ATTRIBUTES:
        return _invalid(f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [10].")
    for name, value in attributes.items():
        kind = value.get("DataType", "")
        if len(name) > 256 or not _ATTRIBUTE_NAME.fullmatch(name):
            return _invalid("A message attribute name is not valid.")
        if not _ATTRIBUTE_TYPE.fullmatch(kind) or len(kind) > 256:
            return _invalid(f"The message attribute '{name}' has an invalid message attribute type.")
        text = value.get("StringValue")
        if kind.startswith("Binary") == (text is not None) or not _value(value):
            return _invalid(f"The message attribute '{name}' must contain a non-empty value of its type.")
        if text is not None and _REFUSED.search(text):
            return _invalid(f"The value of message attribute '{name}' has invalid characters.")
    return None


def _object_to_order(entry: Entry, *, fifo: bool, by_content: bool) -> Objection | None:
    for name, token in (("MessageGroupId", entry.group), ("MessageDeduplicationId", entry.deduplication)):
        if token is not None and not _TOKEN.fullmatch(token):
            return _invalid(f"Value for parameter {name} is invalid.")
    if not fifo:
        if entry.deduplication is not None:
            return _invalid("MessageDeduplicationId is not valid for this queue type.")
        return None
    if entry.group is None:
        return Objection("MissingParameter", "The request must contain the parameter MessageGroupId.")
    if entry.deduplication is None and not by_content:
        return _invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId given"
        )
    return None


def _invalid(message: str) -> Objection:
    return Objection("InvalidParameterValue", message)


def _value(value: Mapping[str, Any]) -> bytes:
    if "StringValue" in value:
        return _bytes(value["StringValue"])
    try:
        return base64.b64decode(value.get("BinaryValue", ""), validate=True)
    except binascii.Error:
        return b""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
