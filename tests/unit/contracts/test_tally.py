from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import tally as module
from contracts.difference import Difference
from contracts.judge import Judgement
from contracts.registry import type_named
from contracts.tally import Sighting, Tally, TypeTally
from contracts.verdict import Verdict

NAME = "payin.create"
FEE = Difference("row:payins.fee", "value", "float", "float", 1, 2)
LABEL = Difference("row:payins.label", "value", '"a"', '"a"', "x", "y")
FEE_CLASS = frozenset({FEE.signature(NAME)})
(RULE,) = type_named(NAME).rules

judgements = st.sampled_from(
    [
        Judgement(Verdict.MATCH),
        Judgement(Verdict.MATCH_BY_RULE, rules=(RULE,)),
        Judgement(Verdict.MISMATCH, (FEE,)),
        Judgement(Verdict.MISMATCH, (FEE, LABEL)),
        Judgement(Verdict.DUPLICATE, (FEE,)),
        Judgement(Verdict.CONTROL_ONLY),
        Judgement(Verdict.PENDING),
    ]
)
messages = st.lists(st.tuples(judgements, st.sampled_from(["a", "b"]), st.integers(1, 4)), max_size=25)
_Message = tuple[Judgement, str, int]


def summed(numbered: Sequence[tuple[int, _Message]]) -> Tally:
    tally = Tally()
    for position, (judgement, name, size) in numbered:
        tally.of(name).add(judgement, name, f"w{position}", Sighting(position, f"2026-{position:04}"), size)
    return tally


@given(st.data(), messages)
def test_nothing_hangs_on_how_a_comparison_was_divided(data: st.DataObject, made: list[_Message]) -> None:
    numbered = list(enumerate(made))
    where = data.draw(st.lists(st.integers(0, 3), min_size=len(made), max_size=len(made)))
    parts = [summed([one for one, part in zip(numbered, where, strict=True) if part == number]) for number in range(4)]
    merged, again = Tally(), Tally()
    for part in data.draw(st.permutations(parts)):
        merged.merge(part)
    for part in parts:
        again.merge(part)
    assert merged == again == summed(numbered)


def test_taking_in_a_part_leaves_the_part_as_it_is() -> None:
    one, other = (summed([(position, (Judgement(Verdict.MISMATCH, (FEE,)), NAME, 5))]) for position in (0, 1))
    whole = Tally()
    whole.merge(one)
    whole.merge(other)
    assert (one.of(NAME).classes[FEE_CLASS].count, whole.of(NAME).classes[FEE_CLASS].count) == (1, 2)
    assert len(one.of(NAME).classes[FEE_CLASS].examples) == 1


def test_the_three_smallest_examples_are_kept_the_earliest_of_equals() -> None:
    tally = summed(
        [(position, (Judgement(Verdict.MISMATCH, (FEE,)), NAME, size)) for position, size in enumerate([9, 5, 5, 7, 5])]
    )
    found = tally.of(NAME).classes[FEE_CLASS]
    assert [(one.message_id, one.size_bytes) for one in found.examples] == [("w1", 5), ("w2", 5), ("w4", 5)]
    assert (found.count, found.first.position, found.last.position) == (5, 0, 4)


def test_what_agrees_or_is_undecided_is_counted_and_in_no_class() -> None:
    tally = TypeTally()
    for verdict in (Verdict.MATCH, Verdict.PENDING, Verdict.SINGLE):
        tally.add(Judgement(verdict), NAME, "w", Sighting(0), 1)
    tally.add(Judgement(Verdict.MATCH_BY_RULE, rules=(RULE,)), NAME, "w", Sighting(1), 1)
    assert tally.classes == {}
    assert sum(tally.counts.values()) == 4
    assert tally.rules == {RULE.path: 1}


def test_a_verdict_without_a_place_is_a_class_of_its_own() -> None:
    tally = summed([(0, (Judgement(Verdict.CONTROL_ONLY), NAME, 1))])
    assert list(tally.of(NAME).classes) == [frozenset({f"{NAME} | control only"})]


def test_of_a_message_that_differs_everywhere_fifty_differences_are_kept() -> None:
    many = tuple(Difference(f"row:payins.f{n}", "value", "", "", n, -n) for n in range(80))
    tally = summed([(0, (Judgement(Verdict.MISMATCH, many), NAME, 1))])
    ((signatures, found),) = tally.of(NAME).classes.items()
    assert (len(signatures), len(found.examples[0].differences)) == (80, 50)


def test_past_so_many_classes_differences_still_count_also_when_parts_are_put_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "CLASSES_KEPT", 2)
    parts = [
        summed(
            [
                (
                    10 * part + n,
                    (
                        Judgement(Verdict.MISMATCH, (Difference(f"row:payins.f{part}{n}", "value", "", "", 1, 2),)),
                        NAME,
                        1,
                    ),
                )
                for n in range(4)
            ]
        )
        for part in range(2)
    ]
    assert [sorted(one.count for one in part.of(NAME).classes.values()) for part in parts] == [[1, 1, 2], [1, 1, 2]]
    whole = Tally()
    for part in parts:
        whole.merge(part)
    classes = whole.of(NAME).classes
    assert len(classes) == 3
    assert classes[frozenset({f"{NAME} | mismatch"})].count == 6
    assert sum(one.count for one in classes.values()) == whole.of(NAME).counts[Verdict.MISMATCH] == 8
