"""payin.create and payin.update: an incoming credit transfer."""

from typing import Literal

from contracts.model.message import First, LocalDate, LocalTime, Model, Notification, Numeric, OpenRecord, Scalar, Text


class Payin(OpenRecord):
    """The transfer."""

    amount: Numeric
    walletId: Text  # noqa: N815  the wire's name
    payinStatus: Literal["PENDING", "VALIDATED", "CANCELED"]  # noqa: N815
    paymentMethodId: Scalar | None = None  # noqa: N815
    codeStatus: Text | None = None  # noqa: N815
    userId: Text | None = None  # noqa: N815
    currency: Scalar | None = None
    messageToUser: str | None = None  # noqa: N815
    ibanFullname: str | None = None  # noqa: N815
    DbtrIBAN: str | None = None
    payinDate: LocalDate = None  # noqa: N815
    createdDate: LocalTime = None  # noqa: N815


class PayinPayload(Model):
    """One transfer, in a list."""

    payins: First[Payin]


class PayinNotification(Notification):
    """payin.create or payin.update."""

    object_payload: PayinPayload

    @property
    def payin(self) -> Payin:
        """The first and only transfer."""
        return self.object_payload.payins[0]
