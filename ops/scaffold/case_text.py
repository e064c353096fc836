"""The first case of a type, as text: messages of invented values, for the handler that is to come."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from contracts.codecs.legacy import write_message
from contracts.codecs.legacy_message import LegacyMessage
from contracts.message_type import AmqpProperty
from contracts.php.runtime import PHP_8_2
from contracts.php.value import PhpObject
from ops.scaffold.design import Design
from ops.scaffold.invention import Invention

_COMMENT = """\
# Scaffolded: two messages with invented values, one with every field that was seen, one with the fewest. No port
# agrees on them yet, so the case is left out, and says so, until `ported` is taken away. A case that is to stay has a
# title that names its trap, `guide`, `expect` and `put_back`, as the others have.
"""
_JOB = "Illuminate\\Queue\\CallQueuedHandler@call"


def case_text(design: Design) -> str:
    """`case.toml`."""
    name = design.naming.type.replace("\\", "\\\\")
    return f"""{_COMMENT}title = "{name}, first of all"
type = "{name}"
ported = false
"""


def messages_text(design: Design) -> str:
    """`messages.ndjson`."""
    return "".join(f"{line}\n" for line in _lines(design))


def _lines(design: Design) -> Iterator[str]:
    for number, whole in ((1, True), (2, False)):
        one = Invention(design, number, whole=whole)
        head: dict[str, Any] = {"id": str(one.id)}
        if isinstance(design.identity, AmqpProperty):
            head["properties"] = {"message_id": str(one.id), design.identity.name: str(one.id)}
        if design.codec.framework == "symfony-json" and design.codec.class_name:
            head["headers"] = {"type": design.codec.class_name}
        if design.codec.is_json:
            yield json.dumps(head | {"body": one.body()}, ensure_ascii=False, separators=(",", ":"))
        else:
            yield json.dumps(
                head | {"body_base64": base64.b64encode(_body(design, one)).decode()}, separators=(",", ":")
            )


def _body(design: Design, one: Invention) -> bytes:
    codec = design.codec
    place = design.body
    properties: dict[int | str, Any] = dict(one.body().items())
    written = {name: place.written[name] for name in properties if name in place.written}
    payload = PhpObject(codec.class_name or "stdClass", properties, written)
    message = LegacyMessage(codec.framework, codec.class_name, payload)
    if codec.framework == "laravel":
        data = PhpObject("stdClass", {"commandName": codec.class_name, "command": None}) if codec.class_name else None
        message = LegacyMessage(
            "laravel", codec.class_name, payload, job={"job": codec.called or _JOB, "data": data}, attempts=1
        )
    elif codec.framework == "php-serialize" and codec.class_name is None:
        message = LegacyMessage("php-serialize", None, properties)
    return write_message(message, runtime=PHP_8_2).body
