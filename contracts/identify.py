"""Who a message is: the identity and the business key that its contract names."""

import msgspec

from contracts.codecs.error import DecodeError
from contracts.envelope import AmqpFacts, is_carriable
from contracts.invalid_message import InvalidMessageError
from contracts.message_type import AmqpProperty, BodyField, MessageType, NormalForm

KEY_LIMIT = 512
"""Longest identity or key that we take, in characters; DynamoDB's keys end at 2,048 bytes."""


class Identity(msgspec.Struct, frozen=True, gc=False):
    """Id and, where it had to be read, business key of one message."""

    id: str
    key: str | None


def identify(message_type: MessageType, body: bytes, facts: AmqpFacts, *, with_key: bool) -> Identity:
    """Read a message's identity and, if asked, its business key. Decodes the body only where it must.

    Raises:
        InvalidMessageError: the body is unreadable, or what is asked for is not in it.
    """
    form: NormalForm | None = None
    if with_key or isinstance(message_type.identity, BodyField):
        try:
            form = message_type.decode(body)
        except DecodeError as error:
            raise InvalidMessageError("unreadable", str(error)) from error
    if isinstance(message_type.identity, AmqpProperty):
        identity = text_of(facts.properties.get(message_type.identity.name))
    else:
        identity = text_of((form or {}).get(message_type.identity.name))
    if identity is None:
        raise InvalidMessageError("id-missing", message_type.identity.name)
    if not with_key:
        return Identity(identity, None)
    return Identity(identity, business_key(message_type, form or {}))


def business_key(message_type: MessageType, form: NormalForm) -> str:
    """The business key in a decoded body. Raises InvalidMessageError."""
    key = text_of(form.get(message_type.business_key.name))
    if key is None:
        raise InvalidMessageError("key-missing", message_type.business_key.name)
    return key


def text_of(value: object) -> str | None:
    """An identity as text: producers write ids as texts or integers. None for anything else, empty or too long.

    None also for bytes that are no UTF-8 and for control characters: neither channel nor table would take them.
    """
    if type(value) is str:
        text = value
    elif isinstance(value, bool) or not isinstance(value, str | int):
        return None
    else:
        text = str(value)
    return text if 0 < len(text) <= KEY_LIMIT and is_carriable(text) else None
