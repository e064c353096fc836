"""Replays against workers that answer: what is sent, in which order, how it ends, and what a kill leaves."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from bridge.port import Receipt
from contracts import naming, point
from contracts.authority import AuthorityRecord
from contracts.effect import body_digest
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import Stamp, read_envelope, write_envelope
from contracts.return_message import Returned, ReturnedEffect, ReturnedHold, read_return, write_return
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.plan_file import Plan
from ops.replay_course import Progress
from tests.fakes.desk import STACK, Scene, scene
from tests.fakes.message import padded, payin, translated

POINTS = ("replay.marked", "replay.sent", "replay.noted", "replay.resolved")


class KilledError(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


@pytest.fixture
def desk() -> Iterator[Scene]:
    with scene() as made:
        yield made
    point.hook(None)


def killed_at(desk: Scene, plan: Plan, name: str, visit: int) -> bool:
    """Run until the point is reached for the n-th time; False where it is not reached so often."""
    visits = 0

    def hook(reached: str) -> None:
        nonlocal visits
        visits += reached == name
        if reached == name and visits == visit:
            raise KilledError

    point.hook(hook)
    try:
        desk.run(plan)
    except KilledError:
        return True
    finally:
        point.hook(None)
    return False


def test_a_letter_is_resolved_when_the_worker_has_answered_not_when_it_was_sent(desk: Scene) -> None:
    letter = desk.letter("w1")
    desk.behave = lambda *_: "silent"
    progress = desk.run(desk.planned(), timeout_s=5)
    assert progress.answers == {"no answer": 1}
    assert desk.found(letter).state == "replaying"
    desk.behave = lambda *_: "done"
    progress = desk.run(desk.planned(), timeout_s=5)
    assert progress.answers == {"processed": 1}
    assert progress.clean
    assert desk.found(letter).state == "resolved"


def test_a_resolved_letter_names_its_run_and_goes_after_sixty_days(desk: Scene) -> None:
    letter = desk.letter("w1")
    plan = desk.planned()
    desk.run(plan)
    found = desk.found(letter)
    assert found.resolved_by == plan.run
    assert found.expires_at is not None
    assert 59 < (found.expires_at - desk.clock.now()) / 86_400 <= 60


@pytest.fixture
def large(desk: Scene) -> str:
    """A letter that no item holds."""
    return desk.letter("w1", label=random.Random(1).randbytes(450_000).hex())


def parts_of(desk: Scene, letter: str) -> list[Any]:
    """The items in which a letter's content lies."""

    def item(key: str) -> Any:
        return desk.dynamodb.get_item(TableName=naming.letters_table_name(STACK), Key={"pk": {"S": key}})["Item"]

    return [item(one["S"]) for one in item(letter)["parts"]["L"]]


def test_the_parts_of_a_large_letter_go_with_it(desk: Scene, large: str) -> None:
    desk.run(desk.planned())
    found, parts = desk.found(large), parts_of(desk, large)
    assert found.state == "resolved"
    assert len(parts) > 1
    assert {one.get("expires_at", {}).get("N") for one in parts} == {str(found.expires_at)}


def test_the_parts_of_a_letter_that_came_back_stay(desk: Scene, large: str) -> None:
    """In the last moment: between the look at its parts and the end of it."""
    read, before = desk.found(large), parts_of(desk, large)
    events = desk.dynamodb.meta.events

    def come_back(**_: object) -> None:
        events.unregister("before-call.dynamodb.TransactWriteItems", unique_id="race")
        assert desk.letter("w1", label=random.Random(1).randbytes(450_000).hex()) == large

    events.register("before-call.dynamodb.TransactWriteItems", come_back, unique_id="race")
    assert not desk.desk.letters.resolve(read, "r1", "by hand", desk.desk.now())
    now = parts_of(desk, large)
    assert (desk.found(large).state, desk.found(large).expires_at) == ("open", None)
    assert {one["pk"]["S"] for one in now}.isdisjoint(one["pk"]["S"] for one in before)
    assert not [one for one in now if "expires_at" in one]


