from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.entry import Layout
from bridge.port import Entry

_Compose = Callable[
    [
        Layout,
        bytes,  # body
        str | bytes,  # routing key
        Mapping[str, Any],  # properties
        bytes,  # headers, as JSON
        str,  # id
        str | None,  # subject
        str | None,  # datacontenttype
        str | None,  # traceparent
        str,  # time
        str | None,  # group
        str | None,  # deduplication
    ],
    Entry | None,
]
_WriteBatch = Callable[[bytes, Sequence[Entry]], bytes]

def bind(entry: type[Entry], most_bytes: int, /) -> tuple[_Compose, _WriteBatch]: ...
