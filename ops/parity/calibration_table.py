"""What calibration has found, for a terminal: noisy places, and the rules that would tolerate them."""

import json
from collections.abc import Iterator, Mapping, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from contracts.rule import Rule
from ops.parity.calibrate import Place
from ops.wording import number, percent, plural


def calibration_tables(messages: Mapping[str, int], places: Sequence[Place]) -> Iterator[RenderableType]:
    """Noisy places by type; then the rules to copy."""
    for name, count in sorted(messages.items()):
        noisy = sum(1 for one in places if one.type == name)
        yield Text(f"{name}: {plural(count, 'message')}, {plural(noisy, 'noisy place')}")
    if not places:
        yield Text("No noise: the monolith does the same twice.", "green")
        return
    table = Table("Place", "Noisy", "Share", "What of it", "Ours differs more", box=SIMPLE_HEAD, pad_edge=False)
    for one in places:
        paired = f"{number(one.candidate_only)} against {number(one.control_only)}, E = {one.e_value:.3g}"
        table.add_row(
            Text(f"{one.type}\n{one.path}"),
            number(one.messages),
            percent(one.share),
            _what(one),
            Text(paired, "red" if one.flagged else "bright_black"),
        )
    yield table
    proposals = [one for one in places if one.proposal is not None]
    if proposals:
        yield Text("\nProposed, for a person to accept: into the type's contract, in contracts/registry.py", "bold")
    for one in proposals:
        assert one.proposal is not None  # noqa: S101  they were chosen so
        yield Text(f"\n# {one.type}\n{rule_source(one.proposal)}")


def rule_source(rule: Rule) -> str:
    """A rule as the registry writes it."""
    lines = [
        "Rule(",
        f"    {_quoted(rule.path)},",
        f"    {_quoted(rule.kind)},",
        f"    reason={_quoted(rule.reason)},",
        f"    owner={_quoted(rule.owner)},",
        f"    expires=date({rule.expires.year}, {rule.expires.month}, {rule.expires.day}),",
    ]
    if rule.tolerance_s:
        seconds = rule.tolerance_s
        lines.append(f"    tolerance_s={int(seconds) if seconds.is_integer() else seconds},")
    if rule.tolerance:
        lines.append(f"    tolerance={rule.tolerance},")
    return "\n".join([*lines, ")"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _what(one: Place) -> Text:
    if one.tolerated is not None:
        return Text(f"tolerated: {one.tolerated}", "green")
    if one.proposal is not None:
        return Text(f"a rule is proposed: {one.proposal.kind}", "yellow")
    return Text(f"no rule: {one.refused}", "red")