def test_a_message_that_the_monolith_has_ended_is_done_already(desk: Scene) -> None:
    """The worker passes it over, and leaves no trace in the ledger that could be waited for."""
    desk.decide(AuthorityRecord("payin", "live", 4, 4))
    letter = desk.letter("w1", stamp=Stamp("new", 4))
    plan = desk.planned()
    desk.ledger("w1", control_final={"S": "yes"})
    desk.behave = lambda *_: "silent"
    assert desk.run(plan, timeout_s=5).answers == {"already done": 1}
    assert desk.found(letter).state == "resolved"


def test_a_copy_that_the_monolith_has_ended_is_replayed(desk: Scene) -> None:
    desk.letter("w1")
    desk.ledger("w1", control_final={"S": "yes"})
    assert desk.run(desk.planned()).answers == {"processed": 1}


def test_the_message_goes_as_it_came_with_nothing_added_but_the_run(desk: Scene) -> None:
    desk.letter("w1", "p7")
    plan = desk.planned()
    desk.run(plan)
    (sent,) = desk.received
    assert sent.group == "p7"
    assert sent.body.encode() == payin("w1", "p7")
    assert sent.attributes.keys() == {"envelope", "type", "id", "replay"}
    assert sent.attributes["replay"] == plan.run
    assert read_envelope(sent.attributes["envelope"]).stamp == Stamp("legacy", 0)


def test_groups_are_kept_so_that_keys_stay_in_order_and_in_parallel(desk: Scene) -> None:
    for number in range(6):
        desk.letter(f"w{number}", f"p{number % 3}")
    desk.run(desk.planned())
    assert {sent.group for sent in desk.received} == {"p0", "p1", "p2"}
    for key in range(3):
        assert [sent.id for sent in desk.received if sent.group == f"p{key}"] == [f"w{key}", f"w{key + 3}"]


def test_the_next_of_a_key_goes_only_after_the_one_before_it_was_answered(desk: Scene) -> None:
    desk.letter("w1", "p1")
    second = desk.letter("w2", "p1")
    desk.letter("w3", "p2")
    desk.behave = lambda message_id, _: "silent" if message_id == "w1" else "done"
    progress = desk.run(desk.planned(), timeout_s=5)
    assert [sent.id for sent in desk.received] == ["w1", "w3"]
    assert progress.not_sent == 1
    assert desk.found(second).state == "open"


def test_a_message_that_was_done_already_is_not_sent_again(desk: Scene) -> None:
    letter = desk.letter("w1")
    desk.done("w1", payin("w1", "p1"))
    progress = desk.run(desk.planned())
    assert progress.answers == {"already done": 1}
    assert desk.received == []
    assert desk.found(letter).state == "resolved"


def test_an_id_that_was_done_with_other_bytes_is_not_taken_for_done(desk: Scene) -> None:
    desk.letter("w1", cause="id-conflict")
    desk.done("w1", payin("w1", "p1", amount="1.00"))
    desk.behave = lambda *_: "id-conflict"
    assert desk.run(desk.planned()).answers == {"failed the same way": 1}


@pytest.mark.parametrize(
    ("cause", "answer"),
    [
        ("model:amount", "failed the same way"),
        ("model:amount.17", "failed anew"),
        ("unexpected:KeyError", "failed anew"),
    ],
)
def test_a_message_that_comes_back_says_whether_it_failed_the_same_way(desk: Scene, cause: str, answer: str) -> None:
    letter = desk.letter("w1", cause="model:amount")
    desk.behave = lambda *_: cause
    progress = desk.run(desk.planned())
    assert progress.answers == {answer: 1}
    found = desk.found(letter)
    assert (found.state, found.count, found.answer) == ("open", 2, answer)


