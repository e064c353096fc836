import base64
import copy
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from contracts.amendment import Standing
from contracts.effect import Attempt
from contracts.judge import Judgement
from contracts.message_type import MessageType
from contracts.verdict import Verdict
from tests.fakes.fates import MemoryFates
from tests.fakes.function import FakeLambdaContext, event
from tests.fakes.key import refused_sealer, static_sealer
from tests.fakes.message import NAME, PLANTED
from tests.fakes.outcome import attempt, row
from tests.unit.workers.handlers.conftest import Printed
from workers import probing as module
from workers.bootstrap import judge as bootstrap
from workers.fate import UnavailableError
from workers.handlers.judge import handler
from workers.probing import Probing
from workers.store.attribute import seal_attempt
from workers.store.seal import Sealer

SEALER = static_sealer()
NEVER = 2**64
QUIET = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@dataclass
class MemoryVerdicts:
    """The verdicts that were written."""

    written: dict[tuple[str, int], Judgement] = field(default_factory=dict)
    former: list[Standing | None] = field(default_factory=list)
    moved_on: bool = False
    refuse: bool = False

    def write(
        self,
        message_id: str,
        revision: int,
        message_type: MessageType,
        judgement: Judgement,
        now: datetime,
        former: Standing | None,
    ) -> bool:
        assert message_type.name == "payin.create"
        assert now.tzinfo is not None
        if self.refuse:
            raise UnavailableError("UpdateItem: ThrottlingException")
        if not self.moved_on:
            self.written[message_id, revision] = judgement
            self.former.append(former)
        return not self.moved_on

    @property
    def verdicts(self) -> list[Verdict]:
        return [one.verdict for one in self.written.values()]


@pytest.fixture
def verdicts(monkeypatch: pytest.MonkeyPatch) -> MemoryVerdicts:
    store = MemoryVerdicts()
    monkeypatch.setattr(bootstrap, "verdict_store", lambda: (store, SEALER))
    return store


@pytest.fixture(autouse=True)
def fates(monkeypatch: pytest.MonkeyPatch) -> MemoryFates:
    """Nothing is tried but where a test asks for it."""
    store = MemoryFates()
    probing = Probing(NEVER, first=0)
    monkeypatch.setattr(bootstrap, "probing", lambda: (probing, store))
    return store


@pytest.fixture
def probing(monkeypatch: pytest.MonkeyPatch, fates: MemoryFates) -> Probing:
    """Every agreeing message is tried."""
    every = Probing(1)
    monkeypatch.setattr(bootstrap, "probing", lambda: (every, fates))
    return every


def images(*pairs: tuple[Attempt, Attempt], **attributes: Any) -> dict[str, Any]:
    """A batch of the stream, one entry per pair of candidate's and control's outcome, as its JSON has binary."""
    records = event("dynamodb_stream_ledger")
    template = records["Records"].pop()
    for number, (candidate, control) in enumerate(pairs):
        record = copy.deepcopy(template)
        image = record["dynamodb"]["NewImage"]
        image["pk"] = {"S": candidate.message_id}
        image["candidate"] = {"B": _base64(candidate, "candidate")}
        image["control_attempt_1"] = {"B": _base64(control, "control1")}
        image.update(attributes)
        record["dynamodb"]["SequenceNumber"] = f"44215845000000000174504390{number:02}"
        records["Records"].append(record)
    return records


def _base64(one: Attempt, side: str) -> str:
    return base64.b64encode(seal_attempt(one, side, "default", SEALER)).decode()


def invoke(records: dict[str, Any]) -> list[str]:
    return [one["itemIdentifier"] for one in handler(records, FakeLambdaContext())["batchItemFailures"]]


def test_verdicts_are_written_for_the_revision_that_was_judged(verdicts: MemoryVerdicts, printed: Printed) -> None:
    same = attempt(row(a=1))
    assert invoke(images((same, same), revision={"N": "7"})) == []
    assert verdicts.written == {("w1", 7): Judgement(Verdict.MATCH)}
    assert printed.metrics == {"MessagesJudged": 1}
    assert printed.lines == []


