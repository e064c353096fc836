"""The history checker finds each flaw that is planted, and nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rig.history import Accepted, Ended, Finding, Published, judge

KEYS = ("p1", "p2", "p3")


def history(count: int = 9) -> tuple[list[Published], list[Accepted]]:
    """A good run: so many messages of three keys, accepted as they were published."""
    published = [Published(f"w{n}", f"digest {n}", KEYS[n % len(KEYS)]) for n in range(count)]
    return published, [Accepted(one.id, one.digest, f"dedup {one.id}") for one in published]


def faults(finding: Finding) -> dict[str, Sequence[str]]:
    return dict(finding.faults)


def test_a_good_run_has_no_faults() -> None:
    published, accepted = history()

    finding = judge(published, accepted)

    assert faults(finding) == {}
    assert (finding.published, finding.accepted, finding.duplicates) == (9, 9, 0)
    assert "nothing wrong" in finding.as_text()


def test_a_message_that_is_nowhere_is_lost() -> None:
    published, accepted = history()
    assert faults(judge(published, accepted[:4] + accepted[5:])) == {"lost": ("w4",)}


def test_a_message_that_the_broker_never_confirmed_is_not_lost() -> None:
    published, accepted = history()
    published[4] = replace(published[4], confirmed=False)
    assert faults(judge(published, accepted[:4] + accepted[5:])) == {}
    assert faults(judge(published, accepted)) == {}


@pytest.mark.parametrize("queue", ["strangler.invalid", "strangler.tap.payin"])
def test_a_message_in_a_queue_of_rabbitmq_is_not_lost(queue: str) -> None:
    published, accepted = history()

    finding = judge(published, accepted[:-1], [Ended(queue, "digest 8")])

    assert faults(finding) == {}
    assert finding.set_aside == {queue: 1}
    assert finding.twice == ()


def test_a_message_that_was_accepted_and_put_aside_is_in_two_places() -> None:
    published, accepted = history()
    assert judge(published, accepted, [Ended("strangler.invalid", "digest 3")]).twice == ("w3",)


def test_a_second_acceptance_is_a_duplicate_whether_it_was_swallowed_or_not() -> None:
    published, accepted = history()
    again = [replace(accepted[2], swallowed=True), replace(accepted[2], swallowed=True), accepted[5]]

    finding = judge(published, accepted + again)

    assert faults(finding) == {}
    assert (finding.duplicates, finding.swallowed, finding.delivered_twice) == (3, 2, 1)
    assert finding.repeated == {"w2": 2, "w5": 1}


def test_what_was_published_twice_may_be_accepted_twice() -> None:
    published, accepted = history()

    finding = judge([*published, published[2]], [*accepted, replace(accepted[2], swallowed=True)])

    assert (faults(finding), finding.duplicates) == ({}, 0)


def test_a_body_under_another_id_is_renamed() -> None:
    published, accepted = history()
    accepted[3] = replace(accepted[3], id="random")
    assert faults(judge(published, accepted)) == {"renamed": ("random",)}


def test_a_repetition_under_another_deduplication_id_is_unstable() -> None:
    published, accepted = history()
    finding = judge(published, [*accepted, replace(accepted[3], deduplication="random")])
    assert faults(finding) == {"unstable": ("w3",)}
    assert finding.delivered_twice == 1


def test_an_id_that_came_with_other_bytes_is_two_messages() -> None:
    published, accepted = history()
    published.append(Published("w3", "other bytes", "p1"))
    assert faults(judge(published, accepted)) == {"lost": ("w3",)}
    accepted.append(Accepted("w3", "other bytes", "another dedup"))
    assert faults(judge(published, accepted)) == {}


def test_bytes_that_nobody_published_are_altered_and_the_true_ones_lost() -> None:
    published, accepted = history()
    accepted[3] = replace(accepted[3], digest="mojibake")
    assert faults(judge(published, accepted)) == {"lost": ("w3",), "altered": ("w3",)}


def test_an_acceptance_that_nobody_published_is_foreign() -> None:
    published, accepted = history()
    assert faults(judge(published, [*accepted, Accepted("x", "y")])) == {"foreign": ("x",)}


def test_a_message_behind_a_later_one_of_its_key_is_overtaken() -> None:
    published, accepted = history()
    accepted[0], accepted[3] = accepted[3], accepted[0]
    assert faults(judge(published, accepted)) == {"overtaken": ("w0",)}


def test_keys_do_not_wait_for_each_other() -> None:
    published, accepted = history()
    assert faults(judge(published, sorted(accepted, key=lambda one: int(one.id[1:]) % 3))) == {}


def test_order_is_told_by_first_acceptances_alone() -> None:
    published, accepted = history()
    assert faults(judge(published, [*accepted, accepted[0]])) == {}


def test_order_does_not_matter_where_the_type_has_none() -> None:
    published, accepted = history()
    assert faults(judge([replace(one, ordered=False) for one in published], accepted[::-1])) == {}


def _lose(published: list[Published], accepted: list[Accepted], n: int) -> None:
    del accepted[n]


def _alter(published: list[Published], accepted: list[Accepted], n: int) -> None:
    accepted[n] = replace(accepted[n], digest="altered")


def _rename(published: list[Published], accepted: list[Accepted], n: int) -> None:
    accepted[n] = replace(accepted[n], id="renamed")


def _unsettle(published: list[Published], accepted: list[Accepted], n: int) -> None:
    accepted.append(replace(accepted[n], deduplication="unstable"))


def _invent(published: list[Published], accepted: list[Accepted], n: int) -> None:
    accepted.insert(n, Accepted("foreign", "foreign"))


def _overtake(published: list[Published], accepted: list[Accepted], n: int) -> None:
    key = published[n].key
    last = max(m for m in range(len(published)) if published[m].key == key)
    if last == n:
        published.append(Published("late", "late", key))
        accepted.insert(n, Accepted("late", "late"))
    else:
        accepted.insert(n, accepted.pop(last))


FLAWS = {
    "lost": _lose,
    "altered": _alter,
    "renamed": _rename,
    "unstable": _unsettle,
    "foreign": _invent,
    "overtaken": _overtake,
}


@pytest.mark.parametrize("name", FLAWS)
@given(data=st.data(), count=st.integers(4, 40))
def test_whatever_the_run_a_planted_flaw_is_found(name: str, data: st.DataObject, count: int) -> None:
    published, accepted = history(count)
    n = data.draw(st.integers(0, count - 1))
    plant: Callable[[list[Published], list[Accepted], int], None] = FLAWS[name]
    plant(published, accepted, n)
    for again in data.draw(st.lists(st.integers(0, len(accepted) - 1), max_size=5)):
        accepted.append(replace(accepted[again], swallowed=True))  # repetitions hide nothing

    assert name in faults(judge(published, accepted))


@given(data=st.data(), count=st.integers(1, 40))
def test_a_run_that_keeps_each_keys_order_and_repeats_itself_has_no_faults(data: st.DataObject, count: int) -> None:
    published, whole = history(count)
    lanes = [[one for one, told in zip(whole, published, strict=True) if told.key == key] for key in KEYS]
    accepted: list[Accepted] = []
    repeated = 0
    while any(lanes):
        lane = data.draw(st.sampled_from([lane for lane in lanes if lane]))
        accepted.append(lane.pop(0))
        if data.draw(st.booleans()):
            accepted.append(replace(data.draw(st.sampled_from(accepted)), swallowed=True))
            repeated += 1

    finding = judge(published, accepted)

    assert faults(finding) == {}
    assert finding.duplicates == finding.swallowed == repeated
