from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from bridge.claim import ClaimingSink
from bridge.port import Entry
from contracts.authority import AuthorityRecord
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import Stamp, read_envelope, write_envelope
from contracts.return_message import ReturnedHold
from tests.fakes.claims import MemoryBucket, MemoryClaimStore
from tests.fakes.message import NAME, padded, payin, received, translated
from tests.fakes.receiver import ReceiverScene
from tests.fakes.sink import MemorySink
from workers.claim import finish
from workers.fate import Behind, DeadLettered, Held, NotComparable, Processed, Retry
from workers.port import Carried
from workers.receiver import BLAMED_RECEIVES

QUEUE = "q"


def shipped(
    scene: ReceiverScene, webhook_id: str = "w1", payin_id: str = "p1", *, stamp: Stamp | None = None, **fields: Any
) -> Entry:
    """A large message as the bridge sends it."""
    body = padded(payin(webhook_id, payin_id, **fields), NAME * (ENTRY_BYTES // len(NAME)))
    entry = translated("payin.create", body)
    if stamp is not None:
        entry = structs.replace(
            entry, envelope=write_envelope(structs.replace(read_envelope(entry.envelope), stamp=stamp))
        )
    sink = MemorySink()
    ClaimingSink(sink, MemoryClaimStore(scene.claims.bucket)).send(QUEUE, [entry])
    (sent,) = sink.taken[QUEUE]
    return sent


def key_of(entry: Entry) -> str:
    assert entry.deposit is not None
    return entry.deposit.key


def finished(scene: ReceiverScene, *entries: Entry) -> set[str]:
    batch = [received(one, record_id=f"r{n}") for n, one in enumerate(entries)]
    finish(scene.claims, batch, scene.receiver.settle(batch))
    return scene.claims.bucket.finished


def test_a_large_message_is_processed_as_a_small_one_is() -> None:
    large, small = ReceiverScene(), ReceiverScene()
    assert large.settle(shipped(large)) == [Processed()]
    assert small.settle(translated("payin.create", payin("w1", "p1"))) == [Processed()]
    assert large.store.rows == small.store.rows
    assert large.attempt("w1").effects == small.attempt("w1").effects


def test_a_body_that_is_not_the_one_is_dead_lettered_with_its_cause_and_its_pointer() -> None:
    for spoilt, cause in ((b"short", "claim:size"), (None, "claim:sha256")):
        scene = ReceiverScene()
        entry = shipped(scene)
        body = scene.claims.bucket.objects[key_of(entry)]
        scene.claims.bucket.objects[key_of(entry)] = body[::-1] if spoilt is None else spoilt
        assert scene.settle(entry) == [DeadLettered(cause)]
        (letter,) = scene.letters.letters
        assert (letter.body, letter.attributes["envelope"]) == (entry.body, entry.envelope)
        assert scene.attempt("w1").cause == cause
        assert NAME not in repr(letter)


def test_a_missing_body_is_dead_lettered_only_after_some_receives() -> None:
    scene = ReceiverScene()
    entry = shipped(scene)
    scene.claims.bucket.objects.clear()
    assert scene.settle(entry, receives=BLAMED_RECEIVES - 1) == [Retry("claim: missing")]
    assert scene.settle(entry, receives=BLAMED_RECEIVES) == [DeadLettered("claim:missing")]


def test_an_outage_of_the_bucket_never_becomes_dead_letters() -> None:
    scene = ReceiverScene()
    entries = [shipped(scene, f"w{n}", f"p{n}") for n in range(3)]
    scene.claims.bucket.away = True
    scene.claims.bucket.calls.clear()
    assert scene.settle(*entries, receives=99) == [Retry("away, says the test")] * 3
    assert len(scene.claims.bucket.calls) == 1, "a function has not the time to wait for each of them"
    assert not scene.letters.letters


def test_nothing_is_fetched_for_what_waits_behind_another() -> None:
    scene = ReceiverScene()
    first, second = shipped(scene, "w1"), shipped(scene, "w2")
    del scene.claims.bucket.objects[key_of(first)]
    scene.claims.bucket.calls.clear()
    assert scene.settle(first, second) == [Retry("claim: missing"), Behind()]
    assert scene.claims.bucket.calls == [("fetch", key_of(first))]


def test_small_messages_go_on_while_the_bucket_is_away() -> None:
    scene = ReceiverScene()
    entry = shipped(scene)
    scene.claims.bucket.away = True
    assert scene.settle(entry, translated("payin.create", payin("w2", "p2")))[1] == Processed()


def test_the_same_id_with_another_large_body_is_an_id_conflict() -> None:
    scene = ReceiverScene()
    scene.settle(shipped(scene))
    assert scene.settle(shipped(scene, amount="1.00")) == [DeadLettered("id-conflict")]


def test_what_the_ledger_keeps_of_a_large_message_is_where_it_lies() -> None:
    scene = ReceiverScene()
    scene.store.records["payin"] = AuthorityRecord("payin", "live", 7, 7)
    entry = shipped(scene, stamp=Stamp("new", 7))
    assert scene.settle(entry) == [Processed()]
    assert scene.store.entries["w1"].commit.carried == Carried(b"", entry.envelope)


def test_a_large_message_goes_back_to_be_held_without_its_body() -> None:
    scene = ReceiverScene()
    scene.store.records["payin"] = AuthorityRecord("payin", "shadow", 9, 9)
    entry = shipped(scene, stamp=Stamp("new", 7))
    assert scene.settle(entry) == [Held()]
    assert scene.returns.sent == [ReturnedHold("payin", "w1", entry.envelope, b"")]
    assert finished(scene, entry) == set()


def test_what_is_finished_is_let_go_of_once_and_again() -> None:
    scene = ReceiverScene()
    entry = shipped(scene)
    assert finished(scene, entry) == {key_of(entry)}
    scene.claims.bucket.finished.clear()
    assert finished(scene, entry) == {key_of(entry)}, "the process before may have died before it said so"


def test_a_copy_that_came_too_late_is_let_go_of() -> None:
    scene = ReceiverScene()
    scene.store.records["payin"] = AuthorityRecord("payin", "live", 9, 9)
    entry = shipped(scene)
    batch = [received(entry, record_id="r0")]
    fates = scene.receiver.settle(batch)
    assert fates == {"r0": NotComparable()}
    finish(scene.claims, batch, fates)
    assert scene.claims.bucket.finished == {key_of(entry)}


@pytest.mark.parametrize("authority", ["legacy", "new"])
def test_what_the_monolith_may_have_to_catch_up_with_stays(authority: str) -> None:
    scene = ReceiverScene()
    if authority == "new":
        scene.store.records["payin"] = AuthorityRecord("payin", "live", 7, 7)
    entry = shipped(scene, stamp=Stamp("new", 7) if authority == "new" else None)
    assert bool(finished(scene, entry)) is (authority == "legacy")


def test_what_is_not_done_with_stays() -> None:
    scene = ReceiverScene()
    rejected, missing = shipped(scene, "w1", amount=...), shipped(scene, "w2", "p2")
    del scene.claims.bucket.objects[key_of(missing)]
    assert finished(scene, rejected, missing) == set()
    assert len(scene.letters.letters) == 1


def test_failing_to_let_go_is_told_and_harms_no_message() -> None:
    scene = ReceiverScene()
    entries = [shipped(scene, f"w{n}", f"p{n}") for n in range(3)]
    batch = [received(one, record_id=f"r{n}") for n, one in enumerate(entries)]
    fates = scene.receiver.settle(batch)
    scene.claims = replace(scene.claims, bucket=MemoryBucket(away=True))
    assert finish(scene.claims, batch, fates) == dict.fromkeys(("r0", "r1", "r2"), "away, says the test")
    assert len(scene.claims.bucket.calls) == 1
    assert set(fates.values()) == {Processed()}
