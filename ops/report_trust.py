"""The part of a page about the comparison itself: what it tolerates by rule, and whether it sees what is wrong."""

from collections.abc import Iterable, Mapping, Sequence

from contracts.liveness import KINDS, Survivor
from ops.comparison import Comparison, MutantCount, RuleUse
from ops.report_markup import bullets, chip, row, table, text
from ops.wording import number, plural

_SURVIVORS_SHOWN = 20
_UNPROBED_SHOWN = 20


def survivors(comparison: Comparison) -> str:
    """The banner of a void comparison, or nothing."""
    if not comparison.void:
        return ""
    return (
        '<section class="void" aria-labelledby="void-title"><h2 id="void-title">Void</h2>'
        f"{_survivors(comparison.survivors)}{_unprobed(comparison.unprobed)}</section>"
    )


def _survivors(found: Sequence[Survivor]) -> str:
    if not found:
        return ""
    return (
        f"<p><strong>This comparison is blind in {plural(len(found), 'place')}.</strong> Beside it, outcomes were made "
        "wrong on purpose, and these were called equal. What it does not see there it does not see in a real message "
        "either: no figure below proves anything, and no type may go live on it. Mend the contract's rules, or the "
        f"recording, and run it again.</p>{_survivors_listed(found)}"
    )


def _unprobed(found: Sequence[str]) -> str:
    if not found:
        return ""
    listed = [f"<code>{text(name)}</code>" for name in found[:_UNPROBED_SHOWN]]
    rest = len(found) - _UNPROBED_SHOWN
    return (
        f"<p><strong>No mutant was made of {plural(len(found), 'type')}.</strong> Messages agree there, and none was "
        "made wrong on purpose: nobody knows whether anything wrong would be seen. No figure below proves anything, "
        "and no type may go live on it. Run it again with mutants.</p>"
        f"{bullets([*listed, *([f'and {number(rest)} more'] if rest > 0 else [])])}"
    )


def _survivors_listed(found: Sequence[Survivor]) -> str:
    listed = [
        f"<strong>{text(one.kind)}</strong> in <code>{text(one.path)}</code> of {text(one.type)}, "
        f"{plural(one.count, 'time')}"
        for one in found[:_SURVIVORS_SHOWN]
    ]
    rest = len(found) - _SURVIVORS_SHOWN
    return bullets([*listed, *([f"and {number(rest)} more"] if rest > 0 else [])])


def mutants(comparison: Comparison) -> str:
    """What became of them, by kind and type."""
    found = comparison.mutants
    if not found:
        return '<p class="soft">None were made here: whether this comparison sees what is wrong was not tried.</p>'
    types = sorted({one.type for one in found})
    by_kind = {(one.kind, one.type): one for one in found}
    heads = [("Kind", ""), *((name, "n") for name in types)]
    rows = (
        row(text(kind), (_fates(by_kind.get((kind, name))) for name in types))
        for kind in KINDS
        if any(one.kind == kind for one in found)
    )
    return f"<p>{_sum(found)}</p>{table('Mutants by kind and type', heads, rows)}{_MUTANTS_NOTE}"


_MUTANTS_NOTE = (
    '<p class="note">A mutant is an agreeing outcome that was made wrong in one place. Figures are those that were '
    "called different; tolerated ones were called equal by a rule that allows just that, survived ones by nothing that "
    "may. A dash: no message offered a place for it.</p>"
)


def _sum(found: Iterable[MutantCount]) -> str:
    fates = [(one.killed, one.tolerated, one.survived) for one in found]
    killed, tolerated, survived = (sum(fate) for fate in zip(*fates, strict=True))
    what = f"{number(killed)} of {plural(killed + tolerated + survived, 'mutant')} called different"
    return (
        f"{what}, {number(tolerated)} tolerated by rule, "
        f"{chip(f'{number(survived)} survived', 'bad') if survived else 'none survived'}."
    )


def _fates(one: MutantCount | None) -> tuple[str, str]:
    if one is None:
        return "—", "n zero"
    tolerated = f'<span class="fate soft">{number(one.tolerated)} tolerated</span>' if one.tolerated else ""
    survived = f'<span class="fate bad">{number(one.survived)} survived</span>' if one.survived else ""
    return f"{number(one.killed)}{tolerated}{survived}", "n"


def rules(found: Sequence[RuleUse]) -> str:
    """Every rule, those with a problem first."""
    if not found:
        return ""
    heads = [
        ("Place", ""),
        ("Type", ""),
        ("Tolerates", ""),
        ("Hits", "n"),
        ("Reason", ""),
        ("Owner", ""),
        ("Until", ""),
    ]
    ordered = sorted(found, key=lambda one: one.problem is None)
    return table("Rules", heads, map(_rule, ordered)) + _RULES_NOTE


_RULES_NOTE = (
    '<p class="note">Hits: messages in which it tolerated something. An expired rule tolerates nothing, '
    "and neither does one that ends more than a year from now; one that is "
    "never hit is needed no more, or its place is wrong.</p>"
)
_PROBLEMS: Mapping[str, str] = {"expired": "bad", "ends too late": "bad", "never hit": "neutral"}


def _rule(one: RuleUse) -> str:
    problem = "" if one.problem is None else f" {chip(one.problem, _PROBLEMS[one.problem])}"
    cells = [
        (text(one.type), "nowrap"),
        (text(one.kind), "nowrap"),
        (number(one.hits), "n" if one.hits else "n zero"),
        (text(one.reason), "wide"),
        (text(one.owner), "nowrap"),
        (one.expires.isoformat(), "nowrap"),
    ]
    return row(f"<code>{text(one.path)}</code>{problem}", cells)
