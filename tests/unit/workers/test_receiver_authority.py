"""What becomes of a message when authority over its family moves: it obeys its stamp, or is not decided about here."""

import base64
import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from bridge.port import Entry
from contracts.authority import AuthorityRecord
from contracts.envelope import Stamp, read_envelope, write_envelope
from contracts.return_message import ReturnedHold
from tests.fakes.message import card_transaction, payin, received, translated
from tests.fakes.receiver import ReceiverScene, failing_for
from workers.fate import AlreadyProcessed, Behind, DeadLettered, Held, NotComparable, Processed, Retry
from workers.logic.decision import RejectedMessageError
from workers.port import Carried, Commit
from workers.receiver import BLAMED_RECEIVES

NEW = Stamp("new", 4)
LIVE = AuthorityRecord("payin", "live", 4, 4)
BACK = AuthorityRecord("payin", "shadow", 8, 8)


def stamped(entry: Entry, stamp: Stamp) -> Entry:
    envelope = structs.replace(read_envelope(entry.envelope), stamp=stamp)
    return structs.replace(entry, envelope=write_envelope(envelope))


def created(webhook_id: str = "w1", payin_id: str = "p1", *, stamp: Stamp = NEW, **fields: Any) -> Entry:
    return stamped(translated("payin.create", payin(webhook_id, payin_id, **fields)), stamp)


def live(record: AuthorityRecord = LIVE, **arguments: Any) -> ReceiverScene:
    scene = ReceiverScene(**arguments)
    scene.store.records["payin"] = record
    return scene


def test_a_message_that_new_has_authority_over_leaves_and_is_kept_whole() -> None:
    scene, entry = live(), created()
    assert scene.settle(entry) == [Processed()]
    commit = scene.store.entries["w1"].commit
    assert commit.leaves
    assert (commit.authority, commit.epoch, commit.sequence) == ("new", 4, 1)
    assert commit.carried == Carried(entry.body.encode(), entry.envelope)
    assert scene.store.heads["default#payin#p1"] == (1, 4)


def test_the_legacy_bytes_are_kept_not_the_form_in_which_they_travelled() -> None:
    entry, body = created(), payin("w1", "p1")
    envelope = structs.replace(read_envelope(entry.envelope), body_encoding="base64")
    travelling = structs.replace(entry, body=base64.b64encode(body).decode(), envelope=write_envelope(envelope))
    for record, kept in ((LIVE, True), (BACK, False)):
        scene = live(record)
        scene.settle(travelling)
        if kept:
            carried = scene.store.entries["w1"].commit.carried
            assert carried is not None
            assert carried.body == body
        else:
            assert scene.returns.sent == [ReturnedHold("payin", "w1", travelling.envelope, body)]


def test_nothing_of_a_copy_leaves() -> None:
    scene = ReceiverScene()
    scene.settle(created(stamp=Stamp("legacy", 0)))
    commit = scene.store.entries["w1"].commit
    assert (commit.leaves, commit.carried, commit.authority) == (False, None, "legacy")


def test_a_message_whose_authority_has_moved_goes_back_and_leaves_no_trace() -> None:
    scene, entry = live(BACK), created()
    assert scene.settle(entry) == [Held()]
    assert scene.returns.sent == [ReturnedHold("payin", "w1", entry.envelope, entry.body.encode())]
    assert scene.returns.groups == ["payin#p1"]
    assert (scene.store.entries, scene.store.rows, scene.store.stale, scene.letters.letters) == ({}, {}, {}, [])


def test_a_message_that_is_held_twice_goes_back_once_until_it_is_stamped_anew() -> None:
    scene = live(BACK)
    scene.settle(created())
    scene.settle(created())
    assert len(scene.returns.sent) == 1
    scene.store.records["payin"] = AuthorityRecord("payin", "live", 16, 16)
    scene.settle(created(stamp=Stamp("new", 12)))
    assert len(scene.returns.sent) == 2


def test_a_copy_that_came_too_late_is_noted_and_touches_no_record() -> None:
    scene = live()
    assert scene.settle(created(stamp=Stamp("legacy", 0))) == [NotComparable()]
    assert set(scene.store.stale) == {"w1"}
    stale = scene.store.stale["w1"]
    assert (stale.type, stale.aggregate.key, stale.epoch) == ("payin.create", "p1", 0)
    assert (scene.store.entries, scene.store.rows, scene.returns.sent) == ({}, {}, [])


def test_what_is_done_already_is_that_whatever_has_moved_since() -> None:
    scene = live()
    scene.settle(created())
    scene.store.records["payin"] = BACK
    assert scene.settle(created()) == [AlreadyProcessed()]
    assert scene.settle(created(), created("w2", "p2")) == [AlreadyProcessed(), Held()]
    assert [one.id for one in scene.returns.sent if isinstance(one, ReturnedHold)] == ["w2"]


