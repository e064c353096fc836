"""What makes a message unreadable for us: a closed list of causes, and no text that could quote the message."""

from typing import Literal

Cause = Literal[
    "unknown-type",  # no contract for this exchange and routing key
    "unreadable",  # the type's codec cannot decode the body
    "id-missing",  # the contract's identity is not there, or is no text
    "key-missing",  # an ordered type without its business key
    "stamp-missing",  # in a queue of the router, without its stamp
    "too-large",  # over the channel's limit
]


class InvalidMessageError(ValueError):
    """A message that goes to the Invalid Message Channel."""

    def __init__(self, cause: Cause, detail: str = "") -> None:
        """Args: detail: where and what, free of the message's values (a codec's error code and position)."""
        self.code: Cause = cause
        self.cause = f"{cause}:{detail}" if detail else cause
        super().__init__(self.cause)