def test_a_verdict_comes_with_the_one_that_it_amends(verdicts: MemoryVerdicts, printed: Printed) -> None:
    same, before = attempt(row(a=1)), "2026-11-21T09:00:00.000+00:00"
    invoke(images((same, same)))
    invoke(images((same, same), verdict={"S": "candidate only"}, judged_at={"S": before}))
    assert verdicts.former == [None, Standing(Verdict.CANDIDATE_ONLY, datetime.fromisoformat(before))]


def test_a_difference_is_counted_and_told_without_its_values(verdicts: MemoryVerdicts, printed: Printed) -> None:
    assert invoke(images((attempt(row(debtor_name=NAME)), attempt(row(debtor_name="Planted"))))) == []
    assert verdicts.verdicts == [Verdict.MISMATCH]
    assert printed.metrics == {"MessagesJudged": 1, "MessagesDiffering": 1}
    (line,) = printed.lines
    assert (line["message"], line["message_id"], line["verdict"]) == ("differs", "w1", "mismatch")
    assert not [value for value in PLANTED if value in printed.text]


def test_an_id_conflict_is_a_verdict_too(verdicts: MemoryVerdicts, printed: Printed) -> None:
    same = attempt(row(a=1))
    invoke(images((same, same), conflict={"BOOL": True}))
    assert verdicts.verdicts == [Verdict.ID_CONFLICT]


@QUIET
def test_a_pending_message_gets_no_verdict_yet(verdicts: MemoryVerdicts, printed: Printed) -> None:
    assert invoke(images((attempt(row(a=1)), attempt(ending="retried")))) == []
    assert verdicts.written == {}


@QUIET
def test_a_verdict_that_comes_too_late_is_not_counted(verdicts: MemoryVerdicts, printed: Printed) -> None:
    verdicts.moved_on = True
    same = attempt(row(a=1))
    assert invoke(images((same, same))) == []
    assert printed.metrics == {}


@QUIET
def test_an_entry_without_a_type_and_one_that_was_removed_are_passed_over(
    verdicts: MemoryVerdicts, printed: Printed
) -> None:
    records = images((attempt(), attempt()), (attempt(), attempt()))
    del records["Records"][0]["dynamodb"]["NewImage"]["type"]
    del records["Records"][1]["dynamodb"]["NewImage"]
    assert invoke(records) == []
    assert verdicts.written == {}


def test_an_entry_that_cannot_be_judged_comes_back_alone(verdicts: MemoryVerdicts, printed: Printed) -> None:
    same = attempt(row(debtor_name=NAME))
    other = attempt(row(a=1), message_id="w2")
    records = images((same, same), (other, other))
    broken = records["Records"][0]
    broken["dynamodb"]["NewImage"]["candidate"] = broken["dynamodb"]["NewImage"]["control_attempt_1"]
    assert invoke(records) == [broken["dynamodb"]["SequenceNumber"]]
    assert [message_id for message_id, _ in verdicts.written] == ["w2"]
    (line,) = printed.lines
    assert (line["message"], line["reason"], line["record_id"]) == ("not judged", "BrokenSealError", broken["eventID"])
    assert not [value for value in PLANTED if value in printed.text]


def test_the_stores_are_built_once_and_not_side_by_side(monkeypatch: pytest.MonkeyPatch, printed: Printed) -> None:
    builders: list[str] = []

    def build() -> tuple[MemoryVerdicts, Sealer]:
        builders.append(threading.current_thread().name)
        return MemoryVerdicts(), SEALER

    monkeypatch.setattr(bootstrap, "verdict_store", build)
    assert invoke(images(*[(attempt(row(a=1)), attempt(row(a=1)))] * 20)) == []
    assert builders == [threading.current_thread().name]
    assert printed.metrics == {"MessagesJudged": 20}


@QUIET
def test_an_empty_batch_fails_in_nothing(verdicts: MemoryVerdicts, printed: Printed) -> None:
    assert invoke({"Records": []}) == []
    assert printed.lines == []


