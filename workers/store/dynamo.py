"""The store over DynamoDB: one batch read for a wave of messages, one transaction for all that they write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts.authority import AuthorityRecord
from contracts.control_item import MalformedItemError, authority_key, flatten, read_authority
from contracts.message_type import Family
from workers.aws_error import unavailable
from workers.fate import ConflictError, UnavailableError
from workers.port import Commit, LedgerGlance, Loaded, Stale, Wanted
from workers.store.attribute import Item, read_row, row_sort_key, write_row
from workers.store.entry import entry_update, stale_update
from workers.store.seal import Sealer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HEAD = "head"
READ_TRIES = 5
READ_KEYS = 100
"""DynamoDB answers at most 100 keys a call (API reference, BatchGetItem)."""
_TO_BLAME = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})
"""Errors for which the message, not the service, is to blame."""


class DynamoStore:
    """A `Store` of one family over its records, the ledger, and what is decided about it."""

    def __init__(
        self, client: "DynamoDBClient", family: Family, sealer: Sealer, *, records: str, ledger: str, control: str
    ) -> None:
        """Args: records, ledger, control: names of the tables."""
        self._client = client
        self._sealer = sealer
        self._records = records
        self._ledger = ledger
        self._control = control
        self._family = family

    def load(self, wanted: Sequence[Wanted]) -> Sequence[Loaded]:
        """See `Store.load`."""
        keys: dict[tuple[str, ...], None] = {}
        for wish in wanted:
            partition = wish.aggregate.partition
            keys[self._authority(wish.aggregate.family)] = None
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

    def mark_stale(self, stale: Stale) -> None:
        """See `Store.mark_stale`."""
        try:
            self._client.update_item(**stale_update(stale, self._ledger))
        except self._client.exceptions.ConditionalCheckFailedException as error:
            raise ConflictError("UpdateItem") from error
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
            glance=None if entry is None else _glance(entry),
            version=0 if head is None else int(head["version"]["N"]),
            epoch=0 if head is None else int(head["epoch"]["N"]),
            record=self._record(wish.aggregate.family, found),
            rows=rows,
        )

    def _authority(self, family: str) -> tuple[str, ...]:
        return self._control, *map(str, authority_key(family).values())

    def _record(self, family: str, found: Mapping[tuple[str, ...], Any]) -> AuthorityRecord:
        item = found.get(self._authority(family))
        try:
            return read_authority(family, None if item is None else flatten(item))
        except MalformedItemError as error:  # nobody's message is to blame
            raise UnavailableError(f"authority record: {error}") from error

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
                for table in (self._records, self._control):
                    for item in answer["Responses"].get(table, ()):
                        found[table, item["pk"]["S"], item["sk"]["S"]] = item
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
                table |= {"ProjectionExpression": "pk, candidate_ending, body_digest, control_final, authority"}
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
        yield {"Update": entry_update(commit, self._ledger, self._sealer)}

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


def _glance(entry: Mapping[str, Any]) -> LedgerGlance:
    processed = entry.get("candidate_ending", {}).get("S") == "done"
    return LedgerGlance(
        processed=processed,
        body_digest=entry.get("body_digest", {}).get("S"),
        control_final="control_final" in entry,
        as_copy=processed and entry.get("authority", {}).get("S") != "new",
    )


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
