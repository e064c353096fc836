"""What became of mutants beside live verdicts, as the judge has counted it in the control table."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.control_item import MalformedItemError, flatten
from contracts.liveness import Liveness
from contracts.liveness_item import liveness_partition, read_fates
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class MutantFates:
    """The counts of one deployment. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str) -> None:
        """Args: stack: whose judge."""
        self._client = client
        self._stack = stack
        self._table = naming.control_table_name(stack)

    def of(self, types: Iterable[str]) -> Liveness:
        """What the judge of each type has counted that has counted last, strongly consistent. One query a type."""
        found = Liveness()
        for name in types:
            try:
                found.add(read_fates(name, map(flatten, self._items(name))))
            except MalformedItemError as error:
                partition = liveness_partition(name)
                raise CommandError(
                    ExitCode.FAILED, f"{partition} of {self._table} cannot be read: {error}; delete the item by hand"
                ) from error
        return found

    def _items(self, name: str) -> list[Any]:
        request: Any = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :type",
            "ExpressionAttributeValues": {":type": {"S": liveness_partition(name)}},
            "ConsistentRead": True,
        }
        with in_plain_words(self._stack):
            pages = self._client.get_paginator("query").paginate(**request)
            return [item for page in pages for item in page["Items"]]
