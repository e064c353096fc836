from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.effect import Effect
from contracts.registry import PAYIN
from contracts.shown import MASKED
from ops.state import StateComparison, compare_state
from tests.fakes.outcome import row

TODAY = date(2026, 11, 22)


def pause() -> None:
    """Nobody waits in a test."""


def payin(key: str = "p1", **columns: Any) -> Effect:
    stated = {"payin_id": key, "fee": Decimal("0.12"), "debtor_name": "Zoé", "recorded_at": "2026-11-21 10:00:00"}
    return row("payins", key, **(stated | columns))


def journal(key: str = "w1", **columns: Any) -> Effect:
    return row("journal", key, **({"webhook_id": key, "amount": "1.00"} | columns))


def compared(control: Iterable[Effect], candidate: Iterable[Effect], **options: Any) -> StateComparison:
    theirs, ours = tuple(control), tuple(candidate)
    return compare_state(PAYIN, lambda: theirs, lambda: ours, today=TODAY, **options)


def unlike(found: StateComparison) -> list[tuple[str, str, str]]:
    return [(one.table, one.key, one.unlike) for one in found.rows]


def test_equal_rows_agree_in_whatever_order_they_come() -> None:
    found = compared([payin("p1"), payin("p2"), journal()], [journal(), payin("p2"), payin("p1")])
    assert found.agrees
    assert [(one.table, one.compared) for one in found.tables] == [("journal", 1), ("payins", 2)]


def test_nothing_agrees_with_nothing() -> None:
    assert compared([], []).agrees


def test_missing_extra_and_differing_rows_are_named_and_counted() -> None:
    found = compared(
        [payin("p1"), payin("p2"), payin("p4"), journal("w1")],
        [payin("p1"), payin("p2", fee=Decimal("0.13")), payin("p3"), journal("w2")],
    )
    assert unlike(found) == [
        ("journal", "w1", "missing"),
        ("journal", "w2", "extra"),
        ("payins", "p2", "differing"),
        ("payins", "p3", "extra"),
        ("payins", "p4", "missing"),
    ]
    assert [(one.table, one.compared, one.missing, one.extra, one.differing) for one in found.tables] == [
        ("journal", 2, 1, 1, 0),
        ("payins", 4, 1, 1, 1),
    ]
    assert (found.count, found.agrees) == (5, False)


def test_a_difference_is_shown_with_its_values_only_where_the_column_is_plain() -> None:
    (found,) = compared([payin()], [payin(fee=Decimal("0.13"), debtor_name="Zoe")]).rows
    shown = {one.path: one for one in found.differences}
    assert (shown["row:payins.fee"].control, shown["row:payins.fee"].candidate) == ("0.12", "0.13")
    name = shown["row:payins.debtor_name"]
    assert (name.control, name.candidate, name.control_shape) == (MASKED, MASKED, '"a"')
    assert "Zo" not in str(found)


def test_an_integer_is_no_float_and_null_is_not_absent() -> None:
    assert not compared([payin(fee=1)], [payin(fee=Decimal("1.0"))]).agrees
    without = Effect("row", "payins", "p1", {n: v for n, v in payin().value.items() if n != "fee"})
    assert not compared([payin(fee=None)], [without]).agrees


def test_what_a_rule_tolerates_is_no_difference_and_beyond_it_is_one() -> None:
    assert compared([payin()], [payin(recorded_at="2026-11-21 10:59:59")]).agrees
    (found,) = compared([payin()], [payin(recorded_at="2026-11-21 11:00:01")]).rows
    assert [one.path for one in found.differences] == ["row:payins.recorded_at"]
    assert not compared([payin()], [payin(recorded_at=None)]).agrees


def test_an_expired_rule_tolerates_nothing() -> None:
    theirs, ours = payin(), payin(recorded_at="2026-11-21 10:00:01")
    assert not compare_state(PAYIN, lambda: [theirs], lambda: [ours], today=date(2028, 1, 1)).agrees


def test_a_row_that_one_side_has_twice_has_no_like() -> None:
    assert unlike(compared([journal(), journal()], [journal()])) == [("journal", "w1", "missing")]
    assert unlike(compared([journal()], [journal(), journal()])) == [("journal", "w1", "differing")]
    assert compared([journal(), journal()], [journal(), journal()]).agrees


def test_no_more_rows_are_named_than_asked_for_and_all_are_counted() -> None:
    found = compared([payin(f"p{number}") for number in range(9)], [], shown=2)
    assert (len(found.rows), found.count) == (2, 9)


def test_a_row_that_becomes_the_same_while_patience_lasts_is_none() -> None:
    sides: Iterator[list[Effect]] = iter([[], [payin("p1")]])
    found = compare_state(PAYIN, lambda: [payin("p1")], lambda: next(sides), today=TODAY, pauses=[pause, pause])
    assert found.agrees


def test_a_row_that_stays_as_it_is_counts_when_patience_is_at_its_end() -> None:
    pauses: list[int] = []
    found = compared([payin("p1"), payin("p2")], [payin("p2")], pauses=[lambda: pauses.append(1)] * 3)
    assert (unlike(found), len(pauses)) == ([("payins", "p1", "missing")], 3)


def test_rows_that_come_up_while_we_wait_are_not_held_against_it() -> None:
    sides = iter([[payin("p1")], [payin("p1"), payin("p2")], [payin("p1"), payin("p2")]])
    found = compare_state(PAYIN, lambda: next(sides), list, today=TODAY, pauses=[pause])
    assert unlike(found) == [("payins", "p1", "missing")]
