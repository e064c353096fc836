"""Nothing personal gets into a report, whatever differs, and in whatever form the report is."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.registry import FAMILIES
from ops import output
from ops.comparison import Comparison
from ops.comparison_table import comparison_tables
from ops.document import document
from ops.parity.files import judge_files
from ops.parity.finding import Asked, finding
from ops.parity.gate import FailOn, objections
from ops.parity.junit import junit_xml
from ops.report import Fact, Report, render
from tests.fakes.message import PLANTED
from tests.leak import leaks

TODAY = date(2026, 11, 28)
TYPES = [one for family in FAMILIES for one in family.types]
SECRETS = (*PLANTED, "Zzyx Dupont", "FR76ZZ3000400003123456", "Lbl-Zz for rent", "tok_4242987612345")
"""Names, IBANs, labels and card tokens."""


def _values(side: int) -> dict[str, Any]:
    """Every secret, in every form in which an outcome can hold it, each of them other on the other side."""
    return {
        **{f"field_{number}": f"{one}{' ' * side}" for number, one in enumerate(SECRETS)},
        "nested": {"names": [f"{one}{side}" for one in SECRETS]},
        "body": json.dumps({"owner": SECRETS[0], "note": f"{SECRETS[2]}{side}"}),
        "typed": SECRETS[1] if side else 7,
        "one_side": None if side else SECRETS[-1],
        SECRETS[0]: SECRETS[0] + str(side),
        SECRETS[4]: {SECRETS[4]: side},
        SECRETS[-1]: side,
        **({"only_here": SECRETS[3]} if side else {}),
    }


def _outcomes(side: int) -> Iterator[dict[str, Any]]:
    paths = {one.name: [effect.path for effect in one.effects] for one in TYPES} | {"unknown": ["row:t"]}
    for name, effects in paths.items():
        for number in range(3):
            written = [
                {"kind": kind, "name": where, "key": SECRETS[0], "value": _values(side)}
                for kind, _, where in (path.partition(":") for path in effects[: 1 + number])
            ]
            same = {"kind": "row", "name": "journal", "key": SECRETS[4], "value": _values(0)}
            extra = [{**same, "key": SECRETS[3]}] if side else []
            yield {"message_id": f"{name}-{number}", "type": name, "effects": [*written, same, *extra]}
        yield {"message_id": f"{name}-same", "type": name, "effects": [same]}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("outcomes")
    files = folder / "control.ndjson", folder / "candidate.ndjson"
    for side, file in enumerate(files):
        file.write_text("".join(json.dumps(one) + "\n" for one in _outcomes(side)), "utf-8")
    judging = judge_files(*files, None, TODAY).judging
    return finding(judging.tally, judging.liveness, Asked(TODAY, known=()))


def _reports(compared: Comparison, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    against = tuple(objections(compared, list(FailOn)))
    output.show(comparison_tables(compared, 10_000))
    return {
        "terminal": capsys.readouterr().out,
        "HTML": render(Report("leaks", (Fact("Control", "control.ndjson"),), compared, against)),
        "JUnit": junit_xml(compared, against),
        "JSON": json.dumps(document(compared) | {"objections": against}, ensure_ascii=False),
        "JSON in ASCII": json.dumps(document(compared)),
    }


def test_no_report_holds_a_name_an_iban_a_label_or_a_token(
    compared: Comparison, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    reports = _reports(compared, capsys)
    assert leaks(reports.items()) == []
    needles = {secret.lower() for secret in SECRETS} | {json.dumps(secret)[1:-1].lower() for secret in SECRETS}
    assert [(name, one) for name, text in reports.items() for one in needles if one in text.lower()] == []


def test_every_type_differs_so_that_there_was_something_to_leak(compared: Comparison) -> None:
    assert {one.type for one in compared.groups} == {"unknown", *(one.name for one in TYPES)}
    shown = [difference for one in compared.groups for example in one.examples for difference in example.differences]
    assert len(shown) > 100
    assert {value for one in shown for value in (one.control, one.candidate)} <= {"***", None, True, False}


def test_a_report_that_leaks_is_found_out(compared: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    (group, *_), secret = compared.groups, "Zzyx Dupont"
    example = group.examples[0]
    bare = replace(example.differences[0], control=secret, candidate=secret)
    leaking = replace(group, examples=(replace(example, differences=(bare,)),))
    reports = _reports(replace(compared, groups=(leaking,)), capsys)
    assert {place.partition(":")[0] for place in leaks(reports.items())} == set(reports)
