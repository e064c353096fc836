"""Which handler has been ported for which message type."""

from collections.abc import Mapping

from workers.logic import balance, card_transaction, payin, payout
from workers.logic.handler import Handler

HANDLERS: Mapping[str, Handler] = {
    "payin.create": payin.HANDLER,
    "payin.update": payin.HANDLER,
    "payout.update": payout.HANDLER,
    "cardtransaction.create": card_transaction.HANDLER,
    "balance.update": balance.HANDLER,
}
