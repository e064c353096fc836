"""Reads the index of dead letters, and notes in it what a replay makes of them. Never receives from a queue.

Choosing goes through the index `open` of the table, a moment behind; whoever acts on a letter reads it again,
consistently. Every note is conditional on the letter still being what it was taken for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.control_item import write_time
from contracts.letter import STATES, State
from ops.batch_read import BatchReader
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter import PLAIN_ATTRIBUTES, Choice, Letter, read_letter
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OPEN_INDEX = "open"
KEPT_RESOLVED = timedelta(days=60)
"""How long a resolved letter is kept, sealed message included."""


class LetterIndex:
    """The dead letters of one deployment. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str) -> None:
        """Args: stack: whose letters."""
        self._client = client
        self._stack = stack
        self._table = naming.letters_table_name(stack)

    def chosen(self, choice: Choice, states: Iterable[State] = ("open",)) -> Iterator[Letter]:
        """Letters of some states that a choice takes, those seen last first within each state."""
        for state in states:
            request: Any = {
                "TableName": self._table,
                "IndexName": OPEN_INDEX,
                "KeyConditionExpression": "#state = :state",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {":state": {"S": state}},
                "ScanIndexForward": False,
            }
            if choice.since is not None:
                # A second of slack: times are compared as texts, and not all have milliseconds. `takes` decides.
                request["KeyConditionExpression"] += " AND last_seen >= :since"
                since = write_time(choice.since - timedelta(seconds=1))
                request["ExpressionAttributeValues"][":since"] = {"S": since.removesuffix("Z")}
            with in_plain_words(self._stack):
                for page in self._client.get_paginator("query").paginate(**request):
                    yield from (letter for letter in map(_read, page["Items"]) if choice.takes(letter))

    def count_open(self) -> int | None:
        """How many letters wait for somebody, a moment behind; None where the deployment has no index yet."""
        request: Any = {
            "TableName": self._table,
            "IndexName": OPEN_INDEX,
            "KeyConditionExpression": "#state = :state",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":state": {"S": "open"}},
            "Select": "COUNT",
        }
        with in_plain_words(self._stack):
            try:
                return sum(page["Count"] for page in self._client.get_paginator("query").paginate(**request))
            except self._client.exceptions.ResourceNotFoundException:
                return None

    def found(self, letter_ids: Sequence[str]) -> Mapping[str, Letter]:
        """Letters by id, strongly consistent; those that are not there are left out."""
        items = BatchReader(self._client, self._stack, self._table).read(letter_ids, PLAIN_ATTRIBUTES)
        return {item["pk"]["S"]: _read(item) for item in items}

    def mark(self, letter: Letter, run: str) -> bool:
        """Take a letter for a run, before anything is sent; again, too. False where it is no longer as it was read."""
        return self._note(
            letter.letter_id,
            "SET #state = :replaying, sent_in = :run REMOVE answer, answered_in",
            "body_digest = :digest AND (#state = :open OR (#state = :replaying AND sent_in IN (:run, :before)))",
            {
                **_texts(run=run, before=letter.sent_in or run, digest=letter.body_digest),
                **_texts(replaying="replaying", open="open"),
            },
        )

    def answer(self, letter_id: str, run: str, answer: str, *, again: bool = False) -> bool:
        """Note what came of a letter that stays. False where another run has taken it meanwhile.

        Args: again: nobody else has it now: it is open again.
        """
        return self._note(
            letter_id,
            "SET answer = :answer, answered_in = :run" + (", #state = :open" if again else ""),
            "attribute_exists(pk) AND (attribute_not_exists(sent_in) OR sent_in = :run)",
            _texts(run=run, answer=answer) | (_texts(open="open") if again else {}),
        )

    def resolve(self, letter: Letter, run: str, answer: str, now: datetime) -> bool:
        """End a letter: nothing is left to be done. False where it has come back since it was read."""
        expires = {":expires": {"N": str(int((now.astimezone(UTC) + KEPT_RESOLVED).timestamp()))}}
        parts = self._parts(letter.letter_id)
        request = self._update(
            letter.letter_id,
            "SET #state = :resolved, resolved_at = :at, resolved_by = :run, expires_at = :expires, "
            "answer = :answer, answered_in = :run",
            f"#state = :state AND last_seen = :seen AND {'parts = :parts' if parts else 'attribute_not_exists(parts)'}",
            {
                **_texts(resolved="resolved", at=write_time(now), run=run, answer=answer),
                **_texts(state=letter.state, seen=letter.last_seen),
                **expires,
                **({":parts": {"L": list(parts)}} if parts else {}),
            },
        )
        # With the letter or not at all: parts of one that is open must stay, those of one that goes must go.
        going = [
            {
                "TableName": self._table,
                "Key": {"pk": part},
                "UpdateExpression": "SET expires_at = :expires",
                "ExpressionAttributeValues": expires,
            }
            for part in parts
        ]
        with in_plain_words(self._stack):
            try:
                self._client.transact_write_items(TransactItems=[{"Update": one} for one in (request, *going)])
            except self._client.exceptions.TransactionCanceledException as error:
                reasons: Any = error.response.get("CancellationReasons", ())
                if any(one.get("Code") == "ConditionalCheckFailed" for one in reasons):
                    return False
                raise
        return True

    def _parts(self, letter_id: str) -> Sequence[Any]:
        """Keys of the items in which a large letter's content lies, as attribute values."""
        with in_plain_words(self._stack):
            answer: Any = self._client.get_item(
                TableName=self._table,
                Key={"pk": {"S": letter_id}},
                ConsistentRead=True,
                ProjectionExpression="parts",
            )
        return tuple(answer.get("Item", {}).get("parts", {}).get("L", ()))

    def _note(self, letter_id: str, update: str, condition: str, values: Mapping[str, Any]) -> bool:
        with in_plain_words(self._stack):
            try:
                self._client.update_item(**self._update(letter_id, update, condition, values))
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def _update(self, letter_id: str, update: str, condition: str, values: Mapping[str, Any]) -> Any:
        names = {"#state": "state"} if "#state" in update + condition else None
        return {
            "TableName": self._table,
            "Key": {"pk": {"S": letter_id}},
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            **({"ExpressionAttributeNames": names} if names else {}),
        }


def states_named(word: str) -> tuple[State, ...]:
    """States of a word of the command line: one of them, or `all`. Raises ValueError."""
    if word == "all":
        return STATES
    for state in STATES:
        if word == state:
            return (state,)
    raise ValueError(word)


def _read(item: Mapping[str, Any]) -> Letter:
    try:
        return read_letter(item)
    except (KeyError, ValueError) as error:
        raise CommandError(
            ExitCode.FAILED, f"letter {item['pk']['S']}: the index's item cannot be read ({type(error).__name__})"
        ) from error


def _texts(**values: str) -> dict[str, Any]:
    return {f":{name}": {"S": value} for name, value in values.items()}
