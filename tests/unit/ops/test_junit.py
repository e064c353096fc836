"""JUnit XML as CI systems read it: jenkins-junit.xsd, looked at with Python's own reader."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from contracts.shown import ShownDifference
from contracts.verdict import Verdict
from ops.comparison import Comparison, DifferingGroup, Example, TypeAgreement
from ops.parity.junit import junit_xml
from tests.fakes import comparison

HOSTILE = "</testcase>]]>&\"'\x00\x08\x0b\x1b\ufffe\udce9\u2028x"
SHOWN = "</testcase>]]>&\"'\\u{0}\\u{8}\\u{b}\\u{1b}\\u{fffe}\\u{dce9}\\u{2028}x"
ALLOWED = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
}
INSIDE = {"testsuites": ["testsuite"], "testsuite": ["testcase"], "testcase": ["skipped", "failure", "system-out"]}


def _root(compared: Comparison, *against: str) -> ET.Element:
    document = junit_xml(compared, against)
    document.encode("utf-8")
    return ET.fromstring(document)


@pytest.mark.parametrize(
    "compared", [comparison.agreeing(), comparison.differing(), comparison.void(), Comparison((), ())]
)
def test_every_element_is_of_the_schema_and_every_attribute_is_there(compared: Comparison) -> None:
    for element in _root(compared, "one thing").iter():
        assert set(element.keys()) == ALLOWED[element.tag]
        inside = [child.tag for child in element]
        assert inside == sorted(inside, key=INSIDE.get(element.tag, []).index)


def test_the_root_counts_what_its_suites_count_and_they_their_cases() -> None:
    compared = replace(comparison.differing(), types=(*comparison.differing().types, TypeAgreement("none", {})))
    root = _root(compared, "one thing", "another")
    for name, tag in (("tests", None), ("failures", "failure"), ("skipped", "skipped"), ("errors", "error")):
        for suite in root:
            assert int(suite.get(name, "")) == sum(1 for case in suite if tag is None or case.find(tag) is not None)
        assert int(root.get(name, "")) == sum(int(suite.get(name, "")) for suite in root)
    assert (root.get("failures"), root.get("skipped"), root.get("errors")) == ("6", "1", "0")


def test_no_name_can_break_the_document() -> None:
    difference = ShownDifference(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    group = DifferingGroup(HOSTILE, 1, (HOSTILE,), (Example(HOSTILE, Verdict.MISMATCH, (difference,)),))
    mutants = (replace(comparison.MUTANTS[0], type=HOSTILE),)
    rules = (replace(comparison.RULES[0], type=HOSTILE, path=HOSTILE, reason=HOSTILE, owner=HOSTILE),)
    types = (TypeAgreement(HOSTILE, {Verdict.MATCH: 1, Verdict.MISMATCH: 1}),)
    suite, gate = _root(Comparison(types, (group,), mutants, (), rules), HOSTILE)
    assert suite.get("name") == SHOWN
    assert [case.get("name") for case in suite] == ["agreement", SHOWN, f"rule on {SHOWN}", "mutants: lost row"]
    assert f"{SHOWN}: mismatch\n  {SHOWN} ({SHOWN}): {SHOWN} -> {SHOWN}" in (suite[1].findtext("failure") or "")
    assert gate[0].findtext("failure") == SHOWN


def test_a_group_fails_with_what_somebody_needs_to_mend_it() -> None:
    suite = next(one for one in _root(comparison.differing()) if one.get("name") == "payin.create")
    failure = suite[1].find("failure")
    assert failure is not None
    assert failure.get("message") == "1,204 messages differ"
    for said in ("since the earlier run: still there", "docs/porting.md#rounding", "row:payins.fee (value): 1234.565"):
        assert said in (failure.text or "")


def test_a_mutant_that_survived_is_a_failure() -> None:
    cases = [case for suite in _root(comparison.void()) for case in suite]
    assert [case.get("name") for case in cases if case.find("failure") is not None] == [
        "mutants: one cent",
        "mutants: wrong signature",
    ]


def test_nothing_that_agrees_fails() -> None:
    assert _root(comparison.agreeing()).get("failures") == "0"
