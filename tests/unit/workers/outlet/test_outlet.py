"""What leaves, what is noted, and what is sent again after a crash."""

from typing import Any

import pytest

from contracts import point
from contracts.effect_id import read_effect_id
from tests.fakes.message import NAME
from tests.fakes.outcome import message, row, webhook
from tests.fakes.table import LEDGER
from tests.unit.workers.outlet.conftest import OutletScene
from workers.fate import UnavailableError

ALL = ["w1:event", "w1:1", "w1:2"]


class KilledError(BaseException):
    """The function is gone, as far as it can tell."""


def kill_at(name: str, times: int = 1) -> None:
    left = [name] * times

    def kill(reached: str) -> None:
        if left and reached == left[-1]:
            left.pop()
            raise KilledError

    point.hook(kill)


def test_everything_that_is_pending_leaves_and_is_noted(scene: OutletScene) -> None:
    scene.commit("w1")
    (done,) = scene.leave("w1")
    assert scene.received.effects == ALL
    assert done.sent == {"event": 1, "message": 1, "webhook": 1}
    entry = scene.entry()
    assert (entry["outlet"], entry["left_at"]) == ("left", "2026-11-21T10:00:00.000Z")
    assert not {"outlet_of", "due_at", "pending"} & set(entry)
    assert entry["revision"] == "1", "the judge's revision is not the outlets' business"


def test_what_has_left_does_not_leave_again(scene: OutletScene) -> None:
    scene.commit("w1")
    scene.leave("w1")
    (again,) = scene.leave("w1")
    assert (again.sent, again.failed) == ({}, {})
    assert scene.sweep() == {}
    assert scene.received.effects == ALL


def test_a_message_that_is_named_twice_leaves_once(scene: OutletScene) -> None:
    scene.commit("w1")
    scene.leave("w1", "w1")
    assert scene.received.effects == ALL


def test_many_messages_leave_side_by_side(scene: OutletScene) -> None:
    ids = [f"w{n}" for n in range(12)]
    scene.commit(*ids)
    scene.leave(*ids)
    assert len(scene.received.effects) == 36
    assert scene.received.repeated == set()
    assert {scene.entry(one)["outlet"] for one in ids} == {"left"}


def test_an_entry_of_which_nothing_is_known_or_nothing_leaves_is_passed_over(scene: OutletScene) -> None:
    scene.client.put_item(TableName=LEDGER, Item={"pk": {"S": "w2"}, "control_seen": {"S": "yes"}})
    (one, other) = scene.leave("w1", "w2")
    assert (one.sent, other.sent) == ({}, {})


@pytest.mark.parametrize(
    "name",
    ["outlet.opened", "outlet.sent", "outlet.sent.event", "outlet.sent.message", "outlet.sent.webhook", "outlet.noted"],
)
def test_an_outlet_that_is_killed_loses_nothing_and_repeats_by_the_same_id(scene: OutletScene, name: str) -> None:
    scene.commit("w1")
    kill_at(name)
    with pytest.raises(KilledError):
        scene.leave("w1")
    before = list(scene.received.effects)
    assert scene.sweep() == {}, "nothing is due before the stream has had its chance"
    scene.later(seconds=60)
    for future in scene.sweep().values():
        future.result()
    assert set(scene.received.effects) == set(ALL)
    assert scene.entry()["outlet"] == "left"
    noted = name == "outlet.noted"
    assert scene.received.repeated == (set() if noted else set(before)), "what was sent and not noted is sent again"
    assert all(read_effect_id(one)[0] == "w1" for one in scene.received.effects)


@pytest.mark.parametrize("kind", ["event", "message", "webhook"])
def test_each_kind_that_is_killed_between_sending_and_noting_is_repeated(scene: OutletScene, kind: str) -> None:
    scene.commit("w1")
    kill_at(f"outlet.sent.{kind}")
    with pytest.raises(KilledError):
        scene.leave("w1")
    scene.later(minutes=1)
    scene.sweep()
    ordinal = {"event": "event", "message": "1", "webhook": "2"}[kind]
    assert f"w1:{ordinal}" in scene.received.repeated
    assert set(ALL) == set(scene.received.effects)


def test_a_sweeper_that_is_killed_is_followed_by_the_next_one(scene: OutletScene) -> None:
    scene.commit("w1")
    scene.later(minutes=2)
    kill_at("outlet.sent", times=3)
    for _ in range(4):
        scene.sweep()
    assert set(scene.received.effects) == set(ALL)
    assert scene.entry()["outlet"] == "left"


