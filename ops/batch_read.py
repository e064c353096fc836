"""Reads items of one table by their keys, as many as are asked for, strongly consistent."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS = 100
"""DynamoDB answers at most 100 keys a call (API reference, BatchGetItem)."""
TRIES = 8


class BatchReader:
    """One table of one deployment, whose partition key is `pk` and which has no sort key."""

    def __init__(self, client: "DynamoDBClient", stack: str, table: str, *, tries: int = TRIES) -> None:
        """Args: tries: how often what a call leaves unprocessed is asked for; a call ends at 16 MB."""
        self._client = client
        self._stack = stack
        self._table = table
        self._tries = tries

    def read(self, keys: Iterable[str], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
        """The named attributes of the items that are there, in no order. Raises CommandError."""
        wanted = list(dict.fromkeys(keys))
        aliases = {f"#{name}": name for name in names}
        for start in range(0, len(wanted), KEYS):
            request: Any = {
                self._table: {
                    "Keys": [{"pk": {"S": one}} for one in wanted[start : start + KEYS]],
                    "ConsistentRead": True,
                    "ProjectionExpression": ", ".join(aliases),
                    "ExpressionAttributeNames": aliases,
                }
            }
            for _ in range(self._tries):
                with in_plain_words(self._stack):
                    answer: Any = self._client.batch_get_item(RequestItems=request)
                yield from answer["Responses"].get(self._table, ())
                request = answer.get("UnprocessedKeys")
                if not request:
                    break
            else:
                text = f"BatchGetItem: items of {self._table} stay unprocessed; try again in a moment"
                raise CommandError(ExitCode.UNREACHABLE, text)