def test_more_failures_than_the_budget_allows_stop_the_run(desk: Scene) -> None:
    for number in range(30):
        desk.letter(f"w{number:02}", f"p{number}")
    desk.behave = lambda *_: "model:amount"
    plan = desk.planned(max_failures="10%", rate_per_s=1.0)
    progress = desk.run(plan)
    assert progress.stop == "too many failures"
    assert progress.failures == 4
    assert progress.not_sent == 26
    record = desk.desk.runs.find(plan.run)
    assert record is not None
    assert (record.state, record.why, record.not_sent) == ("stopped", "too many failures", 26)


def test_the_rate_is_kept(desk: Scene) -> None:
    for number in range(21):
        desk.letter(f"w{number:02}", f"p{number}")
    began = desk.clock.monotonic()
    desk.run(desk.planned(rate_per_s=2.0))
    assert len(desk.received) == 21
    assert desk.clock.monotonic() - began >= 10


def test_entries_that_sqs_does_not_take_are_sent_again_and_their_neighbours_are_not(desk: Scene) -> None:
    for number in range(4):
        desk.letter(f"w{number}", f"p{number}")
    plan = desk.planned(rate_per_s=100.0)
    send = desk.around(plan).send
    calls = 0

    def failing(outgoing: Any) -> Any:
        nonlocal calls
        calls += 1
        taken = [one for position, one in enumerate(outgoing) if calls > 2 or position % 2]
        receipts = iter(send(taken))
        return [next(receipts) if one in taken else Receipt("unknown", "InternalError") for one in outgoing]

    progress = desk.run(plan, send=failing)
    assert progress.answers == {"processed": 4}
    assert sorted(sent.id for sent in desk.received) == ["w0", "w1", "w2", "w3"]


def test_a_message_that_sqs_will_never_take_is_refused_and_keeps_its_letter(desk: Scene) -> None:
    letter = desk.letter("w1")
    plan = desk.planned()
    progress = desk.run(plan, send=lambda outgoing: [Receipt("refused", "InvalidMessageContents")] * len(outgoing))
    assert progress.answers == {"refused": 1}
    assert (desk.found(letter).state, desk.found(letter).answer) == ("open", "refused")


def test_a_service_that_takes_nothing_ends_the_run_which_can_be_carried_on(desk: Scene) -> None:
    letter = desk.letter("w1")
    plan = desk.planned()
    with pytest.raises(CommandError) as ended:
        desk.run(plan, send=lambda outgoing: [Receipt("unknown", "SendMessageBatch: AccessDenied")] * len(outgoing))
    assert ended.value.code == ExitCode.UNREACHABLE
    assert desk.found(letter).state == "replaying"
    assert desk.run(plan).answers == {"processed": 1}


def test_a_body_that_is_not_the_plans_is_never_sent(desk: Scene) -> None:
    letter = desk.letter("w1", "p1")
    other = desk.letter("w2", "p2")
    plan = desk.planned()
    table = naming.letters_table_name(STACK)
    # Somebody has put another letter's content under this one's name: the seal does not hold.
    sealed = desk.dynamodb.get_item(TableName=table, Key={"pk": {"S": other}})["Item"]["sealed"]
    desk.dynamodb.update_item(
        TableName=table,
        Key={"pk": {"S": letter}},
        UpdateExpression="SET sealed = :sealed",
        ExpressionAttributeValues={":sealed": sealed},
    )
    progress = desk.run(plan)
    assert progress.answers == {"refused": 1, "processed": 1}
    assert [sent.id for sent in desk.received] == ["w2"]


def test_a_plan_for_another_body_is_refused(desk: Scene) -> None:
    desk.letter("w1")
    plan = desk.planned()
    forged = replace(plan, letters=(replace(plan.letters[0], body_digest=body_digest(b"other")),))
    assert desk.run(forged).answers == {"refused": 1}
    assert desk.received == []


def test_authority_that_moves_meanwhile_stops_the_run(desk: Scene) -> None:
    for number in range(30):
        desk.letter(f"w{number:02}", f"p{number}")
    plan = desk.planned(rate_per_s=1.0)
    around = desk.around(plan)

    def authority() -> Any:
        if desk.clock.monotonic() > 5:
            return {"payin": AuthorityRecord("payin", "shadow", 1, 0, "fenced", "live", "r1")}
        return around.authority()

    progress = desk.run(plan, authority=authority)
    assert progress.stop == "authority has moved"
    assert 0 < len(desk.received) < 10


