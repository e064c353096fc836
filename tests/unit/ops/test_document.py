import json
from dataclasses import replace

import pytest

from contracts.verdict import Verdict
from ops.comparison import TypeAgreement
from ops.document import document
from ops.output import show_json
from tests.fakes import comparison

FEE = "payin.create | row:payins.fee | value | float -> float"


def test_what_can_be_computed_is_in_the_document() -> None:
    assert document(TypeAgreement("payin.create", {Verdict.MATCH: 3, Verdict.MISMATCH: 1})) == {
        "type": "payin.create",
        "counts": {"match": 3, "mismatch": 1},
        "p50_s": None,
        "p99_s": None,
        "confidence": None,
        "exercised": None,
        "seen": 4,
        "agreement": 0.75,
    }


def test_a_comparison_has_a_shape_that_scripts_may_rely_on() -> None:
    whole = comparison.differing()
    one = replace(
        whole,
        types=(comparison.of_type("payin.create", {Verdict.MATCH: 99, Verdict.MISMATCH: 1}),),
        groups=(replace(whole.groups[0], also=whole.groups[0].also[:1]),),
        mutants=comparison.MUTANTS[2:3],
        survivors=comparison.void().survivors[:1],
        unprobed=("balance.update",),
        rules=comparison.RULES[1:2],
    )
    written = json.loads(json.dumps(document(one)))
    proof = written["types"][0].pop("confidence")
    assert {name: proof[name] for name in ("messages", "mismatches", "alpha", "target", "proven")} == {
        "messages": 100,
        "mismatches": 1,
        "alpha": 0.01,
        "target": 0.9999,
        "proven": False,
    }
    assert 0 < proof["agreement_at_least"] < 0.99
    assert proof["messages_needed"] > 0
    assert len(proof) == 7
    examples = written["groups"][0].pop("examples")
    assert written == {
        "types": [
            {
                "type": "payin.create",
                "counts": {"match": 99, "mismatch": 1},
                "p50_s": None,
                "p99_s": None,
                "exercised": {
                    "branches": 84,
                    "never": [
                        "object_payload.payins[].payinDate: absent",
                        "object_payload.payins[].amount: negative",
                        "ending rejected",
                    ],
                    "strata": 212,
                    "missing_mass": 0.00031,
                },
                "seen": 100,
                "agreement": 0.99,
            }
        ],
        "groups": [
            {
                "signature": FEE,
                "count": 1204,
                "also": ["payin.create | message:accounting/payin.booked.body.fee | value | float -> float"],
                "share": 1204 / 55211,
                "first": {"position": 411, "at": "2026-11-21T10:00:00Z"},
                "last": {"position": 54902, "at": "2026-11-27T18:31:07Z"},
                "trap": {
                    "title": "rounding half a cent",
                    "anchor": "rounding-is-not-pythons-and-changed-with-php-84",
                    "link": "docs/porting.md#rounding-is-not-pythons-and-changed-with-php-84",
                },
                "since": "still there",
                "type": "payin.create",
            }
        ],
        "mutants": [{"type": "payin.create", "kind": "one hour", "killed": 82, "tolerated": 12, "survived": 0}],
        "survivors": [{"type": "payin.create", "kind": "one cent", "path": "row:payins.net", "count": 31}],
        "rules": [
            {
                "type": "payout.update",
                "path": "message:accounting/payout.settled.body.reference",
                "kind": "uuid",
                "reason": "a random reference",
                "owner": "payments",
                "expires": "2026-06-30",
                "hits": 0,
                "problem": "expired",
            }
        ],
        "fixed": [
            "payin.create | row:payins.net | type | float -> int",
            "payout.update | row:journal | extra effect | - -> effect",
        ],
        "unprobed": ["balance.update"],
        "void": True,
        "agreement": 0.99,
    }
    assert examples[0]["message_id"] == "payin.create-1204"
    assert examples[0]["verdict"] == "mismatch"
    assert examples[0]["differences"][-1] == {
        "path": "row:payins.fee",
        "kind": "value",
        "control_shape": "float",
        "candidate_shape": "float",
        "control": "1234.565",
        "candidate": "1234.57",
    }


def test_no_value_in_a_document_can_steer_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"value": "\x1b]0;x\x07 é \udce9"})
    written = capsys.readouterr().out
    assert written.isascii()
    assert written.replace("\n", "").isprintable()
    assert json.loads(written) == {"value": "\x1b]0;x\x07 é \udce9"}