@QUIET
@pytest.mark.parametrize("sealer", [SEALER, refused_sealer()], ids=["table refused", "key refused"])
def test_an_outage_brings_every_entry_back(
    verdicts: MemoryVerdicts, printed: Printed, sealer: Sealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts.refuse = True
    monkeypatch.setattr(bootstrap, "verdict_store", lambda: (verdicts, sealer))
    records = images(*[(attempt(row(a=1)), attempt(row(a=1)))] * 3)
    assert invoke(records) == [record["dynamodb"]["SequenceNumber"] for record in records["Records"]]
    assert {line["message"] for line in printed.lines} == {"not judged"}


def test_mutants_are_made_of_what_agrees_counted_and_added_up(
    verdicts: MemoryVerdicts, probing: Probing, fates: MemoryFates, printed: Printed
) -> None:
    same, other = attempt(row(a=1)), attempt(row(a=2), message_id="w2")
    assert (
        invoke(images((same, same), (other, other), (attempt(message_id="w3"), attempt(row(a=3), message_id="w3"))))
        == []
    )
    assert printed.metrics == {"MessagesJudged": 3, "MessagesDiffering": 1, "MutantsMade": 7}
    assert fates.read("payin.create").fates == {
        ("payin.create", "lost row", "row:payins", "killed"): 2,
        ("payin.create", "doubled row", "row:payins", "killed"): 2,
        ("payin.create", "altered value", "row:payins.a", "killed"): 2,
        ("payin.create", "reordered pair", "row:payins", "killed"): 1,
    }
    assert fates.writes == 1, "one of a batch and type"
    assert not probing.unsaved.fates


@QUIET
def test_a_record_that_comes_again_is_not_tried_again(
    verdicts: MemoryVerdicts, probing: Probing, fates: MemoryFates, printed: Printed
) -> None:
    same = attempt(row(a=1))
    invoke(images((same, same)))
    verdicts.moved_on = True
    invoke(images((same, same)))
    assert printed.metrics == {"MessagesJudged": 1, "MutantsMade": 3}


def test_a_survivor_is_counted_and_told_by_its_place(
    verdicts: MemoryVerdicts, probing: Probing, fates: MemoryFates, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "judge", lambda *_, **__: Judgement(Verdict.MATCH))
    same = attempt(row(debtor_name=NAME))
    assert invoke(images((same, same))) == []
    assert printed.metrics == {"MessagesJudged": 1, "MutantsMade": 3, "MutantsSurvived": 3}
    assert {(one["message"], one["type"], one["kind"], one["place"]) for one in printed.lines} == {
        ("a mutant survived", "payin.create", "lost row", "row:payins"),
        ("a mutant survived", "payin.create", "doubled row", "row:payins"),
        ("a mutant survived", "payin.create", "altered value", "row:payins.debtor_name"),
    }
    assert not [value for value in PLANTED if value in printed.text]
    assert {one.kind for one in fates.read("payin.create").survivors} == {"lost row", "doubled row", "altered value"}


def test_counts_that_cannot_be_written_fail_no_verdict_and_come_with_the_next_ones(
    verdicts: MemoryVerdicts, probing: Probing, fates: MemoryFates, printed: Printed
) -> None:
    fates.refuse = 1
    same, other = attempt(row(a=1)), attempt(row(a=1), message_id="w2")
    assert invoke(images((same, same))) == []
    assert printed.metrics == {"MessagesJudged": 1, "MutantsMade": 3, "MutantsNotNoted": 1}
    (line,) = printed.lines
    assert (line["message"], line["type"]) == ("mutants not noted", "payin.create")
    assert invoke(images((other, other))) == []
    assert fates.read("payin.create").fates.total() == 6
    assert verdicts.verdicts == [Verdict.MATCH, Verdict.MATCH]


def test_a_mutant_that_cannot_be_made_fails_no_verdict(
    verdicts: MemoryVerdicts, probing: Probing, printed: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError(NAME)

    monkeypatch.setattr(module, "judge", broken)
    same = attempt(row(debtor_name=NAME))
    assert invoke(images((same, same))) == []
    assert (verdicts.verdicts, printed.metrics) == ([Verdict.MATCH], {"MessagesJudged": 1})
    (line,) = printed.lines
    assert (line["message"], line["reason"]) == ("not probed", "ZeroDivisionError")
    assert not [value for value in PLANTED if value in printed.text]