def test_ctrl_c_stops_in_good_order_and_the_same_plan_carries_on(desk: Scene) -> None:
    for number in range(10):
        desk.letter(f"w{number}", f"p{number}")
    plan = desk.planned(rate_per_s=1.0)
    wait = desk.wait

    def interrupting(seconds: float) -> None:
        desk.interrupted = desk.interrupted or len(desk.received) >= 3
        wait(seconds)

    progress = desk.run(plan, wait=interrupting)
    assert progress.stop == "interrupted"
    assert progress.in_flight == 0
    assert progress.not_sent > 0
    desk.interrupted = False
    assert desk.run(plan).clean
    assert Counter(sent.id for sent in desk.received) == Counter(f"w{number}" for number in range(10))


def test_a_cancelled_run_sends_nothing_further_and_cannot_be_begun_again(desk: Scene) -> None:
    for number in range(10):
        desk.letter(f"w{number}", f"p{number}")
    plan = desk.planned(rate_per_s=1.0)
    wait = desk.wait

    def cancelling(seconds: float) -> None:
        if len(desk.received) == 3:
            desk.desk.runs.cancel(plan.run, "wrong mend", desk.desk.now())
        wait(seconds)

    progress = desk.run(plan, wait=cancelling)
    assert progress.stop == "cancelled"
    assert 0 < progress.not_sent < 10
    record = desk.desk.runs.find(plan.run)
    assert record is not None
    assert (record.state, record.cancel_reason) == ("cancelled", "wrong mend")
    assert not desk.desk.runs.begin(plan, "somebody", desk.desk.now())


def test_a_run_that_notes_its_progress_once_more_does_not_undo_a_cancel(desk: Scene) -> None:
    desk.letter("w1", "p1")
    plan, runs = desk.planned(), desk.desk.runs
    runs.begin(plan, "somebody", desk.desk.now())
    runs.cancel(plan.run, "enough", desk.desk.now())

    runs.note(plan.run, Progress(1, {}, 0, 1, None), desk.desk.now())  # and is killed

    record = runs.find(plan.run)
    assert record is not None
    assert (record.state, record.cancel) == ("cancelled", True)


@pytest.mark.parametrize("name", POINTS)
def test_a_run_that_is_killed_anywhere_and_run_again_processes_every_message_once(desk: Scene, name: str) -> None:
    hits = 0
    for visit in range(1, 6):
        ids = [f"{name}-{visit}-{number}" for number in range(4)]
        letters = [desk.letter(message_id, f"{visit}-{number % 3}") for number, message_id in enumerate(ids)]
        plan = desk.planned(rate_per_s=100.0)
        hits += killed_at(desk, plan, name, visit)
        progress = desk.run(plan)
        assert progress.clean, (visit, progress)
        assert [desk.found(letter).state for letter in letters] == ["resolved"] * 4
        assert Counter(desk.effects) & Counter(ids) == Counter(ids)
        assert max(Counter(desk.effects).values()) == 1
    assert hits >= 3


@pytest.mark.parametrize("name", ["replay.marked", "replay.sent"])
def test_what_failed_before_a_kill_is_not_tried_again_by_the_same_run(desk: Scene, name: str) -> None:
    for number in range(3):
        desk.letter(f"w{number}", f"p{number}")
    desk.behave = lambda message_id, _: "model:amount" if message_id == "w0" else "done"
    plan = desk.planned(rate_per_s=1.0)
    assert killed_at(desk, plan, name, 3)
    desk.work()
    progress = desk.run(plan)
    assert progress.answers == {"failed the same way": 1, "processed": 2}
    assert Counter(sent.id for sent in desk.received)["w0"] == 1


