"""AMQP field values with their types, as JSON: so that an equal AMQP message can be made from the envelope again.

A value becomes a pair of the AMQP type's letter (rabbitmq.com/amqp-0-9-1-errata, "Field types") and what JSON can hold:
`["S","text"]`, `["x","<base64>"]`, `["D","1.50"]`, `["T",1700000000]`, `["A",[...]]`, `["F",{...}]`. The AMQP library
tells 64-bit integers (`l`) from narrower ones, which all become `I`, and floats (`d`).
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Tagged = list[Any]


class UnknownAmqpTypeError(ValueError):
    """A value, or a tagged value, has no AMQP type that we know."""


def tag(value: object) -> Tagged:
    """Tag one AMQP field value. Raises `UnknownAmqpTypeError`."""
    if value is None:
        return ["V"]
    if isinstance(value, bool):
        return ["t", value]
    if isinstance(value, int):
        narrow = type(value) is int and -(2**31) <= value < 2**31
        return ["I" if narrow else "l", int(value)]
    if isinstance(value, float):
        return ["d", value.hex()]
    if isinstance(value, str):
        return ["S", value]
    if isinstance(value, bytes | bytearray):
        return ["x", base64.b64encode(value).decode()]
    if isinstance(value, Decimal):
        return ["D", str(value)]
    if isinstance(value, datetime):
        # AMQP times are seconds since the epoch; the library hands them out without a zone, in UTC.
        return ["T", int((value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp())]
    if isinstance(value, Mapping):
        return ["F", tag_table(value)]
    if isinstance(value, list | tuple):
        return ["A", [tag(item) for item in value]]
    raise UnknownAmqpTypeError(f"AMQP header of type {type(value).__name__}: no AMQP 0-9-1 field type for it")


def tag_table(table: Mapping[Any, Any]) -> dict[str, Tagged]:
    """Tag every value of a header table. Names that are no UTF-8 are refused: AMQP asks for text."""
    tagged = {}
    for name, value in table.items():
        if not isinstance(name, str):
            raise UnknownAmqpTypeError("AMQP header name is not UTF-8")
        tagged[name] = tag(value)
    return tagged


def untag(tagged: Tagged) -> Any:
    """The value that `tag` was given, as a Python value. Raises `UnknownAmqpTypeError`."""
    letter = tagged[0]
    value: Any = tagged[1] if len(tagged) > 1 else None
    if letter in ("V", "t", "I", "l", "S"):
        return value
    if letter == "d":
        return float.fromhex(value)
    if letter == "x":
        return base64.b64decode(value, validate=True)
    if letter == "D":
        return Decimal(value)
    if letter == "T":
        return datetime.fromtimestamp(value, UTC)
    if letter == "F":
        return untag_table(value)
    if letter == "A":
        return [untag(item) for item in value]
    raise UnknownAmqpTypeError(f"tagged AMQP value of type {letter!r}: unknown")


def untag_table(tagged: Mapping[str, Tagged]) -> dict[str, Any]:
    """The table that `tag_table` was given."""
    return {name: untag(value) for name, value in tagged.items()}
