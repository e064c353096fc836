"""What ledger, letters and replay runs say of a family: the evidence on which its authority moves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.liveness import Survivor
from contracts.message_type import Family
from contracts.staleness import staleness
from contracts.verdict import Verdict
from ops.batch_read import BatchReader
from ops.fates import MutantFates
from ops.ledger import DIFFERING
from ops.letter import Choice, Letter, in_order
from ops.letter_index import LetterIndex
from ops.replay_plan import TAPPED
from ops.replay_record import RunRecords
from ops.session import in_plain_words

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_LOOKED_AT = ("pk", "verdict", "comparison")


@dataclass(frozen=True, slots=True)
class Judged:
    """Messages of a family that are not agreed on, by id."""

    pending: tuple[str, ...]
    """No judge has judged them, or not since something came in."""
    differing: Mapping[Verdict, tuple[str, ...]]

    def after(self, later: "Judged") -> "Judged":
        """What is known once those that were pending were looked at again."""
        both = {*self.differing, *later.differing}
        differing = {one: (*self.differing.get(one, ()), *later.differing.get(one, ())) for one in both}
        return Judged(later.pending, differing)


class Evidence:
    """Evidence about one family of one deployment. Every method raises CommandError."""

    def __init__(self, client: "DynamoDBClient", stack: str, family: Family) -> None:
        """Args: family: the one that is to move."""
        self._client = client
        self._stack = stack
        self._family = family
        self._table = naming.ledger_table_name(stack)

    def judged(self) -> Judged:
        """What is pending and what differs, strongly consistent. Reads the whole ledger: costs with its size."""
        types = {f":t{place}": {"S": one.name} for place, one in enumerate(self._family.types)}
        verdicts = {f":v{place}": {"S": one.value} for place, one in enumerate(DIFFERING)}
        request: Any = {
            "TableName": self._table,
            "ProjectionExpression": ", ".join(_LOOKED_AT),
            "FilterExpression": f"#type IN ({', '.join(types)}) AND "
            f"(attribute_not_exists(verdict) OR comparison = :due OR verdict IN ({', '.join(verdicts)}))",
            "ExpressionAttributeNames": {"#type": "type"},
            "ExpressionAttributeValues": {**types, **verdicts, ":due": {"S": "due"}},
            "ConsistentRead": True,
        }
        with in_plain_words(self._stack):
            pages = self._client.get_paginator("scan").paginate(**request)
            return _sorted_out(item for page in pages for item in page["Items"])

    def judged_of(self, message_ids: Sequence[str]) -> Judged:
        """The same of some messages."""
        reader = BatchReader(self._client, self._stack, self._table)
        return _sorted_out(reader.read(message_ids, _LOOKED_AT))

    def survivors(self) -> tuple[Survivor, ...]:
        """Mutants of the family's messages that the present judge has called equal."""
        names = [one.name for one in self._family.types]
        return MutantFates(self._client, self._stack).of(names).survivors

    def letters(self) -> tuple[str, ...]:
        """Ids of the family's dead letters that are not resolved, oldest first."""
        index = LetterIndex(self._client, self._stack)
        found = index.chosen(Choice(family=self._family.name), ("open", "replaying"))
        return tuple(letter.letter_id for letter in in_order(found))

    def replays(self) -> tuple[str, ...]:
        """Ids of replay runs that may send; what one has sent that is told to stop is among `unanswered`."""
        return tuple(run.run for run in RunRecords(self._client, self._stack).all() if run.state == "running")

    def unanswered(self, record: AuthorityRecord) -> tuple[str, ...]:
        """Ids of letters that a run, ended or not, has taken and that have no answer: still to be processed, perhaps.

        Of the family, and of those whose family nobody could read.

        Args:
            record: what is decided: a message whose stamp does not hold any more will change nothing.
        """
        index = LetterIndex(self._client, self._stack)
        taken = [one for one in index.chosen(Choice(), ("replaying",)) if one.family in (None, self._family.name)]
        return tuple(letter.letter_id for letter in in_order(taken) if _may_change(letter, record))


def _may_change(letter: Letter, record: AuthorityRecord) -> bool:
    """Whether processing the letter's message would change the new side's rows."""
    if letter.effect is not None:
        return False
    stamp = letter.stamp or (TAPPED if letter.source == "invalid" else None)
    return stamp is None or staleness(stamp, record) is None


def _sorted_out(items: Iterable[Mapping[str, Any]]) -> Judged:
    pending: list[str] = []
    differing: dict[Verdict, list[str]] = {}
    for item in items:
        name = item.get("verdict", {}).get("S")
        if name is None or item.get("comparison", {}).get("S") == "due":
            pending.append(item["pk"]["S"])
        elif (verdict := Verdict(name)) in DIFFERING:
            differing.setdefault(verdict, []).append(item["pk"]["S"])
    return Judged(tuple(sorted(pending)), {verdict: tuple(sorted(ids)) for verdict, ids in differing.items()})
