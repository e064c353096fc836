"""A comparison as JUnit XML: a suite for each message type, a case for each group, rule and kind of mutant.

As Jenkins, GitLab and GitHub's actions read it (jenkins-junit.xsd): every suite counts its cases, and the root counts
all. A comparison measures no time for a case, so that each took none. XML 1.0 has no control characters, not even
escaped: every text from outside goes through `printable`.
"""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.verdict import UNDECIDED
from ops.comparison import Comparison, DifferingGroup, MutantCount, RuleUse, TypeAgreement
from ops.wording import candidate_value, control_value, number, percent, plural, portion, printable, sighting

_NO_TIME = "0"
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def junit_xml(comparison: Comparison, against: Sequence[str]) -> str:
    """The document. Failures are what differs, and what stands against the comparison as a whole."""
    root = Element("testsuites", name="strangler compare")
    for of_type in comparison.types:
        suite = SubElement(root, "testsuite", name=printable(of_type.type))
        _agreement(suite, of_type)
        for group in (one for one in comparison.groups if one.type == of_type.type):
            _group(suite, group)
        for rule in (one for one in comparison.rules if one.type == of_type.type):
            _rule(suite, rule)
        for mutants in (one for one in comparison.mutants if one.type == of_type.type):
            _mutants(suite, mutants)
    gate = SubElement(root, "testsuite", name="gate")
    case = _case(gate, "nothing stands against it")
    if against:
        _fail(case, "objection", against[0], against)
    for suite in root:
        _count(suite, suite)
    _count(root, (case for suite in root for case in suite))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _count(element: Element, cases: Iterable[Element]) -> None:
    counted = list(cases)
    element.set("tests", str(len(counted)))
    for name, tag in _COUNTED.items():
        element.set(name, str(sum(1 for case in counted if case.find(tag) is not None)))
    element.set("time", _NO_TIME)


def _case(suite: Element, name: str) -> Element:
    return SubElement(suite, "testcase", classname=suite.get("name", ""), name=printable(name), time=_NO_TIME)


def _fail(case: Element, kind: str, message: str, lines: Iterable[str]) -> None:
    failure = SubElement(case, "failure", message=printable(message), type=kind)
    failure.text = "\n".join(map(printable, lines))


def _tell(case: Element, text: str) -> None:
    SubElement(case, "system-out").text = printable(text)


def _agreement(suite: Element, of_type: TypeAgreement) -> None:
    case = _case(suite, "agreement")
    if of_type.agreement is None:
        SubElement(case, "skipped", message="nothing was compared")
    decided = sum(count for verdict, count in of_type.counts.items() if verdict not in UNDECIDED)
    _tell(case, f"{percent(of_type.agreement)} of {plural(decided, 'message')}")


def _group(suite: Element, group: DifferingGroup) -> None:
    case = _case(suite, group.signature)
    _fail(case, "difference", f"{plural(group.count, 'message')} differ", (*_about(group), *_examples(group)))


def _about(group: DifferingGroup) -> Iterable[str]:
    if group.since is not None:
        yield f"since the earlier run: {group.since}"
    if group.share is not None:
        yield f"share of its type: {portion(group.share)}"
    if group.first is not None and group.last is not None:
        yield f"seen from {sighting(group.first)} to {sighting(group.last)}"
    if group.trap is not None:
        yield f"looks like {group.trap.title}: {group.trap.link}"


def _examples(group: DifferingGroup) -> Iterable[str]:
    for example in group.examples:
        yield f"{example.message_id}: {example.verdict}"
        for one in example.differences:
            yield f"  {one.path} ({one.kind}): {control_value(one)} -> {candidate_value(one)}"


def _rule(suite: Element, rule: RuleUse) -> None:
    case = _case(suite, f"rule on {rule.path}")
    problem = "" if rule.problem is None else f"; {rule.problem}"
    _tell(case, f"hit by {plural(rule.hits, 'message')}; {rule.reason}; {rule.owner}, until {rule.expires}{problem}")


def _mutants(suite: Element, mutants: MutantCount) -> None:
    case = _case(suite, f"mutants: {mutants.kind}")
    fates = f"{number(mutants.killed)} killed, {number(mutants.tolerated)} tolerated by rule"
    if mutants.survived:
        _fail(case, "mutant", f"{number(mutants.survived)} survived", [fates])
    else:
        _tell(case, f"{fates}, none survived")