def test_what_the_stream_has_missed_is_swept(scene: OutletScene) -> None:
    scene.commit("w1")
    scene.later(seconds=59)
    assert scene.sweep() == {}
    scene.later(seconds=1)
    assert set(scene.sweep()) == {"w1"}
    assert scene.received.effects == ALL


@pytest.mark.parametrize("kind", ["event", "message", "webhook"])
def test_only_what_failed_is_tried_again_and_later_each_time(scene: OutletScene, kind: str) -> None:
    channel: Any = {"event": scene.events, "message": scene.returns, "webhook": scene.webhooks}[kind]
    channel.refuse = 3
    scene.commit("w1")
    (done,) = scene.leave("w1")
    assert done.failed == {kind: 1}
    entry = scene.entry()
    ordinal = {"event": "event", "message": "1", "webhook": "2"}[kind]
    assert (entry["outlet"], entry["pending"], entry["outlet_tries"]) == ("waiting", [ordinal], "1")
    waits = []
    for _ in range(3):
        wait_s = 0
        while not scene.sweep():
            scene.later(seconds=10)
            wait_s += 10
        waits.append(wait_s)
    assert waits == [30, 60, 120]
    assert sorted(scene.received.effects) == sorted(ALL)
    assert scene.entry()["outlet"] == "left"


def test_a_follow_up_message_does_not_overtake_one_that_could_not_be_sent(scene: OutletScene) -> None:
    scene.commit("w1", effects=[message("1"), message("2"), message("3"), webhook("4", "s")])
    scene.returns.refuse = 1
    (done,) = scene.leave("w1")
    assert done.failed == {"message": 1}
    assert set(scene.entry()["pending"]) == {"0", "1", "2"}
    scene.later(hours=1)
    scene.sweep()
    assert [one.body for one in scene.returns.sent] == [b"1", b"2", b"3"]


def test_a_partner_that_is_slow_holds_up_nobody_elses_events_and_messages(scene: OutletScene) -> None:
    ids = [f"w{n}" for n in range(12)]
    scene.commit(*ids)
    seen: list[int] = []
    scene.webhooks.before = lambda _: seen.append(len(scene.events.events))
    scene.leave(*ids)
    assert min(seen) >= len(ids) - 8


def test_without_time_for_partners_the_rest_leaves_and_they_stay_due(scene: OutletScene) -> None:
    scene.commit("w1")
    scene.in_time = False
    (done,) = scene.leave("w1")
    assert done.failed == {}
    entry = scene.entry()
    assert (entry["outlet"], entry["pending"], entry["outlet_tries"]) == ("waiting", ["2"], "0")
    scene.in_time = True
    assert set(scene.sweep()) == {"w1"}, "at once: nobody has refused it"
    assert scene.received.effects == ALL


def test_two_senders_at_once_do_no_harm_and_say_what_they_have_repeated(scene: OutletScene) -> None:
    scene.commit("w1")
    other = OutletScene(scene.client)

    def be_faster(_: object) -> None:
        scene.webhooks.before = lambda _: None
        other.leave("w1")

    scene.webhooks.before = be_faster
    (done,) = scene.leave("w1")
    assert done.repeated == {"event": 1, "message": 1, "webhook": 1}
    assert scene.entry()["outlet"] == "left"
    assert scene.entry()["outlet_tries"] == "0"


def test_a_sender_who_failed_does_not_undo_what_a_faster_one_has_sent(scene: OutletScene) -> None:
    scene.commit("w1")
    other = OutletScene(scene.client)
    other.returns.refuse = 1

    def be_faster(_: object) -> None:
        scene.webhooks.before = lambda _: None
        other.leave("w1")

    scene.webhooks.before = be_faster
    scene.events.refuse = 1
    (done,) = scene.leave("w1")
    assert done.repeated == {"webhook": 1}
    assert scene.entry()["outlet"] == "left", "one has sent the event, the other one the message"


def test_a_webhook_that_nobody_takes_for_three_days_becomes_a_letter(scene: OutletScene) -> None:
    scene.webhooks.refuse = 1_000
    scene.commit("w1")
    scene.leave("w1")
    scene.later(days=2, hours=23)
    scene.sweep()
    assert scene.letters.letters == {}
    scene.later(hours=1)
    scene.sweep()
    ((_, letter),) = scene.letters.letters.items()
    assert (letter.cause, letter.effect, letter.message_id) == (
        "webhook-undeliverable:payin.booked",
        "w1:2",
        "w1",
    )
    assert (letter.business_key, letter.type, letter.family, letter.attempts) == ("key-w1", "payin.create", "payin", 3)
    assert letter.content.body == '{"webhook":"payin.booked"}'
    entry = scene.entry()
    assert (entry["outlet"], entry["given_up"]) == ("left", ["2"])
    scene.later(days=1)
    assert scene.sweep() == {}


