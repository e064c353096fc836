"""Reads the new side's records of a family as rows, opened. What they hold is compared and never shown but masked."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.effect import Effect
from contracts.message_type import Family
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import in_plain_words
from workers.fate import UnavailableError
from workers.logic.decision import Decision
from workers.store.attribute import read_row
from workers.store.seal import BrokenSealError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from workers.store.seal import Sealer


class Records:
    """The records of one deployment, read only."""

    def __init__(self, client: "DynamoDBClient", stack: str, sealer: Callable[[], "Sealer"]) -> None:
        """Args: sealer: made when it is first needed."""
        self._client = client
        self._stack = stack
        self._make = sealer
        self._sealer: Sealer | None = None

    def rows(self, family: Family) -> Iterator[Effect]:
        """Every row of a family, strongly consistent. Reads the whole table.

        Raises CommandError, also where a row cannot be opened: nobody knows then what the state is.
        """
        tenants = sorted({one.tenant for one in family.types})
        values = {f":p{place}": {"S": f"{tenant}#{family.name}#"} for place, tenant in enumerate(tenants)}
        of_family = " OR ".join(f"begins_with(pk, {one})" for one in values)
        request: Any = {
            "TableName": naming.records_table_name(self._stack),
            "FilterExpression": f"begins_with(sk, :row) AND ({of_family})",
            "ExpressionAttributeValues": {**values, ":row": {"S": "row#"}},
            "ConsistentRead": True,
        }
        with in_plain_words(self._stack):
            for page in self._client.get_paginator("scan").paginate(**request):
                yield from map(self._row, page["Items"])

    def _row(self, item: Mapping[str, Any]) -> Effect:
        if self._sealer is None:
            self._sealer = self._make()
        tenant = item["pk"]["S"].partition("#")[0]
        try:
            row = read_row(item, tenant, self._sealer)
        except UnavailableError as error:
            raise CommandError(ExitCode.UNREACHABLE, f"records cannot be opened: {error}") from error
        except BrokenSealError as error:
            raise CommandError(
                ExitCode.FAILED, f"{item['pk']['S']} {item['sk']['S']}: {error}; nobody knows what is in it"
            ) from error
        (effect,) = Decision((row,)).effects()
        return effect
