"""Which codec reads a type's messages, and what it makes of them: the same functions that the contract will name."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.codecs.error import DecodeError
from contracts.codecs.json_body import decode_json
from contracts.codecs.legacy import read_message
from contracts.codecs.legacy_message import Framework, LegacyMessage, SealedPayload
from contracts.codecs.message_object import job_object, serialized_object, symfony_object
from contracts.php.value import PHP_CLASS, PhpObject

Form = Mapping[Any, Any]
_CLASS = re.compile(PHP_CLASS)


class NoCodecError(ValueError):
    """No codec of ours reads these messages. Says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Codec:
    """How a type's messages are written."""

    framework: Framework
    class_name: str | None = None
    """Of the message object; None where it is none."""
    called: str | None = None
    """Laravel: what the job's record calls."""
    decode: Callable[[bytes], Form] = field(repr=False, compare=False, default=decode_json)

    @property
    def is_json(self) -> bool:
        """Whether the body is a JSON object, and nothing around it."""
        return self.framework in ("json", "symfony-json")


def recognise(messages: Iterable[tuple[bytes, Mapping[str, Any]]]) -> Codec:
    """The codec that most messages are written in. Raises NoCodecError.

    Args:
        messages: bodies, each with its AMQP headers.
    """
    seen: Counter[tuple[Framework, str | None, str | None]] = Counter()
    unreadable: Counter[str] = Counter()
    sealed = 0
    for body, headers in messages:
        try:
            message = read_message(body, headers)
        except DecodeError as error:
            unreadable[error.code] += 1
            continue
        if isinstance(message.payload, SealedPayload):
            sealed += 1
        elif isinstance(message.payload, PhpObject | dict):
            seen[message.framework, _class(message), _called(message)] += 1
    if not seen:
        if sealed:
            raise NoCodecError("its messages are encrypted jobs of Laravel's: no contract holds their key")
        why = f": {unreadable.most_common(1)[0][0]}" if unreadable else ": none of them is an object"
        raise NoCodecError(f"no codec reads its messages{why} (`strangler types inspect` says more of one)")
    framework, class_name, called = max(seen, key=lambda one: (seen[one], str(one)))
    return Codec(framework, class_name, called, _decoder(framework, class_name))


def _class(message: LegacyMessage) -> str | None:
    if message.framework == "symfony-json":
        return message.name if message.name and _CLASS.fullmatch(message.name) else None
    payload = message.payload
    if message.framework == "json" or not isinstance(payload, PhpObject) or payload.class_name == "stdClass":
        return None
    return payload.class_name


def _called(message: LegacyMessage) -> str | None:
    called = message.job.get("job")
    return called if isinstance(called, str) else None


def _decoder(framework: Framework, class_name: str | None) -> Callable[[bytes], Form]:
    match framework:
        case "symfony-php":
            return lambda body: symfony_object(body, class_name or "")
        case "laravel":
            return lambda body: job_object(body, class_name)
        case "php-serialize":
            return lambda body: serialized_object(body, class_name)
        case "json" | "symfony-json":
            return decode_json