def test_an_effect_that_should_have_left_long_ago_is_told_of_until_it_has(scene: OutletScene) -> None:
    scene.webhooks.refuse = 2
    scene.commit("w1")
    assert [done.overdue for done in scene.leave("w1")] == [False]
    scene.later(minutes=10)
    assert [done.result().overdue for done in scene.sweep().values()] == [True]
    scene.later(hours=1)
    assert [done.result().overdue for done in scene.sweep().values()] == [False], "it has left"


def test_a_webhook_that_was_given_up_on_is_told_of_as_a_letter(scene: OutletScene) -> None:
    scene.webhooks.refuse = 1
    scene.commit("w1")
    scene.later(days=3)
    (done,) = scene.leave("w1")
    assert (done.letters, done.overdue) == (1, False)


def test_a_webhook_that_was_given_up_on_can_leave_again(scene: OutletScene) -> None:
    scene.webhooks.refuse = 1
    scene.commit("w1")
    scene.later(days=4)
    scene.leave("w1")
    assert not scene.entries.reopen("w1", "1", scene.now)
    assert scene.entries.reopen("w1", "2", scene.now)
    assert not scene.entries.reopen("w1", "2", scene.now)
    scene.sweep()
    assert scene.received.effects == ALL
    assert "given_up" not in scene.entry()


def test_what_should_have_left_long_ago_is_told(scene: OutletScene) -> None:
    scene.webhooks.refuse = 3
    scene.commit("w1")
    (first,) = scene.leave("w1")
    scene.later(minutes=10)
    (second,) = scene.leave("w1")
    assert (first.overdue, second.overdue, second.letters) == (False, True, 0)
    scene.later(days=3)
    (last,) = scene.leave("w1")
    assert (last.overdue, last.letters) == (False, 1)


def test_a_letter_that_cannot_be_written_keeps_its_webhook_pending(scene: OutletScene) -> None:
    scene.webhooks.refuse, scene.letters.refuse = 1, True
    scene.commit("w1")
    scene.later(days=4)
    (done,) = scene.leave("w1")
    assert scene.entry()["pending"] == ["2"]
    assert done.reasons == ["webhook: 503", "UpdateItem: ThrottlingException"]


@pytest.mark.parametrize("change", ["moved", "cut", "unknown ordinal"])
def test_an_outcome_that_cannot_be_used_is_tried_ever_later_and_told(scene: OutletScene, change: str) -> None:
    scene.commit("w1", "w2")
    update, value = "candidate = :value", scene.entry("w2")["candidate"]
    values: Any = {":value": {"B": value if change == "moved" else value[:-1]}}
    if change == "unknown ordinal":
        update, values = "pending = :value", {":value": {"SS": ["0"]}}
    scene.client.update_item(
        TableName=LEDGER,
        Key={"pk": {"S": "w1"}},
        UpdateExpression=f"SET {update}",
        ExpressionAttributeValues=values,
    )
    (done,) = scene.leave("w1")
    assert done.reasons == ["UnknownOrdinalError" if change == "unknown ordinal" else "BrokenSealError"]
    entry = scene.entry()
    assert (entry["outlet"], entry["outlet_tries"], entry["due_at"]) == ("waiting", "1", "2026-11-21T10:00:30.000Z")
    assert scene.received.effects == []


def test_an_outage_of_the_ledger_leaves_the_entry_to_the_sweeper(
    scene: OutletScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.commit("w1")

    def refuse(*_: object) -> None:
        raise UnavailableError("UpdateItem: ThrottlingException")

    with monkeypatch.context() as patch:
        patch.setattr(scene.entries, "note", refuse)
        with pytest.raises(UnavailableError):
            scene.leave("w1")
    scene.later(minutes=1)
    scene.sweep()
    assert set(scene.received.effects) == scene.received.repeated == set(ALL)


def test_nothing_that_is_told_of_a_round_holds_a_value(scene: OutletScene) -> None:
    scene.commit("w1", effects=[row(debtor_name=NAME), webhook(NAME, "s")])
    scene.webhooks.refuse = 1
    scene.later(days=4)
    (done,) = scene.leave("w1")
    ((_, letter),) = scene.letters.letters.items()
    assert NAME not in repr(done)
    assert NAME not in repr(letter)
    assert NAME not in repr(scene.events.events)
    assert NAME not in scene.events.events[0].detail
