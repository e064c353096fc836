"""What a comparison stands on, in a few lines: why it is void, mutants, rules with problems, what was never met."""

from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import JustifyMethod, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ops.comparison import Comparison, MutantCount, RuleUse, TypeAgreement
from ops.wording import number, plural, portion, printable

_SOFT = "bright_black"
_BRANCHES_NAMED = 2
_FIXED_NAMED = 5
_SURVIVORS_NAMED = 20
_UNPROBED_NAMED = 10


def void_texts(comparison: Comparison) -> Iterator[RenderableType]:
    """Why a comparison is void, before all figures."""
    if comparison.survivors:
        yield Text(
            f"VOID: this comparison is blind in {plural(len(comparison.survivors), 'place')}. "
            "What was made wrong on purpose was called equal; no figure here proves anything.",
            "bold red",
        )
    if comparison.unprobed:
        names = ", ".join(map(printable, comparison.unprobed[:_UNPROBED_NAMED]))
        left_out = len(comparison.unprobed) - _UNPROBED_NAMED
        more = f" and {plural(left_out, 'more type')}" if left_out > 0 else ""
        yield Text(
            f"VOID: no mutant was made of {names}{more}. Nobody knows whether anything wrong is seen there: "
            "no figure here proves anything.",
            "bold red",
        )


def mutants_tables(comparison: Comparison) -> Iterator[RenderableType]:
    """One line where all is well; else what survived, and a table of fates."""
    found = comparison.mutants
    if not found:
        return
    made = sum(one.killed + one.tolerated + one.survived for one in found)
    tolerated, survived = sum(one.tolerated for one in found), sum(one.survived for one in found)
    what = f"mutants: {number(made)} made, "
    by_rule = f", {number(tolerated)} tolerated by rule" if tolerated else ""
    if not survived:
        yield Text(f"{what}all critical ones killed{by_rule}", _SOFT)
        return
    yield Text(f"\n{what}{number(survived)} SURVIVED{by_rule}", "bold red")
    for one in comparison.survivors[:_SURVIVORS_NAMED]:
        line = f"{one.kind} in {printable(one.path)} of {printable(one.type)}, {plural(one.count, 'time')}"
        yield Padding(Text(line, "red"), (0, 0, 0, 3), expand=False)
    left_out = len(comparison.survivors) - _SURVIVORS_NAMED
    if left_out > 0:
        yield Text(f"   and {left_out} more places", "red")
    yield _fates(found)


def _fates(found: Sequence[MutantCount]) -> Table:
    table = Table("Type", "Mutant", header_style=_SOFT, box=SIMPLE_HEAD)
    for name in ("killed", "tolerated", "survived"):
        table.add_column(name, justify="right")
    for one in found:
        survived = Text(number(one.survived), "red" if one.survived else _SOFT)
        table.add_row(Text(printable(one.type)), one.kind, number(one.killed), number(one.tolerated), survived)
    return table


def rules_table(rules: Sequence[RuleUse]) -> Iterator[RenderableType]:
    """Those with a problem; the others are counted."""
    problems = [one for one in rules if one.problem is not None]
    hits = sum(one.hits for one in rules)
    if rules:
        troubled = f"{len(problems) or 'none'} with a problem"
        yield Text(f"rules: {number(len(rules))}, hit {plural(hits, 'time')}, {troubled}", _SOFT)
    if not problems:
        return
    table = Table("Problem", "Type", "Place", "Tolerates", "Owner", "Until", header_style=_SOFT, box=SIMPLE_HEAD)
    for one in problems:
        style = "red" if one.problem in ("expired", "ends too late") else ""
        texts = (printable(text) for text in (one.type, one.path, one.kind, one.owner, one.expires.isoformat()))
        table.add_row(Text(one.problem or "", style), *map(Text, texts))
    yield table


def never_exercised(types: Sequence[TypeAgreement]) -> Iterator[RenderableType]:
    """A line for each type: how much of its contract no message has gone through, with an example or two."""
    grid = Table.grid(padding=(0, 2))
    justifies: tuple[JustifyMethod, ...] = ("left", "right", "right")
    for justify in justifies:
        grid.add_column(justify=justify, no_wrap=True)  # only the last one gives way to a narrow terminal
    grid.add_column()
    for one in types:
        if (known := one.exercised) is not None:
            names = ", ".join(map(printable, known.never[:_BRANCHES_NAMED]))
            counts = f"{number(len(known.never))} of {plural(known.branches, 'branch', 'branches')}"
            some = f"as {names}" if names else ""
            grid.add_row(
                Text(printable(one.type)),
                Text(counts),
                Text(portion(known.missing_mass)),
                Text(some, _SOFT, no_wrap=True, overflow="ellipsis"),
            )
    if grid.row_count:
        yield Text("never exercised, and how probable it is that the next message takes a path never compared:", _SOFT)
        yield Padding(grid, (0, 0, 0, 3), expand=False)


def fixed_text(fixed: Sequence[str]) -> Iterator[RenderableType]:
    """Groups of the earlier run that are gone."""
    if not fixed:
        return
    lines = [f"   {printable(signature)}" for signature in fixed[:_FIXED_NAMED]]
    more = [f"   and {len(fixed) - _FIXED_NAMED} more"] if len(fixed) > _FIXED_NAMED else []
    yield Text("\n".join([f"\n{plural(len(fixed), 'group')} of the earlier run gone:", *lines, *more]), "green")