def test_what_was_done_as_a_copy_past_the_router_does_not_vanish_without_its_effects() -> None:
    scene = ReceiverScene()
    assert scene.settle(created(stamp=Stamp("legacy", 0))) == [Processed()]
    scene.store.records["payin"] = LIVE
    rows = dict(scene.store.rows)
    assert scene.settle(created()) == [DeadLettered("copy-only")]
    assert scene.store.rows == rows
    scene.store.control_final.add("w1")
    assert scene.settle(created()) == [AlreadyProcessed()]


def test_what_new_has_done_and_the_monolith_has_caught_up_with_ends_here_though_its_stamp_is_stale() -> None:
    """A router resolves its doubt about such a message for new; handed back, it would go round for ever."""
    scene = live()
    scene.settle(created())
    scene.store.control_final.add("w1")
    scene.store.records["payin"] = BACK
    for stamp in (NEW, Stamp("new", BACK.stamp_epoch)):
        assert scene.settle(created(stamp=stamp)) == [AlreadyProcessed()]
    assert scene.returns.sent == []


def test_stamps_of_before_and_after_a_move_can_come_in_one_batch() -> None:
    scene = live()
    fates = scene.settle(
        created("w1", "p1"),
        created("w2", "p2", stamp=Stamp("legacy", 0)),
        created("w3", "p3", stamp=Stamp("new", 2)),
        created("w4", "p4"),
        created("w5", "p2"),
    )
    assert fates == [Processed(), NotComparable(), Held(), Processed(), Processed()]
    assert set(scene.store.entries) == {"w1", "w4", "w5"}


def test_held_messages_of_a_key_go_back_in_their_order() -> None:
    scene = live(BACK)
    assert scene.settle(created("w1"), created("w2"), created("w3")) == [Held()] * 3
    assert [one.id for one in scene.returns.sent if isinstance(one, ReturnedHold)] == ["w1", "w2", "w3"]


def test_a_message_that_cannot_go_back_now_keeps_its_group_behind_it() -> None:
    scene = live(BACK)
    scene.returns.refuse = True
    assert scene.settle(created("w1"), created("w2"), receives=99) == [Retry("refused by the test"), Behind()]
    assert scene.letters.letters == []


@pytest.mark.parametrize("fields", [{"amount": ...}, {"amount": "many"}])
def test_a_stale_message_that_cannot_be_read_is_not_ours_to_refuse(fields: dict[str, Any]) -> None:
    scene = live(BACK)
    assert scene.settle(created(**fields)) == [Held()]
    assert live().settle(created(**fields, stamp=Stamp("legacy", 0))) == [NotComparable()]
    assert (scene.letters.letters, scene.store.entries) == ([], {})


def test_a_message_that_raises_goes_back_once_authority_has_moved() -> None:
    scene = live(handlers=failing_for("p1", ZeroDivisionError()))
    assert isinstance(scene.settle(created(), receives=1)[0], Retry)
    scene.store.records["payin"] = BACK
    assert scene.settle(created(), receives=2) == [Held()]


def test_records_that_cannot_be_opened_do_not_hide_that_a_message_is_stale() -> None:
    scene = live(BACK)
    scene.store.broken = {"default#payin#p1"}
    assert isinstance(scene.settle(created())[0], Retry)
    assert scene.settle(created(), receives=BLAMED_RECEIVES) == [Held()]
    assert scene.letters.letters == []


def test_a_rejection_says_whose_authority_it_was() -> None:
    scene = live()
    assert scene.settle(created(amount=...), receives=3) == [DeadLettered("model:object_payload.payins.0.amount")]
    commit = scene.store.entries["w1"].commit
    assert (commit.authority, commit.epoch, commit.leaves) == ("new", 4, False)
    assert [letter.receives for letter in scene.letters.letters] == [3]


def test_an_unreadable_message_that_is_done_already_is_no_letter() -> None:
    """A replay whose model has become stricter meanwhile."""
    scene = live()
    entry = created(amount=...)
    scene.settle(entry)
    scene.store.entries["w1"].attempt = dataclasses.replace(scene.attempt("w1"), ending="done")
    assert scene.settle(entry) == [AlreadyProcessed()]
    assert len(scene.letters.letters) == 1


def test_a_copy_that_is_processed_while_it_is_found_stale_is_not_noted_as_stale() -> None:
    scene, other = live(), ReceiverScene()
    entry = created(stamp=Stamp("legacy", 0))
    mark = scene.store.mark_stale

    def be_faster(stale: Any) -> None:
        scene.store.mark_stale = mark  # type: ignore[method-assign]
        other.settle(entry)
        scene.store.entries.update(other.store.entries)
        mark(stale)

    scene.store.mark_stale = be_faster  # type: ignore[method-assign]
    assert scene.settle(entry) == [AlreadyProcessed()]
    assert scene.store.stale == {}


def test_a_replay_that_is_processed_or_rejected_names_its_run() -> None:
    scene = live()
    for number, entry in enumerate((created(), created("w2", "p2", amount=...))):
        record = received(entry, record_id=f"r{number}")
        scene.settle_records(structs.replace(record, attributes={**record.attributes, "replay": "run-1"}))
    assert [scene.store.entries[one].commit.replay for one in ("w1", "w2")] == ["run-1"] * 2
    assert scene.letters.letters[0].attributes["replay"] == "run-1"


