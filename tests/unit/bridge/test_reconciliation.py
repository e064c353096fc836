from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from bridge.reconciliation import Entry, JournalReading, Message, Place, QueueAccount, reconcile

QUEUE = "strangler.tap.payin"


def entry(name: str, place: Place | None, at: float = 1.0, queue: str = QUEUE) -> Entry:
    return Entry(1, queue, "payin.create", name, f"digest-{name}", at, place)


def message(name: str, queue: str = QUEUE) -> Message:
    return queue, name, f"digest-{name}"


def journal(
    *unresolved: Entry,
    places: dict[tuple[str, Place], int] | None = None,
    again: dict[Message, int] | None = None,
    running: bool = False,
    name: str = "ship-1",
) -> JournalReading:
    return JournalReading(name, running, places or {}, unresolved, again or {})


def test_every_decision_is_counted_for_its_queue() -> None:
    routed = "monolith.payin"
    found = reconcile(
        [
            journal(places={(QUEUE, "accepted"): 2, (QUEUE, "quarantined"): 1, (QUEUE, "redelivered"): 4}),
            journal(places={(routed, "legacy"): 1, (routed, "new"): 1, (routed, "held"): 1}, name="route-1"),
        ]
    )
    assert found.journals == ("ship-1", "route-1")
    assert found.queues == (
        QueueAccount(routed, legacy=1, new=1, held=1),
        QueueAccount(QUEUE, accepted=2, quarantined=1, redelivered=4),
    )
    assert [one.consumed for one in found.queues] == [3, 7]
    assert found.missing == ()


def test_what_was_given_back_and_never_came_again_is_missing() -> None:
    found = reconcile([journal(entry("w1", "returned", 2.0), places={(QUEUE, "accepted"): 1}, running=True)])
    (one,) = found.missing
    assert (one.id, one.queue, one.journal, one.why) == ("w1", QUEUE, "ship-1", "given back, and has not come again")
    assert found.queues == (QueueAccount(QUEUE, accepted=1, missing=1),)


def test_what_was_given_back_may_have_come_again_to_another_process_whatever_its_clock_says() -> None:
    first = journal(entry("w1", "returned", 100.0))
    second = journal(places={(QUEUE, "accepted"): 1}, again={message("w1"): 1}, name="ship-2")
    assert len(reconcile([first]).missing) == 1
    found = reconcile([second, first])
    assert found.missing == ()
    assert found.queues == (QueueAccount(QUEUE, accepted=1, redelivered=1),)


def test_one_that_came_again_accounts_for_one_that_was_given_back() -> None:
    """Its sender published it twice; both were given back, and one came again."""
    first = journal(entry("w1", "returned", 1.0), entry("w1", "returned", 2.0))
    second = journal(places={(QUEUE, "accepted"): 1}, again={message("w1"): 1}, name="ship-2")
    found = reconcile([first, second])
    assert found.queues == (QueueAccount(QUEUE, accepted=1, redelivered=1, missing=1),)
    assert [one.taken_at for one in found.missing] == [2.0]


def test_the_same_id_with_other_bytes_or_in_another_queue_accounts_for_nothing() -> None:
    for other in (("q", "w1", "digest-w1"), (QUEUE, "w1", "other bytes")):
        assert len(reconcile([journal(entry("w1", "returned"), again={other: 1})]).missing) == 1


def test_what_a_running_process_has_in_hand_is_not_missing() -> None:
    assert reconcile([journal(entry("w1", None), running=True)]).queues == (QueueAccount(QUEUE, in_hand=1),)


def test_what_a_process_that_has_ended_had_in_hand_is_missing_until_it_comes_again() -> None:
    ended = journal(entry("w1", None, 1.0))
    assert [one.why for one in reconcile([ended]).missing] == ["in hand of a process that has ended"]
    assert reconcile([ended, journal(again={message("w1"): 1}, name="ship-2")]).missing == ()


PLACES: tuple[Place, ...] = ("accepted", "legacy", "new", "held", "quarantined", "redelivered")
NAMES = st.sampled_from("abc")


@given(
    st.lists(st.tuples(NAMES, st.sampled_from(["returned", None]), st.sampled_from("qr"))),
    st.dictionaries(st.tuples(st.sampled_from("qr"), st.sampled_from(PLACES)), st.integers(1, 9)),
    st.dictionaries(st.tuples(NAMES, st.sampled_from("qr")), st.integers(-1, 3)),
)
def test_every_delivery_is_counted_exactly_once_and_none_is_excused_twice(
    unresolved: list[tuple[str, Place | None, str]],
    places: dict[tuple[str, Place], int],
    again: dict[tuple[str, str], int],
) -> None:
    entries = [entry(name, place, float(at), queue) for at, (name, place, queue) in enumerate(unresolved)]
    came = {message(name, queue): count for (name, queue), count in again.items()}
    found = reconcile([journal(*entries, places=places, again=came)])
    assert sum(one.consumed for one in found.queues) == len(unresolved) + sum(places.values())
    wanted = Counter((one.queue, one.id, one.digest) for one in entries)
    missing = sum(max(0, count - max(0, came.get(key, 0))) for key, count in wanted.items())
    assert len(found.missing) == sum(one.missing for one in found.queues) == missing
