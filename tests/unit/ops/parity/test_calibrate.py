"""What the monolith does not do twice, seen through programs that do something else each time."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.outcome_line import OutcomeLine, read_line
from contracts.rule import Rule
from ops.parity.calibrate import NOW, Calibration, Place, calibrate
from ops.parity.calibration_table import rule_source
from ops.parity.oracle import OracleError
from ops.parity.part import Sides
from tests.fakes.message import NAME, balance, payin
from tests.fakes.notification import notification, write_corpus
from tests.fakes.program import SECRET, program

TODAY, END = date(2026, 11, 21), date(2027, 5, 20)
UUIDS = ("c63a6a2b-2cd3-40f1-b3d8-fe37e1a4ab54", "3c58b862-b364-439d-b9e5-5c19f12584c1")


def outcome(value: Mapping[str, Any], name: str = "payin.create", table: str = "payins") -> OutcomeLine:
    effect = {"kind": "row", "name": table, "key": "1", "value": value}
    return read_line(json.dumps({"message_id": "w1", "type": name, "effects": [effect]}).encode())


def added(found: Calibration, control: Any, again: Any, ours: Any = None, name: str = "payin.create") -> None:
    candidate = None if ours is None else outcome(ours, name)
    found.add(name, outcome(control, name), outcome(again, name), candidate)


def places(found: Calibration, today: date = TODAY) -> list[Place]:
    return list(found.places(alpha=0.05, owner="me", expires=END, lag_s=60, today=today))


def test_a_monolith_that_does_the_same_twice_has_no_noise_wherever_ours_differs() -> None:
    found = Calibration()
    added(found, {"user_id": 1}, {"user_id": 1}, {"user_id": 2})
    assert places(found) == []
    assert found.messages == {"payin.create": 1}


def test_noise_of_a_shape_has_a_proposal_with_its_share() -> None:
    found = Calibration()
    for number in range(4):
        added(found, {"user_id": UUIDS[0]}, {"user_id": UUIDS[number % 2]})
    (place,) = places(found)
    assert (place.type, place.path, place.messages, place.share) == ("payin.create", "row:payins.user_id", 2, 0.5)
    assert place.proposal is not None
    assert (place.proposal.kind, place.proposal.owner, place.proposal.expires) == ("uuid", "me", END)
    assert (place.tolerated, place.refused, place.flagged) == (None, None, False)


def test_money_is_never_proposed() -> None:
    found = Calibration()
    added(found, {"amount": "1"}, {"amount": "2"})
    (place,) = places(found)
    assert (place.proposal, place.refused) == (None, "money, identity and state are never tolerated")


def test_noise_that_an_accepted_rule_is_about_is_tolerated_as_long_as_the_rule_holds() -> None:
    found = Calibration()
    added(found, {"recorded_at": "2026-11-21 10:00:00"}, {"recorded_at": "2026-11-21 11:01:01"})
    (place,) = places(found)
    assert (place.tolerated, place.proposal, place.refused) == ("time within, until 2027-09-30", None, None)
    (ended,) = places(found, date(2028, 1, 1))
    assert (ended.tolerated, ended.proposal is not None) == (None, True)


def test_noise_of_another_shape_than_the_rules_is_not_tolerated_by_it() -> None:
    found = Calibration()
    added(found, {"recorded_at": UUIDS[0]}, {"recorded_at": UUIDS[1]})
    (place,) = places(found)
    assert place.tolerated is None
    assert place.proposal is not None


def test_every_difference_of_a_place_has_to_have_the_shape() -> None:
    found = Calibration()
    added(found, {"tags": [UUIDS[0], "left"]}, {"tags": [UUIDS[1], "right"]})
    added(found, {"tags": ["left", UUIDS[0]]}, {"tags": ["right", UUIDS[1]]})
    (place,) = places(found)
    assert (place.path, place.messages, place.proposal) == ("row:payins.tags[]", 2, None)


def test_a_type_without_a_contract_has_no_effects_to_propose_a_rule_on() -> None:
    found = Calibration()
    added(found, {"a": UUIDS[0]}, {"a": UUIDS[1]}, name="refund.create")
    (place,) = places(found)
    assert (place.proposal, place.refused) == (None, "no such effect, or a whole effect")


def test_ours_is_flagged_where_it_differs_more_often_than_noise_explains() -> None:
    found = Calibration()
    for number in range(60):
        noisy = number % 20 == 0
        added(found, {"user_id": "a"}, {"user_id": "b" if noisy else "a"}, {"user_id": "a" if noisy else "c"})
    (place,) = places(found)
    assert (place.candidate_only, place.control_only, place.flagged) == (57, 3, True)
    calm = Calibration()
    for number in range(60):
        added(calm, {"user_id": "a"}, {"user_id": "b" if number % 2 else "a"}, {"user_id": "a" if number % 2 else "b"})
    (place,) = places(calm)
    assert (place.candidate_only, place.control_only, place.flagged) == (30, 30, False)


def test_where_both_differ_at_once_nothing_is_learnt_of_ours() -> None:
    found = Calibration()
    added(found, {"user_id": "a"}, {"user_id": "b"}, {"user_id": "c"})
    (place,) = places(found)
    assert (place.candidate_only, place.control_only, place.e_value) == (0, 0, 1.0)


TRAFFIC = [
    notification("payin.create", payin("w1", "p1")),
    notification("balance.update", balance("w2", "7")),
    notification("refund.create", b"{}", id="r1"),
    notification("payin.create", payin("w3", "p3")),
]
SAY = """
import json, sys, time, uuid
for line in sys.stdin:
    one = json.loads(line)
    value = {"user_id": str(uuid.uuid4()), "label": sys.argv[1]}
    effects = [{"kind": "row", "name": "payins", "key": "1", "value": value}]
    print(json.dumps({"message_id": one["id"], "type": one["type"], "effects": effects}))
