"""balance.update: a wallet's balance. Unlike everything else of Treezor's, its amounts are JSON numbers."""

from contracts.model.message import EmptyList, First, LocalTime, Model, Notification, Numeric, OpenRecord, Scalar


class Balance(OpenRecord):
    """The balance."""

    currentBalance: Numeric  # noqa: N815  the wire's names
    authorizations: Scalar | EmptyList | None = None
    authorizedBalance: Scalar | None = None  # noqa: N815
    currency: Scalar | None = None
    calculationDate: LocalTime = None  # noqa: N815


class BalancePayload(Model):
    """One balance, in a list."""

    balances: First[Balance]


class BalanceNotification(Notification):
    """balance.update."""

    object_payload: BalancePayload

    @property
    def balance(self) -> Balance:
        """The first and only balance."""
        return self.object_payload.balances[0]
