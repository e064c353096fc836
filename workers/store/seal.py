"""The port of sealing: what asks for it need not bring the AWS Encryption SDK, which `workers.store.sealing` does."""

from collections.abc import Mapping
from typing import Any, Literal, Protocol

Table = Literal["records", "ledger", "letters"]
Purpose = Literal["record", "outcome", "letter"]


class BrokenSealError(Exception):
    """An envelope was altered, moved, or sealed for another table or tenant. Never retried: it stays what it is."""


class Sealer(Protocol):
    """Seals and opens. May block for a call to KMS; raises UnavailableError where KMS refuses."""

    def seal(self, fields: Mapping[str, Any], *, tenant: str, table: Table, purpose: Purpose, item: str) -> bytes:
        """One envelope of all fields, bound to the item."""

    def open(self, sealed: bytes, *, tenant: str, table: Table, purpose: Purpose, item: str) -> dict[str, Any]:
        """The fields again. Raises BrokenSealError where the envelope belongs to anything else."""
