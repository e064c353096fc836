from datetime import date
from pathlib import Path

import pytest

from contracts.liveness import Liveness
from contracts.outcome_line import read_line
from contracts.registry import type_named
from contracts.tally import Sighting
from contracts.verdict import Verdict
from ops.corpus_key import CorpusKey, open_key
from ops.parity.judging import Judging
from ops.parity.part import Part
from ops.parity.part_file import read_part, write_part


@pytest.fixture
def key(tmp_path: Path) -> CorpusKey:
    return open_key(str(tmp_path / "corpus.key"), make=True)


def test_a_part_s_mutants_and_agreeing_messages_are_read_as_they_were_written(tmp_path: Path, key: CorpusKey) -> None:
    judging = Judging(date(2026, 11, 28))
    outcome = (
        b'{"message_id":"w1","type":"payin.create","effects":[{"kind":"row","name":"t","value":{"a":"x","b":1.50}}]}'
    )
    judging.judge([read_line(outcome)], [read_line(outcome)], Sighting(0), 100)
    write_part(tmp_path / "part", Part(judging.tally, judging.liveness), key)
    read = read_part(tmp_path / "part", key)
    assert read.liveness == judging.liveness
    assert read.tally == judging.tally
    assert read.liveness.agreed == {"payin.create": 1}
    assert read.liveness.unprobed == ()


def test_an_untried_type_is_still_told_once_parts_were_read_and_added_up(tmp_path: Path, key: CorpusKey) -> None:
    untried, tried = Liveness(), Liveness()
    untried.agreed.update({"payin.create": 2, "payout.update": 3})
    tried.agreed.update({"payin.create": 1})
    tried.note(type_named("payin.create"), "altered value", "row:payins.label", Verdict.MISMATCH)
    whole = Part()
    for number, liveness in enumerate((untried, tried)):
        write_part(tmp_path / f"part-{number}", Part(liveness=liveness), key)
        whole.merge(read_part(tmp_path / f"part-{number}", key))
    assert whole.liveness.agreed == {"payin.create": 3, "payout.update": 3}
    assert whole.liveness.unprobed == ("payout.update",)
