"""Jobs of Laravel's queue: a JSON record around the serialised job, which may be encrypted.

The record's fields differ from version to version, and anything may add to them; they are kept in their order. Attempts
are counted in the AMQP header `laravel` (package vladimir-yuldashev/laravel-queue-rabbitmq).
"""

import re
from collections.abc import Mapping
from typing import Any

from contracts.codecs.error import DecodeError, EncodeError, Limits
from contracts.codecs.json_body import read_json, style_of, write_json
from contracts.codecs.laravel_seal import seal_again, unseal
from contracts.codecs.legacy_message import EncodedMessage, LegacyMessage, Seal, SealedPayload
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import DEFAULT_LIMITS, php_unserialize
from contracts.php.runtime import PhpRuntime
from contracts.php.text import from_bytes, to_bytes
from contracts.php.value import PHP_CLASS, PHP_NAME, PhpObject

HEADER = "laravel"
_COMMAND = "command"
_CALLED = re.compile(rf"{PHP_CLASS}(?:@{PHP_NAME})?")


def is_job(document: Any) -> bool:
    """Whether a JSON document is a job's record: with data, and a job that is a class or one of its methods (`C@m`)."""
    if not isinstance(document, PhpObject) or "data" not in document.properties:
        return False
    called = document.properties.get("job")
    return isinstance(called, str) and _CALLED.fullmatch(called) is not None


def read_job(
    body: bytes, headers: Mapping[str, Any], *, key: bytes | None = None, limits: Limits = DEFAULT_LIMITS
) -> LegacyMessage:
    """Any job's message. Raises `DecodeError` only; within the job's own text, positions are in that.

    Args:
        body: the JSON record.
        headers: AMQP's.
        key: the application key, see `laravel_seal.read_key`; without it, encrypted jobs stay sealed.
        limits: what may be spent on it.
    """
    document = read_json(body, limits)
    if not is_job(document):
        raise DecodeError("not_a_job")
    return job_of(document, body, headers, key=key, limits=limits)


def job_of(
    document: PhpObject, body: bytes, headers: Mapping[str, Any], *, key: bytes | None, limits: Limits
) -> LegacyMessage:
    """As `read_job`, of a record that was decoded already, and `is_job`."""
    record = dict(document.properties)
    data, called = record["data"], record["job"]
    seal: Seal | None = None
    if isinstance(data, PhpObject) and isinstance(data.properties.get(_COMMAND), str):
        payload, seal = _command(data.properties[_COMMAND], key, limits)
        record["data"] = PhpObject(data.class_name, {**data.properties, _COMMAND: None})
        name = data.properties.get("commandName")
        if isinstance(payload, PhpObject):
            name = payload.class_name
    else:
        payload, record["data"] = data, None
        name = called.partition("@")[0]
    return LegacyMessage(
        "laravel",
        name if isinstance(name, str) else None,
        payload,
        body=body,
        headers=headers,
        job=record,
        attempts=_attempts(headers) + 1,
        style=style_of(body),
        seal=seal,
    )


def write_job(message: LegacyMessage, *, runtime: PhpRuntime, key: bytes | None = None) -> EncodedMessage:
    """The message as Laravel would publish it. Raises EncodeError, for a sealed one without its key, too.

    Args: as those of `write_message`.
    """
    record = dict(message.job)
    data = record.get("data")
    if isinstance(data, PhpObject) and _COMMAND in data.properties:
        text = _written(message, key, runtime)
        record["data"] = PhpObject(data.class_name, {**data.properties, _COMMAND: text})
    else:
        record["data"] = message.payload
    body = write_json(PhpObject("stdClass", record), message.style, serialize_precision=runtime.serialize_precision)
    headers = dict(message.headers)
    if message.attempts is not None and message.attempts - 1 != _attempts(headers):
        counted = headers.get(HEADER)
        headers[HEADER] = {**(counted if isinstance(counted, Mapping) else {}), "attempts": message.attempts - 1}
    return EncodedMessage(body, headers)


def _command(text: str, key: bytes | None, limits: Limits) -> tuple[Any, Seal | None]:
    seal: Seal | None = None
    if not text.startswith("O:"):
        if key is None:
            return SealedPayload(text), None
        plain, seal = unseal(text, key, limits)
        inner = php_unserialize(plain, limits)
        if not isinstance(inner, str):
            raise DecodeError("not_a_job")
        text = inner
    payload = php_unserialize(to_bytes(text), limits, references="keep")
    if not isinstance(payload, PhpObject):
        raise DecodeError("not_a_job")
    return payload, seal


def _written(message: LegacyMessage, key: bytes | None, runtime: PhpRuntime) -> str:
    if isinstance(message.payload, SealedPayload):
        return message.payload.text
    command = php_serialize(message.payload, serialize_precision=runtime.serialize_precision)
    if message.seal is None:
        return from_bytes(command)
    if key is None:
        raise EncodeError("the job was encrypted: its key is needed")
    return seal_again(php_serialize(command), message.seal, key)


def _attempts(headers: Mapping[str, Any]) -> int:
    """Attempts before this one."""
    counted = headers.get(HEADER)
    attempts = counted.get("attempts") if isinstance(counted, Mapping) else None
    return max(attempts, 0) if type(attempts) is int else 0
