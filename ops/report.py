"""A comparison as one self-contained page: no other file, nothing fetched, and no script but its own.

Renders what was judged elsewhere. Every text from outside is escaped, and what could turn or hide other text is shown
as an escape; values are those that the comparison holds to be shown, personal ones masked. What the page may do is
said in the page: its script and its sheet run by their hashes, anything else is refused by the browser.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from contracts.shown import MASKED
from contracts.verdict import AGREED, UNDECIDED, Verdict
from ops.comparison import Comparison, total
from ops.guide import Section
from ops.report_group import CARDS, fixed_groups, groups
from ops.report_guide import quoted
from ops.report_markup import bullets, hashed, text
from ops.report_script import SCRIPT
from ops.report_trust import mutants, rules, survivors
from ops.report_type import types
from ops.stylesheet import STYLESHEET
from ops.wording import number, percent, plural

_FOOTER = (
    "<footer><p>Agreement is the share of <em>match</em> and <em>match by rule</em> among all decided messages. "
    "Messages are grouped by what their differences have in common. Values of fields that no contract names as plain "
    f"are masked ({MASKED}); below a value stands what it looks like. What looks like one of PHP's habits is a guess; "
    "<code>docs/porting.md</code> lies in the repository of this program.</p></footer>"
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
    comparison: Comparison
    objections: tuple[str, ...] = ()
    """What stands against it, of what was asked for."""
    guide: Mapping[str, Section] = field(default_factory=dict)
    """Sections of the porting guide by their anchors: the page holds those that its groups name."""


def render(report: Report) -> str:
    """The page as HTML 5."""
    comparison = report.comparison
    parts = [
        ("against", "What stands against it", _against(report)),
        ("types", "By message type", types(comparison.types, void=comparison.void)),
        ("groups", "Differences", groups(comparison, report.guide)),
        ("fixed", "Gone since the earlier run", fixed_groups(comparison.fixed)),
        ("rules", "Tolerated by rule", rules(comparison.rules)),
        ("mutants", "Mutants", mutants(comparison)),
        ("guide", "What PHP does there", quoted(comparison, CARDS, report.guide)),
    ]
    policy = (
        f"default-src 'none'; script-src '{hashed(SCRIPT)}'; style-src '{hashed(STYLESHEET)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    return "".join(
        (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
            f"<title>{text(report.title)}</title><style>{STYLESHEET}</style></head>",
            "<body><main" + (' class="is-void">' if comparison.void else ">"),
            _header(report, "".join(_link(*one) for one in parts if one[2])),
            *(_section(*one) for one in parts if one[2]),
            f"{_FOOTER}</main><script>{SCRIPT}</script></body></html>\n",
        )
    )


def _link(anchor: str, title: str, _: str) -> str:
    return f'<a href="#{anchor}">{title}</a>'


def _section(anchor: str, title: str, body: str) -> str:
    return (
        f'<section id="{anchor}" aria-labelledby="{anchor}-title"><h2 id="{anchor}-title">{title}</h2>{body}</section>'
    )


def _header(report: Report, links: str) -> str:
    return "".join(
        (
            f"<header><h1>{text(report.title)}</h1>",
            '<p class="soft">What the monolith (control) and the new side (candidate) made of the same messages.</p>',
            survivors(report.comparison),
            _figures(report.comparison),
            _facts(report.facts),
            f'<nav aria-label="Contents">{links}</nav></header>',
        )
    )


def _figures(comparison: Comparison) -> str:
    figures = "".join(
        f'<div class="figure{f" {tone}" if tone and not comparison.void else ""}"><dt>{text(name)}</dt>'
        f"<dd>{text(value)}</dd></div>"
        for value, name, tone in _headline(comparison)
    )
    return f'<dl class="figures{" doubtful" if comparison.void else ""}">{figures}</dl>'


def _headline(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    """Values, names and tones of the figures that come first."""
    counts, share, groups = total(comparison.types), comparison.agreement, comparison.groups
    differing = sum(count for verdict, count in counts.items() if verdict not in AGREED | UNDECIDED)
    yield percent(share), "agreement", "" if share is None else "good" if share == 1 else "bad"
    yield number(sum(counts.values())), "messages", ""
    yield number(differing), "differing", "bad" if differing else ""
    yield number(len(groups)), f"group{'' if len(groups) == 1 else 's'} of differences", "bad" if groups else ""
    if any(one.since for one in groups):
        new = sum(one.since == "new" for one in groups)
        yield number(new), "of them new", "bad" if new else "good"
    if pending := counts.get(Verdict.PENDING, 0):
        yield number(pending), "pending", "bad"
    proofs = [one.confidence for one in comparison.types if one.confidence is not None]
    if proofs:
        proven = sum(one.proven for one in proofs)
        yield f"{proven} of {len(proofs)}", "types proven", "good" if proven == len(proofs) else "bad"


def _facts(facts: Sequence[Fact]) -> str:
    if not facts:
        return ""
    listed = "".join(f"<div><dt>{text(fact.name)}</dt><dd>{text(fact.value)}</dd></div>" for fact in facts)
    return f'<dl class="facts">{listed}</dl>'


def _against(report: Report) -> str:
    if not report.objections:
        return '<p class="calm">Nothing that was asked for stands against it.</p>'
    listed = bullets(text(one) for one in report.objections)
    return f'<div class="objections"><p>{plural(len(report.objections), "objection")}:</p>{listed}</div>'
