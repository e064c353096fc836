"""A comparison as JUnit XML: a suite for each message type, a case for each group, rule and kind of mutant."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from contracts.verdict import UNDECIDED
from ops.comparison import Comparison, DifferingGroup
from ops.wording import candidate_value, control_value, number, percent, plural, printable


def junit_xml(comparison: Comparison, against: Sequence[str]) -> str:
    """The document. Failures are what differs, and what stands against the comparison as a whole."""
    root = Element("testsuites", name="strangler compare")
    for of_type in comparison.types:
        name = printable(of_type.type)
        suite = SubElement(root, "testsuite", name=name)
        agreed = SubElement(suite, "testcase", classname=name, name="agreement")
        decided = sum(count for verdict, count in of_type.counts.items() if verdict not in UNDECIDED)
        SubElement(agreed, "system-out").text = f"{percent(of_type.agreement)} of {plural(decided, 'message')}"
        if of_type.agreement is None:
            SubElement(agreed, "skipped", message="nothing was compared")
        for one in (one for one in comparison.groups if one.type == of_type.type):
            case = SubElement(suite, "testcase", classname=name, name=printable(one.signature))
            SubElement(case, "failure", message=f"{plural(one.count, 'message')} differ").text = _examples(one)
        for rule in (one for one in comparison.rules if one.type == of_type.type):
            case = SubElement(suite, "testcase", classname=name, name=f"rule on {rule.path}")
            SubElement(case, "system-out").text = f"hit by {plural(rule.hits, 'message')}; {rule.reason}"
        for mutants in (one for one in comparison.mutants if one.type == of_type.type):
            case = SubElement(suite, "testcase", classname=name, name=f"mutants: {mutants.kind}")
            if mutants.survived:
                SubElement(case, "failure", message=f"{number(mutants.survived)} survived")
    gate = SubElement(root, "testsuite", name="gate")
    case = SubElement(gate, "testcase", classname="gate", name="nothing stands against it")
    if against:
        lines = [printable(one) for one in against]
        SubElement(case, "failure", message=lines[0]).text = "\n".join(lines)
    for suite in root:
        _count(suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _count(suite: Element) -> None:
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(name, str(sum(1 for case in suite if case.find(tag) is not None)))


def _examples(group: DifferingGroup) -> str:
    lines = []
    for example in group.examples:
        lines.append(f"{printable(example.message_id)}: {example.verdict}")
        lines += [
            f"  {printable(one.path)} ({one.kind}): {control_value(one)} -> {candidate_value(one)}"
            for one in example.differences
        ]
    return "\n".join(lines)
