"""What a plan takes, what it leaves out and why; and that a file is run exactly or not at all."""

import dataclasses
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.envelope import Stamp
from contracts.message_type import Family
from contracts.registry import PAYIN
from ops.letter import Choice, Letter
from ops.plan_file import Plan, PlanError, PlannedFamily, PlannedLetter, failures_allowed, read_plan, write_plan
from ops.replay_admission import against
from ops.replay_answer import ANSWERS, ENDS_LETTER, FAILURES, Answer
from ops.replay_course import Course
from ops.replay_plan import Circumstances, weigh
from tests.fakes.desk import STACK, Scene, scene
from tests.fakes.message import payin

FORBIDDEN = Family(
    "payin",
    tuple(
        dataclasses.replace(one, replay="forbidden", replay_because="the bank books it twice") for one in PAYIN.types
    ),
)
LETTER = Letter(
    letter_id="0" * 32,
    state="open",
    source="sqs",
    queue="unit-payin-dead.fifo",
    cause="model:amount",
    fingerprint="f" * 16,
    first_seen="2026-11-21T09:00:00.000Z",
    last_seen="2026-11-21T09:00:00.000Z",
    count=1,
    attempts=5,
    body_digest="d",
    tenant="default",
    family="payin",
    type="payin.create",
    message_id="w1",
    business_key="p1",
    stamp=Stamp("legacy", 0),
)


@pytest.fixture
def desk() -> Iterator[Scene]:
    with scene() as made:
        yield made


def around(record: AuthorityRecord | None = None, family: Family = PAYIN, *, rehome: bool = False) -> Circumstances:
    record = record or AuthorityRecord("payin")
    return Circumstances(STACK, {"payin": family}, {"payin": record}, {}, frozenset({"running"}), rehome)


def a_plan(letters: int = 2) -> Plan:
    planned = tuple(
        PlannedLetter(
            *(f"{number:032}", f"w{number}", "payin.create", "payin", "sqs", "model", "f" * 16, "d", "legacy", 0),
            *("2026-11-21T09:00:00.000Z", None, None, "worker", "unit-payin.fifo"),
        )
        for number in range(letters)
    )
    families = (PlannedFamily("payin", "legacy", 0, "steady"),)
    return Plan(
        stack=STACK,
        created_at="2026-11-21T10:00:00Z",
        operator="me",
        reason="why",
        ticket=None,
        choice={},
        rate_per_s=10.0,
        max_failures="5",
        rehome=False,
        families=families,
        letters=planned,
    )


def text_of(plan: Plan, folder: Path) -> str:
    write_plan(plan, folder / "plan.json")
    return (folder / "plan.json").read_text()


def test_where_a_message_goes_is_inferred_from_its_letter() -> None:
    (planned,) = weigh([LETTER], around()).letters
    assert (planned.way, planned.queue) == ("worker", "unit-payin.fifo")
    assert (planned.authority, planned.stamp_epoch) == ("legacy", 0)


@pytest.mark.parametrize(
    ("changes", "circumstances", "why"),
    [
        ({"state": "resolved"}, around(), "resolved"),
        ({"state": "replaying", "sent_in": "running"}, around(), "being replayed"),
        ({}, around(family=FORBIDDEN), "forbidden"),
        ({}, around(AuthorityRecord("payin", "shadow", 1, 0, "fenced", "live", "r")), "fenced"),
        ({"stamp": Stamp("new", 2)}, around(AuthorityRecord("payin", "shadow", 4, 4)), "moved"),
        ({"stamp": Stamp("new", 2)}, around(AuthorityRecord("payin", "live", 6, 6)), "moved"),
        ({"stamp": Stamp("legacy", 0)}, around(AuthorityRecord("payin", "live", 2, 2)), "moved"),
        ({"stamp": Stamp("legacy", 0)}, around(AuthorityRecord("payin", "live", 2, 2), rehome=True), "moved"),
        ({"type": "payin.gone", "family": "gone"}, around(), "unknown family"),
    ],
)
def test_what_stands_against_a_letter_is_said(
    changes: dict[str, object], circumstances: Circumstances, why: str
) -> None:
    weighed = weigh([dataclasses.replace(LETTER, **changes)], circumstances)  # type: ignore[arg-type]
    assert weighed.letters == ()
    assert [one.against for one in weighed.objections] == [why]


def test_a_forbidden_replay_quotes_the_contracts_reason() -> None:
    (objection,) = weigh([LETTER], around(family=FORBIDDEN)).objections
    assert "the bank books it twice" in objection.text