def test_two_who_run_the_same_plan_at_once_process_every_message_once(desk: Scene) -> None:
    for number in range(6):
        desk.letter(f"w{number}", f"p{number % 2}")
    plan = desk.planned()
    other: list[Progress] = []
    wait = desk.wait

    def interleaving(seconds: float) -> None:
        if not other:
            other.append(Progress(0, {}, 0, 0, None))
            other.append(desk.run(plan))
        wait(seconds)

    assert desk.run(plan, wait=interleaving).clean
    assert other[1].clean
    assert Counter(desk.effects) == Counter(f"w{number}" for number in range(6))


def test_a_later_replay_of_a_letter_is_not_swallowed_by_sqs(desk: Scene) -> None:
    desk.letter("w1")
    desk.behave = lambda *_: "model:amount"
    desk.run(desk.planned())
    desk.behave = lambda *_: "done"
    desk.wait(1)
    assert desk.run(desk.planned()).answers == {"processed": 1}
    assert len(desk.received) == 2  # within SQS' five minutes of deduplication


def test_a_replayed_message_keeps_no_trace_of_earlier_replays(desk: Scene) -> None:
    desk.letter("w1")
    desk.behave = lambda *_: "model:amount"
    desk.run(desk.planned())
    desk.behave = lambda *_: "done"
    desk.wait(1)
    plan = desk.planned()
    desk.run(plan)
    assert desk.received[-1].attributes["replay"] == plan.run
    assert desk.received[-1].attributes.keys() == {"envelope", "type", "id", "replay"}


def test_a_stale_message_is_handed_to_the_hold_queue_whole(desk: Scene) -> None:
    letter = desk.letter("w1", stamp=Stamp("new", 2))
    desk.decide(AuthorityRecord("payin", "shadow", 4, 4))
    plan = desk.planned(rehome=True)
    progress = desk.run(plan)
    assert progress.answers == {"handed to hold": 1}
    assert progress.clean
    (message,) = desk.receive(desk.url(naming.return_queue_name(STACK)))
    returned = read_return(message["Body"])
    assert isinstance(returned, ReturnedHold)
    assert (returned.family, returned.id, returned.body) == ("payin", "w1", payin("w1", "p1"))
    assert read_envelope(returned.envelope).stamp == Stamp("new", 2)
    assert desk.found(letter).state == "resolved"


LARGE = padded(payin("w1", "p1"), "x" * ENTRY_BYTES)


def test_a_large_message_goes_again_with_its_pointer_and_nothing_is_fetched(desk: Scene) -> None:
    desk.letter("w1", body=LARGE)
    assert desk.run(desk.planned()).answers == {"processed": 1}
    (sent,) = desk.received
    assert json.loads(sent.body)[1]["s3Key"] in desk.bucket.objects
    assert read_envelope(sent.attributes["envelope"]).body_encoding == "claim"
    assert desk.bucket.calls == []


def test_a_large_message_is_handed_to_the_hold_queue_without_its_body(desk: Scene) -> None:
    desk.letter("w1", stamp=Stamp("new", 2), body=LARGE)
    desk.decide(AuthorityRecord("payin", "shadow", 4, 4))
    assert desk.run(desk.planned(rehome=True)).answers == {"handed to hold": 1}
    (message,) = desk.receive(desk.url(naming.return_queue_name(STACK)))
    returned = read_return(message["Body"])
    assert isinstance(returned, ReturnedHold)
    claim = read_envelope(returned.envelope).claim
    assert claim is not None
    assert (returned.body, desk.bucket.get(claim)) == (b"", LARGE)


def test_what_was_too_large_before_there_were_claims_is_replayed_with_one(desk: Scene) -> None:
    desk.parked(LARGE, "too-large")
    assert desk.run(desk.planned()).answers == {"processed": 1}
    (sent,) = desk.received
    claim = read_envelope(sent.attributes["envelope"]).claim
    assert claim is not None
    assert desk.bucket.get(claim) == LARGE
    assert json.loads(sent.body)[1]["s3Key"] == claim.key


