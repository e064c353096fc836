from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from contracts.effect import Attempt
from contracts.judge import Judgement, judge
from contracts.message_type import MessageType
from contracts.registry import type_named
from contracts.verdict import Verdict
from tests.fakes.outcome import attempt, message, row
from workers import probing as module
from workers.judging import Judged
from workers.probing import FIRST, Probing

TODAY = date(2026, 11, 21)
PAYIN = type_named("payin.create")
ONE_IN = 50
AMOUNT = Decimal("10.25")


def judged(number: int = 0, ours: Attempt | None = None, *, amount: Decimal = AMOUNT) -> Judged:
    """Both sides did the same, unless ours is another one."""
    message_id = f"w{number}"
    theirs = attempt(
        row(fee=amount, status="PENDING", recorded_at="2026-11-21 10:00:00"),
        message(f'{{"id":"{number}","fee":{amount}}}'),
        message_id=message_id,
    )
    candidate = ours or theirs
    return Judged(judge([theirs], [candidate], PAYIN.terms, today=TODAY), [theirs], [candidate])


def chosen(probing: Probing, messages: int, message_type: MessageType = PAYIN) -> list[int]:
    return [number for number in range(messages) if probing.wants(judged(number), message_type)]


def test_the_first_messages_of_each_type_are_tried_and_then_a_share_of_them() -> None:
    probing = Probing(ONE_IN)
    found = chosen(probing, 1000)
    assert found[:FIRST] == list(range(FIRST))
    assert 0 < len(found) - FIRST < 3 * 1000 / ONE_IN
    assert probing.wants(judged(1000), type_named("payin.update")), "of another type it is the first"


def test_which_messages_are_tried_hangs_on_their_ids_and_on_nothing_else() -> None:
    some = [chosen(Probing(ONE_IN, first=0), 500) for _ in range(2)]
    assert some[0] == some[1] != []
    backwards = Probing(ONE_IN, first=0)
    assert {number for number in reversed(range(500)) if backwards.wants(judged(number), PAYIN)} == set(some[0])


def test_one_in_one_is_every_message() -> None:
    assert chosen(Probing(1, first=0), 20) == list(range(20))


def test_what_does_not_agree_and_what_has_no_effects_is_not_tried() -> None:
    probing = Probing(1)
    differing = judged(1, attempt(message_id="w1"))
    nothing = Judged(judge([attempt()], [attempt()], PAYIN.terms, today=TODAY), [attempt()], [attempt()])
    assert differing.judgement.verdict is Verdict.MISMATCH
    assert nothing.judgement.verdict is Verdict.MATCH
    assert not probing.wants(differing, PAYIN)
    assert not probing.wants(nothing, PAYIN)


def test_every_kind_of_mutant_that_the_effects_offer_is_made_and_killed_or_tolerated() -> None:
    made = Probing(1).probe(judged(), PAYIN, TODAY)
    kinds = {kind for _, kind, _, _ in made.fates}
    assert kinds == {
        *("lost row", "doubled row", "dropped event", "one cent", "one hour", "other notation", "altered value"),
        "other writing",
    }
    tolerated = {path for *_, path, fate in made.fates if fate != "killed"}
    assert tolerated == {"row:payins.recorded_at"}, "a rule allows just that"
    assert made.survivors == ()


def test_two_messages_are_exchanged_where_they_differ() -> None:
    probing = Probing(1)
    probing.probe(judged(1), PAYIN, TODAY)
    second = probing.probe(judged(2, amount=Decimal("11.50")), PAYIN, TODAY)
    assert [fate for (_, kind, _, fate) in second.fates if kind == "reordered pair"] == ["killed"]


def test_a_process_goes_through_the_places_one_after_the_other() -> None:
    probing = Probing(1)
    paths = [
        path for _ in range(2) for _, kind, path, _ in probing.probe(judged(), PAYIN, TODAY).fates if kind == "one cent"
    ]
    assert sorted(paths) == ["message:accounting/payin.booked.body.fee", "row:payins.fee"]


def test_a_mutant_that_the_judge_calls_equal_survives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "judge", lambda *_, **__: Judgement(Verdict.MATCH))
    found = Probing(1).probe(judged(), PAYIN, TODAY)
    assert {fate for *_, fate in found.fates} == {"survived"}
    assert len(found.survivors) == len(found.fates)


def test_mutants_are_judged_beside_every_attempt_of_the_monolith_and_by_the_terms_of_the_type() -> None:
    retried = attempt(row(status="PENDING", recorded_at="2026-11-21 09:58:00"), ending="retried")
    ended = attempt(number=2)
    ours = attempt(row(status="PENDING", recorded_at="2026-11-21 10:00:00"))
    known = Judged(judge([retried, ended], [ours], PAYIN.terms, today=TODAY), [retried, ended], [ours])
    assert known.judgement.verdict is Verdict.MATCH_BY_RULE
    fates = {(kind, fate) for _, kind, _, fate in Probing(1).probe(known, PAYIN, TODAY).fates}
    assert fates >= {("lost row", "killed"), ("doubled row", "killed"), ("one hour", "killed")}
    early = Judged(
        known.judgement,
        [replace(retried, effects=(row(status="PENDING", recorded_at="2026-11-21 10:30:00"),)), ended],
        [ours],
    )
    fates = {(kind, fate) for _, kind, _, fate in Probing(1).probe(early, PAYIN, TODAY).fates}
    assert ("one hour", "tolerated") in fates


def test_a_tolerated_value_that_is_altered_into_the_controls_own_is_no_mutant() -> None:
    theirs = attempt(row(recorded_at="2026-11-21 10:00:01"), message_id="w1")
    ours = attempt(row(recorded_at="2026-11-21 10:00:00"), message_id="w1")
    known = Judged(judge([theirs], [ours], PAYIN.terms, today=TODAY), [theirs], [ours])
    assert known.judgement.verdict is Verdict.MATCH_BY_RULE
    made = Probing(1).probe(known, PAYIN, TODAY)
    assert not made.survivors
    assert "altered value" not in {kind for _, kind, *_ in made.fates}
    assert made.fates.total() == 4


def test_what_was_made_waits_until_it_is_saved() -> None:
    probing = Probing(1)
    one, other = probing.probe(judged(1), PAYIN, TODAY), probing.probe(judged(2), PAYIN, TODAY)
    assert probing.unsaved.fates == one.fates + other.fates
    probing.unsaved.fates["payin.update", "one cent", "row:payins.fee", "killed"] = 1
    probing.saved(PAYIN)
    assert set(probing.unsaved.fates) == {("payin.update", "one cent", "row:payins.fee", "killed")}
