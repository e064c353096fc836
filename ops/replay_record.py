"""The record of a replay run in the control table: what it is, how far it has come, and whether it is to stop.

It is there for whoever looks from another machine, and for `cancel`. What was sent and answered stands in the letters
themselves, so that a run that was killed is carried on by whoever runs the same plan.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

from contracts import naming
from contracts.control_item import RECORD, write_time
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.plan_file import Plan
from ops.replay_course import Progress
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RunState = Literal["running", "done", "cancelled", "stopped"]
"""`stopped`: by Ctrl-C, by its error budget or by a move of authority; the same plan carries it on."""

_PREFIX = "replay#"
_STATES: Mapping[str, RunState] = {state: state for state in get_args(RunState)}


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What is known of one run."""

    run: str
    state: RunState
    digest: str
    letters: int
    answers: Mapping[str, int]
    in_flight: int
    not_sent: int
    operator: str
    reason: str
    ticket: str | None
    started_at: str
    updated_at: str
    why: str | None = None
    """What stopped it."""
    cancel: bool = False
    """Asked to stop for good."""
    cancel_reason: str | None = None

    @property
    def ended(self) -> bool:
        """Whether its letters may be taken by another run."""
        return self.state != "running" or self.cancel


class RunRecords:
    """The runs of one deployment. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str) -> None:
        """Args: stack: whose runs."""
        self._client = client
        self._stack = stack
        self._table = naming.control_table_name(stack)

    def find(self, run: str) -> RunRecord | None:
        """One run, strongly consistent."""
        with in_plain_words(self._stack):
            answer = self._client.get_item(TableName=self._table, Key=_key(run), ConsistentRead=True)
        item: Any = answer.get("Item")
        return None if item is None else _record(item)

    def all(self) -> Iterator[RunRecord]:
        """Every run, the latest first, strongly consistent. Reads the whole control table, which is small."""
        request: Any = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :prefix)",
            "ExpressionAttributeValues": {":prefix": {"S": _PREFIX}},
            "ConsistentRead": True,
        }
        with in_plain_words(self._stack):
            items: list[Any] = [
                item for page in self._client.get_paginator("scan").paginate(**request) for item in page["Items"]
            ]
        yield from sorted(map(_record, items), key=lambda one: one.started_at, reverse=True)

    def begin(self, plan: Plan, operator: str, now: datetime) -> bool:
        """Begin the plan's run, or carry it on. False where it has been cancelled, which is for good."""
        return self._update(
            plan.run,
            "SET #state = :running, digest = :digest, letters = if_not_exists(letters, :letters), "
            "#operator = :operator, "
            "reason = :reason, started_at = if_not_exists(started_at, :now), updated_at = :now, ticket = :ticket, "
            "answers = if_not_exists(answers, :none), in_flight = if_not_exists(in_flight, :zero), "
            "not_sent = if_not_exists(not_sent, :letters) REMOVE why",
            "attribute_not_exists(pk) OR (digest = :digest AND #state <> :cancelled AND attribute_not_exists(cancel))",
            {
                ":running": {"S": "running"},
                ":cancelled": {"S": "cancelled"},
                ":digest": {"S": plan.digest},
                ":letters": {"N": str(len(plan.letters))},
                ":operator": {"S": operator},
                ":reason": {"S": plan.reason},
                ":ticket": {"S": plan.ticket or ""},
                ":now": {"S": write_time(now)},
                ":none": {"S": "{}"},
                ":zero": {"N": "0"},
            },
        )

    def note(self, run: str, progress: Progress, now: datetime, state: RunState = "running") -> None:
        """Write down how far a run has come, and how it ended; a cancel that came meanwhile stays."""
        running = state == "running"  # must not undo a cancel: if we are killed now, that was the end
        self._update(
            run,
            "SET #state = :state, answers = :answers, in_flight = :in_flight, not_sent = :not_sent, updated_at = :now"
            + (", why = :why" if progress.stop else ""),
            "attribute_exists(pk) AND attribute_not_exists(cancel)" if running else "attribute_exists(pk)",
            {
                ":state": {"S": state},
                ":answers": {"S": json.dumps(dict(progress.answers))},
                ":in_flight": {"N": str(progress.in_flight)},
                ":not_sent": {"N": str(progress.not_sent)},
                ":now": {"S": write_time(now)},
                **({":why": {"S": progress.stop}} if progress.stop else {}),
            },
        )

    def cancel(self, run: str, reason: str, now: datetime) -> bool:
        """Ask a run to stop for good; one that nobody runs is cancelled by it. False where it has ended already."""
        return self._update(
            run,
            # Whoever runs it sees `cancel` within a second, and says itself how it ends. Of one that was killed, this
            # is the end.
            "SET cancel = :yes, cancel_reason = :reason, updated_at = :now, why = :cancelled, #state = :cancelled",
            "attribute_exists(pk) AND #state IN (:running, :stopped)",
            {
                ":yes": {"S": "yes"},
                ":reason": {"S": reason},
                ":now": {"S": write_time(now)},
                ":cancelled": {"S": "cancelled"},
                ":running": {"S": "running"},
                ":stopped": {"S": "stopped"},
            },
        )

    def is_cancelled(self, run: str) -> bool:
        """Whether the run is to stop for good."""
        found = self.find(run)
        return found is not None and found.cancel

    def _update(self, run: str, update: str, condition: str, values: Mapping[str, Any]) -> bool:
        with in_plain_words(self._stack):
            try:
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(run),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeNames=_names(update + condition),
                    ExpressionAttributeValues=values,
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True


def _names(expressions: str) -> dict[str, str]:
    """Reserved words of DynamoDB among our attributes, those that are used."""
    return {f"#{name}": name for name in ("state", "operator") if f"#{name} " in expressions}


def _key(run: str) -> Any:
    return {"pk": {"S": f"{_PREFIX}{run}"}, "sk": {"S": RECORD}}


def _record(item: Mapping[str, Any]) -> RunRecord:
    try:
        return RunRecord(
            run=item["pk"]["S"].removeprefix(_PREFIX),
            state=_STATES[item["state"]["S"]],
            digest=item["digest"]["S"],
            letters=int(item["letters"]["N"]),
            answers=json.loads(item["answers"]["S"]),
            in_flight=int(item["in_flight"]["N"]),
            not_sent=int(item["not_sent"]["N"]),
            operator=item["operator"]["S"],
            reason=item["reason"]["S"],
            ticket=item["ticket"]["S"] or None,
            started_at=item["started_at"]["S"],
            updated_at=item["updated_at"]["S"],
            why=item.get("why", {}).get("S"),
            cancel="cancel" in item,
            cancel_reason=item.get("cancel_reason", {}).get("S"),
        )
    except (KeyError, ValueError) as error:
        raise CommandError(ExitCode.FAILED, f"{item['pk']['S']}: the record of this run cannot be read") from error
