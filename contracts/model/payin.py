"""payin.create and payin.update: an incoming credit transfer."""

from typing import Any, Literal

from contracts.model.message import First, Model, Notification, Numeric, OpenRecord, Scalar, Text


class Payin(OpenRecord):
    """The transfer."""

    amount: Numeric
    walletId: Text  # noqa: N815  the wire's name
    payinStatus: Literal["PENDING", "VALIDATED", "CANCELED"]  # noqa: N815
    paymentMethodId: Scalar | None = None  # noqa: N815
    codeStatus: Text | None = None  # noqa: N815
    # An update that comes first writes none of these, and they may be anything then: the handler asks when it does.
    userId: Any = None  # noqa: N815
    currency: Any = None
    messageToUser: Any = None  # noqa: N815
    ibanFullname: Any = None  # noqa: N815
    DbtrIBAN: Any = None
    payinDate: Any = None  # noqa: N815
    createdDate: Any = None  # noqa: N815


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