def test_a_letter_of_a_run_that_was_killed_can_be_taken_over() -> None:
    letter = dataclasses.replace(LETTER, state="replaying", sent_in="ended")
    assert len(weigh([letter], around()).letters) == 1


def test_only_what_new_alone_was_to_act_on_is_rehomed() -> None:
    letter = dataclasses.replace(LETTER, stamp=Stamp("new", 2))
    (planned,) = weigh([letter], around(AuthorityRecord("payin", "shadow", 4, 4), rehome=True)).letters
    assert (planned.way, planned.queue) == ("hold", naming.return_queue_name(STACK))


def test_a_message_with_two_bodies_is_replayed_only_by_its_letters_id() -> None:
    other = dataclasses.replace(LETTER, letter_id="1" * 32, body_digest="e")
    assert [one.against for one in weigh([LETTER, other], around()).objections] == ["id conflict"] * 2
    assert len(weigh([other], around()).letters) == 1


def test_a_letter_that_is_chosen_twice_is_planned_once() -> None:
    assert len(weigh([LETTER, LETTER], around()).letters) == 1


def test_the_oldest_come_first_and_the_limit_counts_what_is_planned() -> None:
    began = datetime(2026, 11, 21, 9, tzinfo=UTC)
    letters = [
        dataclasses.replace(
            LETTER,
            letter_id=f"{number:032}",
            message_id=f"w{number}",
            first_seen=(began - timedelta(minutes=number)).isoformat(),
            state="resolved" if number == 4 else "open",
        )
        for number in range(5)
    ]
    weighed = weigh(letters, around(), limit=2)
    assert [one.message_id for one in weighed.letters] == ["w3", "w2"]
    assert len(weighed.objections) == 1


def test_what_still_cannot_be_read_is_left_out_with_its_cause(desk: Scene) -> None:
    desk.parked(b"{no json", "unreadable")
    desk.parked(payin("w9", "p9"), "unknown-type", routing_key="payin.unknown")
    desk.parked(payin("w1", "p1"), "unreadable")
    plan, weighed = desk.plan()
    assert plan is not None
    assert [one.message_id for one in plan.letters] == ["w1"]
    assert {one.against for one in weighed.objections} == {"unreadable"}
    assert any("unknown-type" in one.text for one in weighed.objections)


def test_a_plan_holds_nothing_of_what_is_in_the_messages(desk: Scene, tmp_path: Path) -> None:
    desk.letter("w1", "p1")
    desk.parked(payin("w2", "p2"))
    text = text_of(desk.planned(), tmp_path)
    assert not any(planted in text for planted in ("Planted", "FR76", "Loyer", "26677"))


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = a_plan()
    assert read_plan(text_of(plan, tmp_path)) == plan
    assert read_plan(text_of(plan, tmp_path)).run == plan.digest[:16]


