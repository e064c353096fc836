"""The part of a page about message types: how far they agree, what that proves, and what was never compared."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from contracts.confidence import Confidence
from contracts.verdict import Verdict, agreement
from ops.comparison import Exercised, TypeAgreement, total
from ops.report_markup import bullets, chip, row, table, text
from ops.wording import nines, number, occurring, percent, plural, portion, seconds, tone

_BRANCHES_SHOWN = 400
_BAR_WIDTH = 100


def types(found: Sequence[TypeAgreement], *, void: bool) -> str:
    """All types in a table, what its figures mean, and the branches that were never exercised."""
    if not found:
        return '<p class="soft">Nothing was compared.</p>'
    verdicts = occurring(total(found))
    proofs = any(one.confidence is not None for one in found)
    timed = any(one.p50_s is not None for one in found)
    heads = [("Type", ""), ("Agreement", "n"), ("Seen", "n"), *((one.value.capitalize(), "n") for one in verdicts)]
    heads += [("Proven at least", "n"), ("Still needed", "n")] if proofs else []
    heads += [("p50", "n"), ("p99", "n")] if timed else []
    rows = (_row(one, verdicts, proofs=proofs, timed=timed, void=void) for one in found)
    empty = 2 * (proofs + timed) * [("", "")]
    counts = total(found)
    foot = row("All", [*_figures(agreement(counts), counts, verdicts), *empty]) if len(found) > 1 else ""
    return table("Verdicts by message type", heads, rows, foot) + _note(found, timed=timed) + _never_exercised(found)


def _row(one: TypeAgreement, verdicts: Iterable[Verdict], *, proofs: bool, timed: bool, void: bool) -> str:
    cells = [*_figures(one.agreement, one.counts, verdicts)]
    cells += _proof(one.confidence, void=void) if proofs else []
    cells += [(seconds(one.p50_s), "n"), (seconds(one.p99_s), "n")] if timed else []
    return row(f"<code>{text(one.type)}</code>{_bar(one)}", cells)


def _figures(
    share: float | None, counts: Mapping[Verdict, int], verdicts: Iterable[Verdict]
) -> Iterator[tuple[str, str]]:
    yield f"<strong>{percent(share)}</strong>", "n"
    yield number(sum(counts.values())), "n"
    for verdict in verdicts:
        count = counts.get(verdict, 0)
        yield number(count), f"n {tone(verdict) if count else 'zero'}"


def _proof(proof: Confidence | None, *, void: bool) -> Iterator[tuple[str, str]]:
    if proof is None or void:
        yield from (("—" if proof is None else "void", "n zero"), ("—", "n zero"))
        return
    yield nines(proof.agreement_at_least), "n"
    yield (chip("proven", "good") if proof.proven else number(proof.messages_needed)), "n"


def _note(found: Iterable[TypeAgreement], *, timed: bool) -> str:
    asked = sorted({(one.confidence.target, one.confidence.alpha) for one in found if one.confidence is not None})
    notes = [
        f"Proven at least: with a confidence of {nines(1 - alpha)} for each type, whenever somebody looks. Still "
        f"needed: messages, all of them agreeing, until {nines(target)} is proven."
        for target, alpha in asked
    ]
    notes += ["p50 and p99: time from publishing to verdict."] if timed else []
    return "".join(f'<p class="note">{note}</p>' for note in notes)


def _never_exercised(found: Sequence[TypeAgreement]) -> str:
    """What no message was like, folded away type by type."""
    folds = "".join(_branches(one.type, one.exercised) for one in found if one.exercised is not None)
    if not folds:
        return ""
    return (
        f'<h3>Never exercised</h3><div class="folds">{folds}</div><p class="note">Branches that a contract names '
        "and no message took: fields, cases, signs, effects, endings. The probability is that of the next message "
        "taking a path that was never compared, as far as the messages so far tell (Good and Turing).</p>"
    )


def _branches(name: str, known: Exercised) -> str:
    more = len(known.never) - _BRANCHES_SHOWN
    names = [f"<code>{text(branch)}</code>" for branch in known.never[:_BRANCHES_SHOWN]]
    listed = bullets([*names, *([f"and {number(more)} more"] if more > 0 else [])]) if names else "<p>None is left.</p>"
    return (
        f'<details class="fold"><summary><code>{text(name)}</code>'
        f"<span>{number(len(known.never))} of {plural(known.branches, 'branch', 'branches')}</span>"
        f'<span class="soft">a new path next: {portion(known.missing_mass)}</span></summary>'
        f'<div class="body columns">{listed}</div></details>'
    )


def _bar(one: TypeAgreement) -> str:
    """Shares of the verdicts' tones; the figures beside it say the same, so it is hidden from screen readers."""
    shares = dict.fromkeys(("good", "neutral", "bad"), 0)
    for verdict, count in one.counts.items():
        shares[tone(verdict)] += count
    parts, left = "", 0.0
    for name, count in shares.items():
        width = max(1.0, _BAR_WIDTH * count / one.seen) if count else 0.0
        left = min(left, _BAR_WIDTH - width)
        parts += f'<rect class="{name}" x="{left:.2f}" width="{width:.2f}" height="6"/>' if count else ""
        left += width
    return f'<svg class="bar" viewBox="0 0 {_BAR_WIDTH} 6" preserveAspectRatio="none" aria-hidden="true">{parts}</svg>'