def test_an_unordered_family_goes_back_by_its_key_too() -> None:
    scene = ReceiverScene("cardtransaction")
    scene.store.records["cardtransaction"] = dataclasses.replace(BACK, family="cardtransaction")
    entry = stamped(translated("cardtransaction.create", card_transaction("c1"), message_id="m1"), Stamp("new", 4))
    assert scene.settle(entry) == [Held()]
    assert scene.returns.groups == ["cardtransaction#c1"]


def test_a_move_between_reading_and_writing_is_found_by_its_epoch() -> None:
    scene = live()

    def be_faster(_: Sequence[Commit]) -> None:
        scene.store.before_commit = lambda _: None
        scene.store.heads["default#payin#p1"] = (1, 8)
        scene.store.records["payin"] = AuthorityRecord("payin", "live", 8, 8)

    scene.store.before_commit = be_faster
    assert scene.settle(created()) == [Held()]
    assert scene.store.entries == {}


def test_what_the_monolith_has_ended_before_the_move_has_no_effects_of_ours() -> None:
    """Its publisher sends it again after the family went live; legacy had made no copy of it."""
    scene = live()
    scene.store.control_final = {"w1"}
    assert scene.settle(created(), created("w2", "p2")) == [AlreadyProcessed(), Processed()]
    assert scene.store.calls == ["load", "load", "load", "commit"], "nothing is written that would be refused"
    assert set(scene.store.entries) == {"w2"}
    assert "default#payin#p1" not in scene.store.heads


def test_a_copy_that_we_rejected_stays_the_monoliths_when_it_comes_again_after_the_move() -> None:
    scene = ReceiverScene(handlers=failing_for("p1", RejectedMessageError("not yet")))
    scene.settle(created(stamp=Stamp("legacy", 0)))
    scene.store.control_final = {"w1"}
    known, mended = scene.store.entries["w1"], live(store=scene.store)
    assert mended.settle(created()) == [AlreadyProcessed()]
    assert scene.store.entries["w1"] is known
    assert scene.store.rows == {}


def test_a_copy_is_processed_however_early_the_monolith_was() -> None:
    scene = ReceiverScene()
    scene.store.control_final = {"w1", "w2"}
    copies = [created(f"w{n}", f"p{n}", stamp=Stamp("legacy", 0)) for n in (1, 2)]
    assert scene.settle(*copies) == [Processed()] * 2
    assert scene.store.calls == ["load", "commit"], "no copy goes singly for that"


@pytest.mark.parametrize("record", [LIVE, BACK])
@pytest.mark.parametrize("fields", [{}, {"amount": ...}])
def test_what_the_monolith_has_ended_is_neither_held_nor_put_aside(
    record: AuthorityRecord, fields: dict[str, Any]
) -> None:
    scene = live(record)
    scene.store.control_final = {"w1"}
    assert scene.settle(created(**fields)) == [AlreadyProcessed()]
    assert (scene.store.entries, scene.letters.letters, scene.returns.sent) == ({}, [], [])


@pytest.mark.parametrize("others", [0, 1])
def test_an_outcome_of_the_monoliths_between_reading_and_writing_is_seen(others: int) -> None:
    scene = live()

    def be_faster(_: Sequence[Commit]) -> None:
        scene.store.control_final = {"w1"}

    scene.store.before_commit = be_faster
    batch = [created(), *(created(f"o{n}", f"q{n}") for n in range(others))]
    assert scene.settle(*batch) == [AlreadyProcessed(), *[Processed()] * others]
    assert set(scene.store.entries) == {f"o{n}" for n in range(others)}


def test_a_rejection_that_the_monolith_overtakes_ends_as_the_monoliths() -> None:
    scene = live(handlers=failing_for("p1", RejectedMessageError("not yet")))

    def be_faster(_: Sequence[Commit]) -> None:
        scene.store.control_final = {"w1"}

    scene.store.before_commit = be_faster
    assert scene.settle(created()) == [DeadLettered("rejected:not yet")]
    assert scene.store.entries == {}
    assert scene.settle(created()) == [AlreadyProcessed()]


def test_a_message_that_we_alone_rejected_is_processed_once_its_cause_is_mended() -> None:
    scene = live(handlers=failing_for("p1", RejectedMessageError("not yet")))
    assert scene.settle(created()) == [DeadLettered("rejected:not yet")]
    assert live(store=scene.store).settle(created()) == [Processed()]
    assert scene.store.entries["w1"].commit.leaves


def test_what_the_monolith_catches_up_with_stays_done() -> None:
    scene = live()
    scene.settle(created())
    before = scene.store.entries["w1"]
    scene.store.control_final = {"w1"}
    assert scene.settle(created()) == [AlreadyProcessed()]
    assert scene.store.entries["w1"] is before
