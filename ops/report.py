"""A comparison as one self-contained page: no script, no other file, nothing fetched.

Renders what was judged elsewhere. Every text from outside is escaped, and what could turn or hide other text is shown
as an escape; values are those that the ledger holds to be shown, personal ones masked.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from contracts.shown import MASKED, ShownDifference
from contracts.verdict import AGREED, UNDECIDED, Verdict
from contracts.verdict import agreement as agreement_of
from ops.comparison import DifferingGroup, Example, TypeAgreement, total
from ops.stylesheet import STYLESHEET
from ops.wording import (
    candidate_value,
    control_value,
    number,
    occurring,
    percent,
    place,
    plural,
    printable,
    seconds,
    tone,
)

_ALSO_SHOWN = 12
_FOOTER = (
    "<footer>Agreement is the share of <em>match</em> and <em>match by rule</em> among all decided messages. Messages "
    "are grouped by what their differences have in common; values of fields that no contract names as plain are masked "
    f"({MASKED}).</footer>"
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about the run: `Messages published`, `2,000`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that a page says."""

    title: str
    facts: tuple[Fact, ...]
    types: tuple[TypeAgreement, ...]
    groups: tuple[DifferingGroup, ...]
    """The largest first; those without examples are listed by their signatures only."""


def render(report: Report) -> str:
    """The page as HTML 5."""
    counts = total(report.types)
    body = "".join(
        (
            f"<header><h1>{_text(report.title)}</h1>",
            '<p class="soft">What the monolith (control) and the new side (candidate) made of the same messages.</p>',
            _summary(counts, report.groups),
            _facts(report.facts),
            "</header>",
            f"<section><h2>By message type</h2>{_types(report.types)}</section>",
            f"<section><h2>Differences</h2>{_groups(report.groups)}</section>",
            _FOOTER,
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(report.title)}</title><style>{STYLESHEET}</style></head><body><main>{body}</main></body></html>\n"
    )


def _summary(counts: Mapping[Verdict, int], groups: Sequence[DifferingGroup]) -> str:
    share, pending = agreement_of(counts), counts.get(Verdict.PENDING, 0)
    differing = sum(count for verdict, count in counts.items() if verdict not in AGREED | UNDECIDED)
    return "".join(
        (
            '<div class="summary">',
            _figure(percent(share), "agreement", "" if share is None else "good" if share == 1 else "bad"),
            _figure(number(sum(counts.values())), "messages"),
            _figure(number(differing), "differing", "bad" if differing else ""),
            _figure(
                number(len(groups)), f"group{'' if len(groups) == 1 else 's'} of differences", "bad" if groups else ""
            ),
            _figure(number(pending), "pending", "bad") if pending else "",
            "</div>",
        )
    )


def _figure(value: str, name: str, tone_class: str = "") -> str:
    return f'<div class="figure"><b class="{tone_class}">{_text(value)}</b><span>{_text(name)}</span></div>'


def _facts(facts: Sequence[Fact]) -> str:
    if not facts:
        return ""
    listed = "".join(f"<div><dt>{_text(fact.name)}</dt><dd>{_text(fact.value)}</dd></div>" for fact in facts)
    return f'<dl class="facts">{listed}</dl>'


def _types(types: Sequence[TypeAgreement]) -> str:
    counts = total(types)
    verdicts = occurring(counts)
    timed = any(one.p50_s is not None for one in types)
    heads = ["Agreement", "Seen", *(verdict.value.capitalize() for verdict in verdicts)]
    heads += ["p50", "p99"] if timed else []
    head = "".join(f'<th scope="col" class="n">{_text(name)}</th>' for name in heads)
    rows = "".join(_type_row(one, verdicts, timed=timed) for one in types)
    foot = _figures(agreement_of(counts), counts, verdicts) + ("<td></td><td></td>" if timed else "")
    note = '<p class="note">p50 and p99: time from publishing to verdict.</p>' if timed else ""
    return (
        f'<div class="scroll"><table><thead><tr><th scope="col">Type</th>{head}</tr></thead><tbody>{rows}</tbody>'
        f"<tfoot><tr><td>All</td>{foot}</tr></tfoot></table></div>{note}"
    )


