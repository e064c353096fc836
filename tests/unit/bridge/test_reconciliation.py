from hypothesis import given
from hypothesis import strategies as st

from bridge.reconciliation import Entry, JournalReading, Place, QueueAccount, reconcile

QUEUE = "strangler.tap.payin"


def entry(name: str, place: Place | None, at: float = 1.0, queue: str = QUEUE) -> Entry:
    return Entry(1, queue, "payin.create", name, f"digest-{name}", at, place)


def journal(*entries: Entry, running: bool = False, name: str = "ship-1") -> JournalReading:
    return JournalReading(name, running, entries)


def test_every_decision_is_counted_for_its_queue() -> None:
    found = reconcile(
        [
            journal(entry("w1", "accepted"), entry("w2", "quarantined"), entry("w3", "accepted")),
            journal(
                *(entry(place, place, queue="monolith.payin") for place in ("legacy", "new", "held")), name="route-1"
            ),
        ]
    )
    assert found.journals == ("ship-1", "route-1")
    assert found.queues == (
        QueueAccount("monolith.payin", legacy=1, new=1, held=1),
        QueueAccount(QUEUE, accepted=2, quarantined=1),
    )
    assert [one.consumed for one in found.queues] == [3, 3]
    assert found.missing == ()


def test_what_was_given_back_and_never_came_again_is_missing() -> None:
    found = reconcile([journal(entry("w1", "returned", 2.0), entry("w2", "accepted"), running=True)])
    (one,) = found.missing
    assert (one.id, one.queue, one.journal, one.why) == ("w1", QUEUE, "ship-1", "given back, and has not come again")
    assert found.queues[0].missing == 1


def test_what_was_given_back_may_have_come_again_to_another_process() -> None:
    first = journal(entry("w1", "returned", 1.0))
    second = journal(entry("w1", "accepted", 2.0), name="ship-2")
    assert len(reconcile([first]).missing) == 1
    found = reconcile([first, second])
    assert found.missing == ()
    assert found.queues == (QueueAccount(QUEUE, accepted=1, redelivered=1),)


def test_an_earlier_delivery_accounts_for_nothing() -> None:
    found = reconcile([journal(entry("w1", "accepted", 1.0), entry("w1", "returned", 2.0))])
    assert len(found.missing) == 1


def test_the_same_id_with_other_bytes_accounts_for_nothing() -> None:
    other = Entry(2, QUEUE, "payin.create", "w1", "other bytes", 2.0, "accepted")
    assert len(reconcile([journal(entry("w1", "returned", 1.0), other)]).missing) == 1


def test_what_a_running_process_has_in_hand_is_not_missing() -> None:
    assert reconcile([journal(entry("w1", None), running=True)]).queues == (QueueAccount(QUEUE, in_hand=1),)


def test_what_a_process_that_has_ended_had_in_hand_is_missing_until_it_comes_again() -> None:
    ended = journal(entry("w1", None, 1.0))
    assert [one.why for one in reconcile([ended]).missing] == ["in hand of a process that has ended"]
    assert reconcile([ended, journal(entry("w1", "held", 2.0), name="ship-2")]).missing == ()


PLACES: tuple[Place | None, ...] = (
    "accepted", "legacy", "new", "held", "quarantined", "returned", "redelivered", None
)  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(PLACES), st.sampled_from("qr"), st.booleans())))
def test_every_delivery_is_counted_exactly_once(drawn: list[tuple[str, Place | None, str, bool]]) -> None:
    entries = [(entry(name, place, float(at), queue), one) for at, (name, place, queue, one) in enumerate(drawn)]
    readings = [
        journal(*(one for one, first in entries if first), running=True),
        journal(*(one for one, first in entries if not first), name="ship-2"),
    ]
    found = reconcile(readings)
    assert sum(account.consumed for account in found.queues) == len(drawn)
    assert sum(account.missing for account in found.queues) == len(found.missing)
