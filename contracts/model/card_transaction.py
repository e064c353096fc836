"""cardtransaction.create: a step of a card payment (accepted, settled, reversed)."""

from typing import Any, Literal

from contracts.model.message import EmptyList, First, LocalTime, Model, Notification, Numeric, OpenRecord, Scalar, Text


class CardTransaction(OpenRecord):
    """The payment."""

    paymentAmount: Numeric  # noqa: N815  the wire's names
    walletId: Text  # noqa: N815
    paymentStatus: Literal["I", "A", "M", "C", "S", "V"]  # noqa: N815
    paymentLocalAmount: Any = None  # noqa: N815
    paymentCurrency: Any = None  # noqa: N815
    walletCurrency: Scalar | None = None  # noqa: N815
    publicToken: str | None = None  # noqa: N815
    cardId: Text | None = None  # noqa: N815
    merchantName: str | None = None  # noqa: N815
    merchantCountry: Scalar | EmptyList | None = None  # noqa: N815
    paymentLocalTime: str | None = None  # noqa: N815
    authorizationIssuerTime: LocalTime = None  # noqa: N815


class CardTransactionPayload(Model):
    """One payment, in a list."""

    cardtransactions: First[CardTransaction]


class CardTransactionNotification(Notification):
    """cardtransaction.create."""

    object_payload: CardTransactionPayload

    @property
    def payment(self) -> CardTransaction:
        """The first and only payment."""
        return self.object_payload.cardtransactions[0]