"""


def run(folder: Path, code: str, types: tuple[str, ...] | None = None, messages: int = 100) -> Calibration:
    if not (folder / "corpus").exists():
        write_corpus(folder, TRAFFIC)
    sides = Sides(folder / "corpus", str(folder / "key"), False, program(code, NOW), SECRET, TODAY)  # noqa: FBT003
    return calibrate(sides, types, messages)


def test_an_oracle_is_run_twice_an_hour_and_a_bit_apart(tmp_path: Path) -> None:
    found = run(tmp_path, SAY)
    assert found.messages == {"payin.create": 2, "balance.update": 1}
    times = found.noise["payin.create", "row:payins.label"]
    assert (times.kind, times.most_apart_s) == ("time within", 3661.0)
    assert found.noise["payin.create", "row:payins.user_id"].kind == "uuid"


def test_only_the_first_messages_of_the_types_that_were_asked_for_are_looked_at(tmp_path: Path) -> None:
    assert run(tmp_path, SAY, ("payin.create",)).messages == {"payin.create": 2}
    assert run(tmp_path, SAY, messages=1).messages == {"payin.create": 1}
    assert run(tmp_path, SAY, ("payout.update",)).messages == {}


def test_what_is_turned_away_or_rejected_teaches_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, "import sys\nfor line in sys.stdin: print()").messages == {}
    rejecting = SAY.replace('"effects": effects', '"effects": effects, "ending": "rejected"')
    assert run(tmp_path, rejecting).messages == {}


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (f"import sys\nfor line in sys.stdin: print({NAME!r})", "answer 1: outcome: not JSON"),
        (SAY.replace('"effects": effects', '"effects": 5'), "answer 1: outcome.effects: unfit"),
        ("import sys\nsys.stdin.readline(); print()", "ended after 1 answers"),
        ("raise SystemExit(3)", "ended with 3"),
    ],
)
def test_an_oracle_that_fails_is_told(tmp_path: Path, code: str, told: str) -> None:
    with pytest.raises(OracleError, match=told) as refused:
        run(tmp_path, code)
    assert NAME not in str(refused.value)


def test_a_proposal_is_printed_as_the_registry_has_it() -> None:
    for rule in (
        Rule("row:payins.a", "uuid", 'so "it" is', "me", END),
        Rule("row:payins.a", "time within", "clock", "me", END, tolerance_s=5500.0),
        Rule("row:payins.a", "time within", "clock", "me", END, tolerance_s=1234567.5),
        Rule("row:payins.a", "counter within", "a sequence", "me", END, tolerance=1_500_000),
    ):
        assert eval(rule_source(rule), {"Rule": Rule, "date": date, "datetime": datetime}) == rule
