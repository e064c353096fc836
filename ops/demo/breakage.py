"""Seeded bugs: what a naive port gets wrong, put into the functions' package and never into the repository.

They prove that the comparison is alive: each must show as one group that names the field or the effect.
"""

from collections.abc import Sequence
from enum import StrEnum

from infra.package import Patch


class Break(StrEnum):
    """A bug to seed into one handler."""

    CENTS = "cents"
    """Python's `round` instead of PHP's: half a cent goes the other way."""
    LOST_ROW = "lost-row"
    """The journal line of a balance is forgotten."""
    DOUBLE_ROW = "double-row"
    """The journal line of a balance is written twice."""
    SIGNATURE = "signature"
    """A webhook is signed over Python's JSON, slashes mended, instead of over PHP's."""


_BALANCE = "workers/logic/balance.py"
_BALANCE_DECISION = "return Decision((written, journal), (message,), (webhook,))"
_PAYOUT_DECISION = "return Decision((_row(payout, amount, fee, cents, status), journal), (message,), (webhook,))"
_NAIVE_SIGNATURE = f"""import base64, hashlib, hmac, json, msgspec
    signed = json.dumps(json.loads(webhook.body)["object_payload"], separators=(",", ":")).replace("/", "\\\\/")
    digest = hmac.new(context.webhook_secret, signed.encode(), hashlib.sha256).digest()
    headers = {{**webhook.headers, "X-Signature": base64.b64encode(digest).decode()}}
    webhook = msgspec.structs.replace(webhook, headers=headers)
    {_PAYOUT_DECISION}"""

_PATCHES = {
    Break.CENTS: Patch(
        "workers/logic/card_transaction.py",
        "fee = php_round(amount * FOREIGN_FEE_RATE, 2, runtime=MONOLITH) if foreign else 0.0",
        "fee = round(amount * FOREIGN_FEE_RATE, 2) if foreign else 0.0",
    ),
    Break.LOST_ROW: Patch(_BALANCE, _BALANCE_DECISION, "return Decision((written,), (message,), (webhook,))"),
    Break.DOUBLE_ROW: Patch(
        _BALANCE,
        _BALANCE_DECISION,
        'again = Row(journal.table, f"{journal.key}-2", journal.columns)\n'
        "    return Decision((written, journal, again), (message,), (webhook,))",
    ),
    Break.SIGNATURE: Patch("workers/logic/payout.py", _PAYOUT_DECISION, _NAIVE_SIGNATURE),
}


class BreakConflictError(ValueError):
    """Two of the bugs change the same line."""


def patches(breaks: Sequence[Break]) -> tuple[Patch, ...]:
    """What to change in the package. Raises BreakConflictError."""
    chosen: dict[tuple[str, str], Break] = {}
    for one in dict.fromkeys(breaks):
        patch = _PATCHES[one]
        other = chosen.setdefault((patch.file, patch.old), one)
        if other is not one:
            raise BreakConflictError(f"{other.value} and {one.value} break the same line; seed one of them")
    return tuple(_PATCHES[one] for one in chosen.values())