def _type_row(one: TypeAgreement, verdicts: Iterable[Verdict], *, timed: bool) -> str:
    times = f'<td class="n">{seconds(one.p50_s)}</td><td class="n">{seconds(one.p99_s)}</td>' if timed else ""
    name = f'<td class="type"><code>{_text(one.type)}</code>{_bar(one)}</td>'
    return f"<tr>{name}{_figures(one.agreement, one.counts, verdicts)}{times}</tr>"


def _figures(share: float | None, counts: Mapping[Verdict, int], verdicts: Iterable[Verdict]) -> str:
    cells = [f'<td class="n">{percent(share)}</td>', f'<td class="n">{number(sum(counts.values()))}</td>']
    for verdict in verdicts:
        count = counts.get(verdict, 0)
        cells.append(f'<td class="n {tone(verdict) if count else "zero"}">{number(count)}</td>')
    return "".join(cells)


def _bar(one: TypeAgreement) -> str:
    """Shares of the verdicts' tones; the figures beside it say the same, so it is hidden from screen readers."""
    shares = dict.fromkeys(("good", "neutral", "bad"), 0)
    for verdict, count in one.counts.items():
        shares[tone(verdict)] += count
    parts = "".join(f'<i class="{name}" style="flex:{count} 1 0"></i>' for name, count in shares.items() if count)
    return f'<div class="bar" aria-hidden="true">{parts}</div>'


def _groups(groups: Sequence[DifferingGroup]) -> str:
    if not groups:
        return '<p class="calm">None: wherever both sides have told, they agree.</p>'
    return "".join(_group(one, opened=position == 0) for position, one in enumerate(groups))


def _group(one: DifferingGroup, *, opened: bool) -> str:
    where = place(one.signature)
    what = " · ".join(_text(part) for part in (where.type if where.path else "", where.kind, where.shapes) if part)
    also = _also(one.also)
    examples = "".join(_example(example, where.path) for example in one.examples)
    return (
        f'<details class="group"{" open" if opened else ""}><summary>'
        f'<span class="path">{_text(where.path or where.type)}</span>'
        f'<span class="count">{plural(one.count, "message")}</span><span class="what">{what}</span></summary>'
        f'<div class="body"><h3>Signature</h3><code>{_text(one.signature)}</code>{also}'
        f"{f'<h3>{_examples_title(one)}</h3>{examples}' if examples else ''}</div></details>"
    )


def _examples_title(one: DifferingGroup) -> str:
    return f"{plural(len(one.examples), 'example')} of {number(one.count)}"


def _also(signatures: Sequence[str]) -> str:
    if not signatures:
        return ""
    listed = "".join(f"<li><code>{_text(signature)}</code></li>" for signature in signatures[:_ALSO_SHOWN])
    rest = len(signatures) - _ALSO_SHOWN
    more = f'<li class="soft">and {rest:,} more</li>' if rest > 0 else ""
    return f"<h3>The same messages also differ in</h3><ul>{listed}{more}</ul>"


def _example(example: Example, leading: str) -> str:
    rows = "".join(_difference(one, leading) for one in example.differences)
    table = (
        '<div class="scroll"><table><thead><tr><th scope="col">Place</th><th scope="col">Control</th>'
        f'<th scope="col">Candidate</th></tr></thead><tbody>{rows}</tbody></table></div>'
        if rows
        else ""
    )
    name = f'<p><span class="id">{_text(example.message_id)}</span><span class="kind">{example.verdict}</span></p>'
    return f'<div class="example">{name}{table}</div>'


def _difference(one: ShownDifference, leading: str) -> str:
    mark = ' class="leading"' if printable(one.path) == leading else ""
    cells = "".join(f"<td>{_value(value)}</td>" for value in (control_value(one), candidate_value(one)))
    return f'<tr{mark}><td><code>{_text(one.path)}</code><span class="kind">{_text(one.kind)}</span></td>{cells}</tr>'


def _value(value: str) -> str:
    if value == MASKED:
        return f'<span class="masked" title="personal or secret: masked">{MASKED}</span>'
    return f'<span class="value">{_text(value)}</span>'


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
