"""Dead letters as their index knows them: who a letter is, what it looks like from outside, and what it keeps.

The same message that is given up on again is the same letter, counted once more. Only what is in the sealed content
can be personal; everything else is there to be listed, grouped and searched.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Literal, get_args

from contracts.veiled import Veiled

Source = Literal["sqs", "invalid", "return"]
"""`sqs`: the Dead Letter Channel of a family. `invalid`: the Invalid Message Channel on RabbitMQ. `return`: the dead
letters of the way back to RabbitMQ."""

State = Literal["open", "replaying", "resolved"]

GAVE_UP = "gave-up"
"""Cause of what SQS itself redrove: the function crashed or timed out every time."""
WEBHOOK_UNDELIVERABLE = "webhook-undeliverable"
"""Cause of a webhook that its receiver would not take for days."""
RETURN_UNDELIVERABLE = "return-undeliverable"
"""Cause of what RabbitMQ would not take back, however often it was tried."""

STATES: tuple[State, ...] = get_args(State)

_DIGITS = re.compile(r"\d+")


class MalformedLetterError(ValueError):
    """The sealed content of a letter cannot be read. Never quotes it."""


class LetterContent(Veiled, frozen=True):
    """What a letter keeps sealed: the message as it lay in its queue."""

    HIDDEN = ("body", "attributes")

    body: str
    """Body of the SQS message as it came; how it is to be read is said by the attribute `envelope`; from the
    Invalid Message Channel by `contracts.parked`, from the way back by `contracts.return_message`."""
    attributes: Mapping[str, str]
    """Message attributes, without the cause."""
    group: str | None
    """FIFO message group; None from a standard queue."""


def letter_id(source: Source, message_id: str | None, body_digest: str) -> str:
    """Id of the letter: 32 hexadecimal digits. `body_digest` is `contracts.effect.body_digest` of the legacy body."""
    return hashlib.sha256(f"{source}|{message_id or ''}|{body_digest}".encode()).hexdigest()[:32]


def fingerprint(type_name: str | None, cause: str) -> str:
    """What equal failures have in common: 16 hexadecimal digits of type and cause, its numbers left out."""
    return hashlib.sha256(f"{type_name or ''}|{fold_digits(cause)}".encode()).hexdigest()[:16]


def fold_digits(cause: str) -> str:
    """A cause without its numbers: `model:payins.17.amount` and `model:payins.3.amount` are one fault."""
    return _DIGITS.sub("#", cause)


def write_content(content: LetterContent) -> str:
    """JSON of the content, to be sealed."""
    document = {"body": content.body, "attributes": dict(content.attributes), "group": content.group}
    return json.dumps(document, separators=(",", ":"))


def read_content(text: str) -> LetterContent:
    """Read what `write_content` wrote. Raises MalformedLetterError."""
    try:
        document = json.loads(text)
        body, attributes, group = document["body"], document["attributes"], document["group"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MalformedLetterError(f"letter: {type(error).__name__}") from error
    if not isinstance(body, str) or not isinstance(attributes, dict) or not isinstance(group, str | None):
        raise MalformedLetterError("letter: body, attributes or group of another type")
    if not all(isinstance(value, str) for value in attributes.values()):
        raise MalformedLetterError("letter: attributes: expected texts")
    return LetterContent(body, attributes, group)