def test_while_its_body_cannot_be_deposited_nothing_is_sent(desk: Scene) -> None:
    desk.parked(LARGE, "too-large")
    desk.bucket.away = True
    with pytest.raises(CommandError, match="away, says the test"):
        desk.run(desk.planned())
    assert desk.received == []


@pytest.fixture
def rehomed(desk: Scene) -> str:
    """A letter of a message that new alone was to act on, and authority is the monolith's again."""
    desk.decide(AuthorityRecord("payin", "shadow", 4, 4))
    return desk.letter("w1", stamp=Stamp("new", 2))


def went_back(desk: Scene) -> list[Any]:
    return list(desk.receive(desk.url(naming.return_queue_name(STACK))))


def test_a_rehomed_message_that_the_monolith_has_ended_is_not_held_again_by_the_run_that_was_killed(
    desk: Scene, rehomed: str
) -> None:
    plan = desk.planned(rehome=True)
    assert killed_at(desk, plan, "replay.sent", 1)
    assert len(went_back(desk)) == 1
    assert desk.found(rehomed).state == "replaying"
    desk.ledger("w1", control_final={"S": "yes"})
    desk.clock.advance(600)  # SQS has forgotten the deduplication id
    assert desk.run(plan).answers == {"already done": 1}
    assert went_back(desk) == []
    assert desk.found(rehomed).state == "resolved"


def test_a_rehomed_message_that_the_monolith_has_ended_is_not_held_again_by_another_plan(
    desk: Scene, rehomed: str
) -> None:
    plan = desk.planned(rehome=True)
    assert killed_at(desk, plan, "replay.sent", 1)
    assert desk.desk.runs.cancel(plan.run, "why", desk.desk.now())
    assert len(went_back(desk)) == 1
    desk.ledger("w1", control_final={"S": "yes"})
    another = desk.planned(rehome=True, max_failures="7")
    assert another.run != plan.run
    assert desk.run(another).answers == {"already done": 1}
    assert went_back(desk) == []
    assert desk.found(rehomed).state == "resolved"


def test_a_rehomed_message_that_nobody_has_ended_goes_again_after_a_kill(desk: Scene, rehomed: str) -> None:
    plan = desk.planned(rehome=True)
    assert killed_at(desk, plan, "replay.marked", 1)
    assert went_back(desk) == []
    assert desk.run(plan).answers == {"handed to hold": 1}
    assert len(went_back(desk)) == 1
    assert desk.found(rehomed).state == "resolved"


def test_a_rehomed_message_that_the_monolith_has_ended_with_other_bytes_is_not_done(desk: Scene, rehomed: str) -> None:
    desk.ledger("w1", control_final={"S": "yes"}, body_digest={"S": body_digest(b"other")})
    assert desk.run(desk.planned(rehome=True)).answers == {"handed to hold": 1}
    assert desk.found(rehomed).answer == "handed to hold"


FOLLOW_UP = ReturnedEffect("w1:2", "accounting", "payin.booked", "application/json", b'{"a":1}', 7)


def held(stamp: Stamp) -> ReturnedHold:
    entry = translated("payin.create", payin("w1", "p1"))
    envelope = write_envelope(structs.replace(read_envelope(entry.envelope), stamp=stamp))
    return ReturnedHold("payin", "w1", envelope, payin("w1", "p1"))


@pytest.mark.parametrize(
    ("returned", "answer"), [(FOLLOW_UP, "handed to return"), (held(Stamp("new", 2)), "handed to hold")]
)
def test_what_rabbitmq_would_not_take_goes_back_as_it_was(desk: Scene, returned: Returned, answer: str) -> None:
    letter = desk.undelivered_return(returned)
    if isinstance(returned, ReturnedEffect):  # the ledger let go of it when SQS took it
        desk.ledger("w1", candidate_ending={"S": "done"})
    plan = desk.planned()
    assert desk.run(plan).answers == {answer: 1}
    (message,) = went_back(desk)
    assert (message["Body"], message["Attributes"]["MessageGroupId"]) == (write_return(returned), "payin#p1")
    assert message["MessageAttributes"]["replay"]["StringValue"] == plan.run
    assert desk.found(letter).state == "resolved"


