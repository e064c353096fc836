"""payout.update: the monolith's own message about an outgoing transfer, as Symfony Messenger serialises it."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from contracts.codecs.error import DecodeError
from contracts.codecs.php_unserialize import PhpEnum, PhpObject
from contracts.codecs.symfony import decode_symfony
from contracts.message_type import NormalForm
from contracts.model.message import FilledText, Model

CLASS = "App\\Message\\PayoutUpdate"
_STATUSES = {"Pending": "PENDING", "Validated": "VALIDATED", "Canceled": "CANCELED"}
"""Of the enum: its cases by name, which is what is serialised and has to be met exactly, and what backs them."""


def decode_payout_update(body: bytes) -> NormalForm:
    """The message object's properties. Raises DecodeError, where the envelope holds another class too."""
    message = decode_symfony(body)
    if message.class_name != CLASS:
        raise DecodeError("name")
    return message.properties


def _case(value: object) -> object:
    if not isinstance(value, PhpEnum) or value.class_name != "App\\Message\\PayoutStatus":
        raise ValueError("expected a PayoutStatus")
    if value.case not in _STATUSES:
        raise ValueError("expected a case of PayoutStatus")
    return _STATUSES[value.case]


def _date(value: object) -> object:
    if not isinstance(value, PhpObject) or value.class_name != "DateTimeImmutable":
        raise ValueError("expected a DateTimeImmutable")
    return value.properties


class SerializedDate(Model):
    """A DateTimeImmutable as PHP serialises it."""

    date: str
    """Wall clock with microseconds."""
    timezone_type: Literal[1, 2, 3]
    """1 offset, 2 abbreviation, 3 identifier."""
    timezone: str


class PayoutUpdate(Model):
    """The message object. Types are those of its typed properties: PHP refuses anything else."""

    webhookId: FilledText  # noqa: N815  the wire's names
    payoutId: FilledText  # noqa: N815
    walletId: str  # noqa: N815
    amount: str
    currency: str
    status: Annotated[Literal["PENDING", "VALIDATED", "CANCELED"], BeforeValidator(_case)]
    partnerFee: float  # noqa: N815
    beneficiaryName: str  # noqa: N815
    bankaccountIBAN: str  # noqa: N815
    label: str | None
    createdDate: Annotated[SerializedDate, BeforeValidator(_date)]  # noqa: N815
    occurredAt: int  # noqa: N815
    """1e-4 s since 1970."""
    tags: list[Any] | dict[int | str, Any] = Field(default_factory=list)
    """Missing in messages that are older than the property: PHP gives it the default of its class."""
