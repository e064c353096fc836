"""The store over DynamoDB: one batch read for a wave of messages, one transaction for all that they write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.message_type import Family
from workers.aws_error import unavailable
from workers.fate import ConflictError, UnavailableError
from workers.port import Commit, LedgerGlance, Loaded, Wanted
from workers.store.attribute import Item, read_row, row_sort_key, seal_attempt, write_row
from workers.store.sealing import Sealer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HEAD = "head"
READ_TRIES = 5
READ_KEYS = 100
"""DynamoDB answers at most 100 keys a call (API reference, BatchGetItem)."""
_TO_BLAME = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})
"""Errors for which the message, not the service, is to blame."""


class DynamoStore:
    """A `Store` of one family over two tables."""

    def __init__(self, client: "DynamoDBClient", family: Family, sealer: Sealer, *, records: str, ledger: str) -> None:
        """Args: records, ledger: names of the tables."""
        self._client = client
        self._sealer = sealer
        self._records = records
        self._ledger = ledger
        self._family = family

    def load(self, wanted: Sequence[Wanted]) -> Sequence[Loaded]:
        """See `Store.load`."""
        keys: dict[tuple[str, ...], None] = {}
        for wish in wanted:
            partition = wish.aggregate.partition
            keys[self._ledger, wish.message_id] = None
            keys[self._records, partition, HEAD] = None
            for table, key in wish.rows:
                keys[self._records, partition, row_sort_key(table, key)] = None
        found = self._read(tuple(keys))
        return [self._loaded(wish, found) for wish in wanted]

    def commit(self, commits: Sequence[Commit]) -> None:
        """See `Store.commit`."""
        actions = [action for commit in commits for action in self._actions(commit)]
        try:
            self._client.transact_write_items(TransactItems=actions)
        except self._client.exceptions.TransactionCanceledException as error:
            raise _cancelled(error) from error
        except (BotoCoreError, ClientError) as error:
            raise _blame(error) from error

    def mark_conflict(self, message_id: str) -> None:
        """See `Store.mark_conflict`."""
        try:
            self._client.update_item(
                TableName=self._ledger,
                Key={"pk": {"S": message_id}},
                UpdateExpression="SET #conflict = :true, comparison = :due ADD revision :one",
                ExpressionAttributeNames={"#conflict": "conflict"},
                ExpressionAttributeValues={":true": {"BOOL": True}, ":due": {"S": "due"}, ":one": {"N": "1"}},
            )
        except (BotoCoreError, ClientError) as error:
            raise _blame(error) from error

    def _loaded(self, wish: Wanted, found: Mapping[tuple[str, ...], Any]) -> Loaded:
        partition = wish.aggregate.partition
        entry = found.get((self._ledger, wish.message_id))
        head = found.get((self._records, partition, HEAD))
        rows = {}
        for table, key in wish.rows:
            item = found.get((self._records, partition, row_sort_key(table, key)))
            if item is not None:
                rows[table, key] = read_row(item, wish.aggregate.tenant, self._sealer)
        return Loaded(
            glance=None
            if entry is None
            else LedgerGlance(
                entry.get("candidate_ending", {}).get("S") == "done", entry.get("body_digest", {}).get("S")
            ),
            version=0 if head is None else int(head["version"]["N"]),
            rows=rows,
        )

    def _read(self, keys: Sequence[tuple[str, ...]]) -> Mapping[tuple[str, ...], Any]:
        found: dict[tuple[str, ...], Any] = {}
        for start in range(0, len(keys), READ_KEYS):
            request = self._request(keys[start : start + READ_KEYS])
            for _ in range(READ_TRIES):
                try:
                    answer: Any = self._client.batch_get_item(RequestItems=request)
                except (BotoCoreError, ClientError) as error:
                    raise _blame(error) from error
                for item in answer["Responses"].get(self._ledger, ()):
                    found[self._ledger, item["pk"]["S"]] = item
                for item in answer["Responses"].get(self._records, ()):
                    found[self._records, item["pk"]["S"], item["sk"]["S"]] = item
                request = answer.get("UnprocessedKeys") or {}
                if not request:
                    break
            else:
                raise UnavailableError("BatchGetItem: keys stay unprocessed")
        return found

    def _request(self, keys: Iterable[tuple[str, ...]]) -> Any:
        request: dict[str, Any] = {}
        for key in keys:
            table = request.setdefault(key[0], {"Keys": [], "ConsistentRead": True})
            if key[0] == self._ledger:
                # The outcomes are large and of no use here.
                table |= {"ProjectionExpression": "pk, candidate_ending, body_digest"}
                table["Keys"].append({"pk": {"S": key[1]}})
            else:
                table["Keys"].append({"pk": {"S": key[1]}, "sk": {"S": key[2]}})
        return request

    def _actions(self, commit: Commit) -> Iterator[Any]:
        partition, tenant = commit.aggregate.partition, commit.aggregate.tenant
        epoch, version = str(commit.epoch), str(commit.version + 1)
        if commit.rows:
            yield {"Update": self._head(partition, commit.version, version, epoch)}
        for row in commit.rows:
            plain = self._family.plain_columns(row.table)
            item = write_row(row, partition, tenant, plain, self._sealer)
            item |= {"version": {"N": version}, "epoch": {"N": epoch}, "message_id": {"S": commit.attempt.message_id}}
            yield {"Put": {"TableName": self._records, "Item": item}}
        yield {"Update": self._entry(commit)}

    def _head(self, partition: str, read: int, version: str, epoch: str) -> Any:
        """The aggregate's version: moves on only from what was read, and never under an older epoch."""
        values: Item = {":version": {"N": version}, ":epoch": {"N": epoch}}
        condition = "attribute_not_exists(pk)"
        if read:
            condition = "version = :read AND epoch <= :epoch"
            values[":read"] = {"N": str(read)}
        return {
            "TableName": self._records,
            "Key": {"pk": {"S": partition}, "sk": {"S": HEAD}},
            "UpdateExpression": "SET version = :version, epoch = :epoch",
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }

    def _entry(self, commit: Commit) -> Any:
        """The ledger's entry. It may stand already, with the monolith's outcome; only ours must not."""
        attempt, aggregate = commit.attempt, commit.aggregate
        values: Item = {
            ":type": {"S": attempt.type},
            ":family": {"S": aggregate.family},
            ":tenant": {"S": aggregate.tenant},
            ":key": {"S": aggregate.key},
            ":digest": {"S": commit.body_digest},
            ":received": {"S": commit.received_at},
            ":processed": {"S": attempt.at.isoformat(timespec="milliseconds")},
            ":epoch": {"N": str(commit.epoch)},
            ":candidate": {"B": seal_attempt(attempt, "candidate", aggregate.tenant, self._sealer)},
            ":ending": {"S": attempt.ending},
            ":due": {"S": "due"},
            ":one": {"N": "1"},
            ":rejected": {"S": "rejected"},
        }
        expression = (
            "SET #type = :type, #family = :family, tenant = :tenant, business_key = :key, body_digest = :digest, "
            "received_at = :received, processed_at = :processed, epoch = :epoch, candidate = :candidate, "
            "candidate_ending = :ending, comparison = :due"
        )
        if attempt.cause is None:
            expression += " REMOVE candidate_cause"
        else:
            expression += ", candidate_cause = :cause"
            values[":cause"] = {"S": attempt.cause}
        return {
            "TableName": self._ledger,
            "Key": {"pk": {"S": attempt.message_id}},
            "UpdateExpression": f"{expression} ADD revision :one",
            # What was put aside may be tried again, once its cause is mended; what was processed, never.
            "ConditionExpression": "attribute_not_exists(candidate_ending) OR candidate_ending = :rejected",
            "ExpressionAttributeNames": {"#type": "type", "#family": "family"},
            "ExpressionAttributeValues": values,
        }


def _cancelled(error: ClientError) -> ConflictError | UnavailableError | ValueError:
    reasons: Any = error.response.get("CancellationReasons", ())
    codes = {reason.get("Code") for reason in reasons} - {"None", None}
    if codes & {"ConditionalCheckFailed", "TransactionConflict"}:
        return ConflictError("TransactWriteItems")
    if codes & {"ValidationError", "ItemCollectionSizeLimitExceeded"}:  # an item of more than 400 KB, for one
        return ValueError("TransactWriteItems: an item is refused")
    return UnavailableError(f"TransactWriteItems: {', '.join(sorted(map(str, codes))) or 'cancelled'}")


def _blame(error: BotoCoreError | ClientError) -> UnavailableError | ValueError:
    """The service is to blame, unless it says that the request was wrong: then it is the message, a ValueError."""
    if isinstance(error, ClientError) and error.response.get("Error", {}).get("Code") in _TO_BLAME:
        return ValueError(str(unavailable(error)))
    return unavailable(error)
