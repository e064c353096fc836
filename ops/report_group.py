"""The part of a page about differences: a card for each group, the largest first, and what a reader filters them by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from contracts.tally import UNPLACED, Sighting
from ops.comparison import Comparison, DifferingGroup
from ops.guide import Section
from ops.report_example import example
from ops.report_guide import link
from ops.report_markup import bullets, chip, row, table, text
from ops.wording import number, place, plural, portion

CARDS = 200
"""Groups that are shown in full; all others are rows. More than that nobody reads, and no phone shows."""
_FIXED_OPEN = 5
_ALSO_SHOWN = 12
_LONG = ("Signature", "Looks like")


def groups(comparison: Comparison, guide: Mapping[str, Section]) -> str:
    """All of them. Args: guide: sections that the page holds, by their anchors."""
    found = comparison.groups
    if not found:
        return f'<p class="calm">{_none(comparison)}</p>'
    cards = "".join(_card(one, position, guide) for position, one in enumerate(found[:CARDS], 1))
    return f"{_filter(found)}{cards}{_rest(found[CARDS:])}{_NO_MATCH}"


def fixed_groups(signatures: Sequence[str]) -> str:
    """Groups of an earlier run that are no more."""
    if not signatures:
        return ""
    listed = bullets(f"{chip('gone', 'good')} {_place(signature)}" for signature in signatures)
    opened = " open" if len(signatures) <= _FIXED_OPEN else ""
    title = f"{plural(len(signatures), 'group')} of the earlier run did not come again"
    head = f"<summary><span>{title}</span></summary>"
    return f'<details class="fold"{opened}>{head}<div class="body">{listed}</div></details>'


def _none(comparison: Comparison) -> str:
    if comparison.void:
        return "None was seen, by a comparison that is blind." if comparison.survivors else "None was seen."
    return "None: wherever both sides have told, they agree." if comparison.agreement is not None else "None."


_NO_MATCH = '<p class="soft" id="no-match" hidden>No group is like that.</p>'


def _filter(found: Sequence[DifferingGroup]) -> str:
    """Shown by the script only: without one there is nothing that it could do."""
    places = [place(one.signature) for one in found]
    choices = [
        _choice("type", "Type", sorted({one.type for one in found})),
        _choice("kind", "Kind", sorted({one.kind for one in places})),
    ]
    since = sorted({one.since for one in found if one.since is not None})
    choices += [_choice("since", "Since", since)] if since else []
    return (
        '<form id="filter" class="filter" role="search" aria-label="Filter groups" hidden>'
        '<label class="wide">Place or text'
        '<input type="search" name="text" autocomplete="off" spellcheck="false"></label>'
        f'{"".join(choices)}<button type="button" data-act="reset">Show all</button>'
        '<button type="button" data-act="unfold">Open all</button>'
        f'<output aria-live="polite">{plural(len(found), "group")}</output></form>'
    )


def _choice(name: str, label: str, values: Iterable[str]) -> str:
    options = "".join(f'<option value="{text(value)}">{text(value)}</option>' for value in values)
    return f'<label>{label}<select name="{name}"><option value="">all</option>{options}</select></label>'


def _card(one: DifferingGroup, position: int, guide: Mapping[str, Section]) -> str:
    where = place(one.signature)
    what = " · ".join(text(part) for part in (where.type if where.path else "", where.kind, where.shapes) if part)
    share = "" if one.share is None else f'<span class="share"> · {portion(one.share)}</span>'
    return (
        f'<details class="group" id="{_anchor(one)}"{_data(one)}{" open" if position == 1 else ""}><summary>'
        f'<span class="path">{text(where.path or where.type)}</span>'
        f'<span class="count">{plural(one.count, "message")}{share}</span>'
        f'<span class="what">{what}</span><span class="chips">{_chips(one)}</span></summary>'
        f'<div class="body">{_about(one, guide)}{_also(one.also)}{_examples(one)}</div></details>'
    )


def _anchor(one: DifferingGroup) -> str:
    """The same in every report that has the group: somebody may send the link."""
    return f"group-{sha256(one.signature.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _data(one: DifferingGroup) -> str:
    known = {"type": one.type, "kind": place(one.signature).kind, "since": one.since or "", "count": str(one.count)}
    return "".join(f' data-{name}="{text(value)}"' for name, value in known.items())


def _chips(one: DifferingGroup) -> str:
    since = "" if one.since is None else chip(one.since, "bad" if one.since == "new" else "")
    return since + ("" if one.trap is None else chip(f"looks like {one.trap.title}"))


def _about(one: DifferingGroup, guide: Mapping[str, Section]) -> str:
    facts = "".join(
        f'<div class="{"long" if name in _LONG else "short"}"><dt>{name}</dt><dd>{value}</dd></div>'
        for name, value in _facts(one, guide)
    )
    return (
        f'<dl class="about">{facts}</dl><p class="only"><button type="button" data-act="only" aria-pressed="false">'
        "Show only this group</button></p>"
    )


def _facts(one: DifferingGroup, guide: Mapping[str, Section]) -> Iterator[tuple[str, str]]:
    yield "Signature", f'<code class="signature">{text(one.signature)}</code>'
    if one.trap is not None:
        yield "Looks like", f"{text(one.trap.title)}, see {link(one.trap, guide)}"
    if one.share is not None:
        yield "Share of its type", portion(one.share)
    if one.first is not None:
        yield "First seen", _sighting(one.first)
    if one.last is not None:
        yield "Last seen", _sighting(one.last)
    if one.since is not None:
        yield "Since the earlier run", "new: that had no such group" if one.since == "new" else "still there"


def _sighting(seen: Sighting) -> str:
    if seen.position == UNPLACED:
        return text(seen.at)
    at = f'<span class="at">{text(seen.at)}</span>' if seen.at else ""
    return f"message {number(seen.position + 1)}{at}"


def _also(signatures: Sequence[str]) -> str:
    if not signatures:
        return ""
    rest = len(signatures) - _ALSO_SHOWN
    listed = [_place(signature, typed=False) for signature in signatures[:_ALSO_SHOWN]]
    more = [f'<span class="soft">and {number(rest)} more</span>'] if rest > 0 else []
    return f'<h3>The same messages also differ in</h3><div class="also">{bullets([*listed, *more])}</div>'


def _place(signature: str, *, typed: bool = True) -> str:
    where = place(signature)
    what = " · ".join(text(part) for part in (where.type if typed else "", where.kind, where.shapes) if part)
    return f'<code>{text(where.path)}</code> <span class="soft">{what}</span>' if where.path else f"<code>{what}</code>"


def _examples(one: DifferingGroup) -> str:
    if not one.examples:
        return ""
    leading = place(one.signature).path
    shown = "".join(example(each, leading) for each in one.examples)
    return f"<h3>{plural(len(one.examples), 'example')} of {number(one.count)}</h3>{shown}"


def _rest(found: Sequence[DifferingGroup]) -> str:
    """Those that are too many to be shown in full."""
    if not found:
        return ""
    heads = [
        ("Place", ""),
        ("Type", ""),
        ("Kind", ""),
        ("Shapes", ""),
        ("Messages", "n"),
        ("Share", "n"),
        ("Since", ""),
        ("Looks like", ""),
    ]
    messages = plural(sum(one.count for one in found), "message")
    return (
        f'<div id="rest"><h3>{plural(len(found), "smaller group")}, {messages}</h3>'
        f'<p class="note">Only the {CARDS} largest groups are shown in full, with examples; the JSON has all.</p>'
        f"{table('Smaller groups', heads, map(_row, found))}</div>"
    )


def _row(one: DifferingGroup) -> str:
    where = place(one.signature)
    share = "" if one.share is None else portion(one.share)
    plain = ((where.type, "nowrap"), (where.kind, ""), (where.shapes, ""))
    cells = [(text(value), name) for value, name in plain]
    cells += [(number(one.count), "n"), (share, "n"), (text(one.since or ""), "nowrap")]
    cells += [("" if one.trap is None else text(one.trap.title), "")]
    return row(f"<code>{text(where.path or where.type)}</code>", cells, _data(one))
