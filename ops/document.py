"""Results as JSON documents: their fields by name, and what can be computed from them where a script wants it."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

import msgspec


def document(value: Any) -> Any:
    """What JSON knows of a result: dataclasses are objects, properties included; enumerations their values."""
    if (names := _fields(value)) is not None:
        names += [name for name, member in vars(type(value)).items() if isinstance(member, property)]
        return {name: document(getattr(value, name)) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(document(key)): document(item) for key, item in value.items()}
    if isinstance(value, list | tuple | frozenset | set):
        return [document(item) for item in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    return value


def _fields(value: Any) -> list[str] | None:
    """The names of a record's fields; None of what is none."""
    if isinstance(value, msgspec.Struct):
        return list(value.__struct_fields__)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [field.name for field in dataclasses.fields(value)]
    return None