def test_a_follow_up_message_goes_again_where_nobody_knows_whether_it_went(desk: Scene) -> None:
    desk.undelivered_return(FOLLOW_UP)
    desk.ledger("w1", candidate_ending={"S": "done"})
    plan = desk.planned()
    assert killed_at(desk, plan, "replay.marked", 1)
    assert desk.run(plan).answers == {"handed to return": 1}
    assert len(went_back(desk)) == 1


@pytest.mark.parametrize("returned", [FOLLOW_UP, held(Stamp("new", 2))])
def test_what_rabbitmq_still_would_not_take_is_open_again_and_goes_by_another_plan(
    desk: Scene, returned: Returned
) -> None:
    letter = desk.undelivered_return(returned)
    plan = desk.planned()
    desk.run(plan)
    (first,) = went_back(desk)
    assert desk.undelivered_return(returned, replay=plan.run) == letter
    found = desk.found(letter)
    assert (found.state, found.count, found.run) == ("open", 2, plan.run)
    assert desk.run(desk.planned(max_failures="7")).clean
    (second,) = went_back(desk)
    assert first["Attributes"]["MessageDeduplicationId"] != second["Attributes"]["MessageDeduplicationId"]


def test_what_was_to_be_held_and_the_new_side_has_done_is_not_held_again(desk: Scene) -> None:
    desk.undelivered_return(held(Stamp("new", 2)))
    desk.done("w1", payin("w1", "p1"), "new")
    assert desk.run(desk.planned()).answers == {"already done": 1}
    assert went_back(desk) == []


def test_a_message_that_the_new_side_was_to_act_on_is_not_done_by_a_copy_of_it(desk: Scene) -> None:
    """No effect of it has left on either side: its letter must not be resolved in silence."""
    desk.decide(AuthorityRecord("payin", "live", 4, 4))
    letter = desk.letter("w1", stamp=Stamp("new", 4), cause="copy-only")
    desk.done("w1", payin("w1", "p1"))
    desk.behave = lambda *_: "copy-only"
    assert desk.run(desk.planned()).answers == {"failed the same way": 1}
    assert desk.found(letter).state == "open"


def test_a_message_that_nobody_could_read_is_translated_by_the_present_contract(desk: Scene) -> None:
    letter = desk.parked(payin("w1", "p1"), "unknown-type")
    progress = desk.run(desk.planned())
    assert progress.answers == {"processed": 1}
    (sent,) = desk.received
    assert (sent.id, sent.group, sent.attributes["type"]) == ("w1", "p1", "payin.create")
    assert read_envelope(sent.attributes["envelope"]).stamp == Stamp("legacy", 0)
    assert desk.found(letter).state == "resolved"


def test_an_effect_that_nobody_took_is_made_due_again_though_its_message_is_done(desk: Scene) -> None:
    letter = desk.undelivered("w1", "1")
    table, key = naming.ledger_table_name(STACK), {"pk": {"S": "w1"}}

    def sweeper(seconds: float) -> None:
        desk.clock.advance(seconds)
        entry = desk.dynamodb.get_item(TableName=table, Key=key)["Item"]
        if desk.clock.monotonic() > 3 and "pending" in entry:
            assert entry["outlet"] == {"S": "waiting"}
            desk.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE pending")

    progress = desk.run(desk.planned(), wait=sweeper)
    assert progress.answers == {"processed": 1}
    assert desk.clock.monotonic() > 3
    assert desk.received == []
    assert desk.found(letter).state == "resolved"


def test_notes_of_a_run_are_in_the_control_table_for_whoever_looks(desk: Scene) -> None:
    desk.letter("w1")
    plan = desk.planned()
    desk.run(plan)
    (record,) = desk.desk.runs.all()
    assert (record.run, record.state, record.letters) == (plan.run, "done", 1)
    assert record.answers == {"processed": 1}
    assert (record.reason, record.ticket) == ("mended", "OPS-1")
