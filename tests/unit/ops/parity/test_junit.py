from collections.abc import Sequence
from datetime import date
from xml.etree.ElementTree import Element, fromstring

from contracts.shown import MASKED, ShownDifference
from contracts.verdict import Verdict
from ops.comparison import Comparison, DifferingGroup, Example, MutantCount, RuleUse, TypeAgreement
from ops.parity.junit import junit_xml

NAME = "payin.create"
FEE = ShownDifference("row:payins.fee", "value", "float", "float", "0.13", "0.12")
LABEL = ShownDifference("row:payins.label", "missing", '"a"', "-", MASKED, None)
GROUP = DifferingGroup(
    f"{NAME} | row:payins.fee | value | float -> float", 3, (), (Example("w1", Verdict.MISMATCH, (FEE, LABEL)),)
)


def parsed(comparison: Comparison, against: Sequence[str] = ()) -> Element:
    return fromstring(junit_xml(comparison, against).encode())


def suite(root: Element, name: str) -> Element:
    (found,) = (one for one in root if one.get("name") == name)
    return found


def test_a_group_is_a_failed_case_with_its_examples() -> None:
    root = parsed(Comparison((TypeAgreement(NAME, {Verdict.MATCH: 7, Verdict.MISMATCH: 3}),), (GROUP,)))
    found = suite(root, NAME)
    assert (found.get("tests"), found.get("failures"), found.get("skipped")) == ("2", "1", "0")
    agreement, group = found
    assert agreement.findtext("system-out") == "70.00 % of 10 messages"
    assert group.get("name") == GROUP.signature
    failure = group.find("failure")
    assert failure is not None
    assert failure.get("message") == "3 messages differ"
    assert failure.text == (
        "w1: mismatch\n  row:payins.fee (value): 0.13 -> 0.12\n  row:payins.label (missing): *** -> absent"
    )


def test_rules_and_mutants_are_cases_and_a_survivor_is_a_failure() -> None:
    use = RuleUse(NAME, "row:payins.at", "uuid", "random", "payments", date(2026, 12, 31), 4, None)
    counts = (MutantCount(NAME, "one cent", 5, 0, 2), MutantCount(NAME, "one hour", 5, 1, 0))
    root = parsed(Comparison((TypeAgreement(NAME, {Verdict.MATCH: 7}),), (), counts, rules=(use,)))
    cases = {one.get("name"): one for one in suite(root, NAME)}
    assert (
        cases["rule on row:payins.at"].findtext("system-out") == "hit by 4 messages; random; payments, until 2026-12-31"
    )
    survived = cases["mutants: one cent"].find("failure")
    assert survived is not None
    assert survived.get("message") == "2 survived"
    assert cases["mutants: one hour"].find("failure") is None


def test_what_stands_against_the_whole_fails_the_gate() -> None:
    root = parsed(Comparison((), ()), ["3 messages differ", "1 undecided"])
    failure = suite(root, "gate")[0].find("failure")
    assert failure is not None
    assert (failure.get("message"), failure.text) == ("3 messages differ", "3 messages differ\n1 undecided")
    assert suite(parsed(Comparison((), ())), "gate").get("failures") == "0"


def test_a_type_of_which_nothing_was_compared_is_skipped() -> None:
    found = suite(parsed(Comparison((TypeAgreement(NAME, {Verdict.PENDING: 2}),), ())), NAME)
    assert found.get("skipped") == "1"


def test_what_no_xml_may_hold_is_written_as_its_escape() -> None:
    name = "pay\x00in\x1b[31m<&\u202e"
    group = DifferingGroup(f"{name} | \x08 | value | a -> b", 1, (), (Example("w\x01", Verdict.MISMATCH, ()),))
    root = parsed(Comparison((TypeAgreement(name, {Verdict.MISMATCH: 1}),), (group,)), [f"void: {name}"])
    assert [one.get("name") for one in root] == ["pay\\u{0}in\\u{1b}[31m<&\\u{202e}", "gate"]
    assert len(root[0]) == 2
