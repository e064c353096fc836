import json

import pytest

from contracts.verdict import Verdict
from ops.comparison import TypeAgreement
from ops.document import document
from ops.output import show_json


def test_what_can_be_computed_is_in_the_document() -> None:
    assert document(TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.MISMATCH: 1})) == {
        "type": "payin.create",
        "counts": {"match": 3, "mismatch": 1},
        "p50_s": None,
        "p99_s": None,
        "seen": 4,
        "agreement": 0.75,
    }


def test_no_value_in_a_document_can_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"value": "\x1b]0;x\x07 é \udce9"})
    written = capsys.readouterr().out
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == {"value": "\x1b]0;x\x07 é \udce9"}
