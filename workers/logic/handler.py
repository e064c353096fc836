"""What a handler is: which rows it reads, and what it decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.logic.decision import Context, Decision, Row, RowKey


@dataclass(frozen=True, slots=True)
class Handler:
    """The ported handler of one message type. Pure."""

    reads: Callable[[Any], tuple[RowKey, ...]]
    """Rows that the decision rests on; all of the message's own business key."""
    decide: Callable[[Any, Mapping[RowKey, Row], Context], Decision]
    """Raises RejectedMessageError where the monolith would refuse the message."""
