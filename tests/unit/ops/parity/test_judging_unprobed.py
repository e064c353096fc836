import json
from datetime import date
from typing import Any
from unittest.mock import patch

import pytest

from contracts.outcome_line import OutcomeLine, read_line
from contracts.tally import Sighting
from contracts.verdict import Verdict
from ops.parity.judging import PROBED_AT_LEAST, Judging

TODAY = date(2026, 11, 28)
ROW = {"kind": "row", "name": "payins", "key": "1", "value": {"amount": "1.00", "label": "a"}}


def line(*effects: dict[str, Any], written: str | None = None, **fields: Any) -> OutcomeLine:
    head = json.dumps({"message_id": "w1", "type": "payin.create"} | fields)
    return read_line(f'{head[:-1]}, "effects": {json.dumps(effects) if written is None else written}}}'.encode())


def judge(judging: Judging, *lines: OutcomeLine) -> Verdict:
    """Both sides did the same."""
    return judging.judge(lines, lines, Sighting(0), 100).verdict


def test_agreeing_messages_that_have_effects_are_counted_and_mutants_made_of_the_first_ones() -> None:
    judging = Judging(TODAY)
    for _ in range(PROBED_AT_LEAST + 1):
        assert judge(judging, line(ROW)) is Verdict.MATCH
    assert judging.liveness.agreed == {"payin.create": PROBED_AT_LEAST + 1}
    assert judging.liveness.counts("killed")["payin.create", "lost row"] == PROBED_AT_LEAST
    assert judging.liveness.survivors == ()
    assert judging.liveness.unprobed == ()


@pytest.mark.parametrize("written", ["[]", "[ ]", "[\n]"])
def test_of_a_message_without_effects_there_is_nothing_to_make_a_mutant_of(written: str) -> None:
    judging = Judging(TODAY)
    assert judge(judging, line(written=written, ending="rejected")) is Verdict.MATCH
    assert not judging.liveness.agreed
    assert judging.liveness.unprobed == ()


@pytest.mark.parametrize("effects", [([], [ROW]), ([ROW], []), ([ROW], [ROW])])
def test_mutants_are_made_of_an_attempt_that_has_effects_whichever_it_is(
    effects: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    judging = Judging(TODAY)
    first, last = line(*effects[0], ending="retried"), line(*effects[1], attempt=2)
    assert judge(judging, first, last) is Verdict.MATCH
    assert judging.liveness.agreed == {"payin.create": 1}
    assert judging.liveness.unprobed == ()
    assert {fate for *_, fate in judging.liveness.fates} == {"killed"}


def test_a_type_that_agrees_while_no_mutants_are_made_is_told() -> None:
    judging = Judging(TODAY)
    with patch("ops.parity.judging.PROBED_AT_LEAST", 0):
        judge(judging, line(ROW))
        judge(judging, line(written="[]", type="payin.update"))
        different = line(ROW | {"key": "2"}, type="payout.update")
        judging.judge([line(ROW, type="payout.update")], [different], Sighting(2), 100)
    assert judging.liveness.unprobed == ("payin.create",)