@given(st.data())
def test_a_plan_that_was_changed_anywhere_is_refused(data: st.DataObject) -> None:
    plan = a_plan(3)
    document = {
        "format": 1,
        "kind": "replay plan",
        **json.loads(json.dumps(dataclasses.asdict(plan))),
        "digest": plan.digest,
    }
    change = data.draw(st.sampled_from(["rate", "letter", "drop", "add", "swap", "reason", "extra", "epoch"]))
    letters = document["letters"]
    match change:
        case "rate":
            document["rate_per_s"] = 500.0
        case "letter":
            letters[1]["body_digest"] = "e"
        case "drop":
            letters.pop(data.draw(st.integers(0, 2)))
        case "add":
            letters.append(dict(letters[0], letter="9" * 32))
        case "swap":
            letters.reverse()
        case "reason":
            document["reason"] = "another"
        case "extra":
            document["force"] = True
        case "epoch":
            document["families"][0]["stamp_epoch"] = 7
    with pytest.raises(PlanError):
        read_plan(json.dumps(document))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind": "replay plan", "format": 2}', "NaN", "[" * 100_000])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        read_plan(text)


def test_a_plan_with_its_digest_made_anew_is_another_run(tmp_path: Path) -> None:
    plan = a_plan()
    other = dataclasses.replace(plan, reason="another")
    assert read_plan(text_of(other, tmp_path)).run != plan.run


def test_what_has_changed_since_stands_against_running_a_plan() -> None:
    plan = a_plan()
    steady = {"payin": AuthorityRecord("payin")}
    assert against(plan, STACK, {"payin": PAYIN}, steady) == []
    assert against(plan, STACK, {"payin": PAYIN}, {"payin": AuthorityRecord("payin", "shadow", 1)}) == []
    assert against(plan, "elsewhere", {"payin": PAYIN}, steady)
    assert against(plan, STACK, {"payin": FORBIDDEN}, steady)
    assert against(plan, STACK, {"payin": PAYIN}, {"payin": AuthorityRecord("payin", "live", 2, 2)})
    assert against(
        plan, STACK, {"payin": PAYIN}, {"payin": AuthorityRecord("payin", "shadow", 1, 0, "fenced", "live", "r")}
    )


@pytest.mark.parametrize(("budget", "allowed"), [("5", 5), ("0", 0), ("5%", 10), ("0%", 0), ("100%", 200), ("1%", 2)])
def test_an_error_budget_is_a_number_or_a_share(budget: str, allowed: int) -> None:
    assert failures_allowed(budget, 200) == allowed


@pytest.mark.parametrize("budget", ["-1", "101%", "many", "", "%", "1.5"])
def test_a_budget_that_is_neither_is_refused(budget: str) -> None:
    with pytest.raises(ValueError, match="a number, or a percentage"):
        failures_allowed(budget, 200)


def test_every_answer_either_ends_the_letter_or_counts_against_the_budget() -> None:
    assert set(ANSWERS) == ENDS_LETTER | FAILURES
    assert set() == ENDS_LETTER & FAILURES


@given(st.lists(st.sampled_from([None, "a", "b"]), max_size=12), st.data())
def test_no_letter_goes_while_an_earlier_one_of_its_key_is_out(keys: list[str | None], data: st.DataObject) -> None:
    letters = [dataclasses.replace(a_plan(1).letters[0], letter=f"{n}", key=key) for n, key in enumerate(keys)]
    course = Course(letters, failures_allowed=len(keys))
    answered: list[str] = []
    out: list[PlannedLetter] = []
    while not course.finished:
        for letter in course.next(data.draw(st.integers(0, 4))):
            earlier = [one for one in letters if one.key == letter.key and int(one.letter) < int(letter.letter)]
            assert letter.key is None or all(one.letter in answered for one in earlier)
            course.went(letter, 0.0)
            out.append(letter)
        if out:
            letter = out.pop(data.draw(st.integers(0, len(out) - 1)))
            answers: list[Answer] = ["processed", "failed anew"]
            course.answered(letter, data.draw(st.sampled_from(answers)))
            answered.append(letter.letter)
    assert len(answered) == len(letters)


def test_a_choice_takes_a_cause_by_its_first_word_and_not_by_a_part_of_it() -> None:
    assert Choice(cause="model").takes(LETTER)
    assert Choice(cause="model:amount").takes(LETTER)
    assert not Choice(cause="mod").takes(LETTER)
    assert not Choice(since=datetime(2026, 11, 21, 9, 0, 1, tzinfo=UTC)).takes(LETTER)
    assert Choice(since=datetime(2026, 11, 21, 9, 0, 0, tzinfo=UTC)).takes(LETTER)


RETURNED = dataclasses.replace(
    LETTER, source="return", queue="unit-return-dead.fifo", cause="return-undeliverable:hold"
)


@pytest.mark.parametrize("record", [AuthorityRecord("payin", "live", 2, 2), AuthorityRecord("payin", "shadow", 3, 3)])
def test_what_was_on_its_way_to_be_held_goes_on_that_way_whoever_has_authority(record: AuthorityRecord) -> None:
    letter = dataclasses.replace(RETURNED, stamp=Stamp("new", 2))
    (planned,) = weigh([letter], around(record)).letters
    assert (planned.way, planned.queue) == ("hold", naming.return_queue_name(STACK))


def test_a_follow_up_message_goes_to_the_return_queue_in_the_order_of_its_key() -> None:
    letter = dataclasses.replace(RETURNED, stamp=None, type=None, effect="w1:2")
    other = dataclasses.replace(letter, letter_id="1" * 32, effect="w1:3")
    first, second = weigh([letter, other], around()).letters
    assert (first.way, first.queue, first.effect) == ("return", naming.return_queue_name(STACK), "w1:2")
    assert first.key is not None
    assert first.key == second.key


def test_what_was_to_go_back_and_nobody_can_read_is_left_out() -> None:
    letter = dataclasses.replace(RETURNED, stamp=None, type=None, message_id=None)
    (objection,) = weigh([letter], around()).objections
    assert (objection.against, "by hand" in objection.text) == ("unreadable", True)
