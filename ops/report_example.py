"""One differing message on a page: its differences side by side, with the part in which two texts differ marked."""

from contracts.shown import MASKED, Shown, ShownDifference
from ops.apart import Parted, part
from ops.comparison import Example
from ops.report_markup import text
from ops.wording import candidate_value, control_value, number, printable

_DIFFERENCES_SHOWN = 12
_SIDES = '<p class="sides heads" aria-hidden="true"><span>Control</span><span>Candidate</span></p>'


def example(one: Example, leading: str) -> str:
    """A message, the difference in the group's own place first."""
    ordered = sorted(one.differences, key=lambda difference: printable(difference.path) != leading)
    shown = "".join(_difference(difference, leading) for difference in ordered[:_DIFFERENCES_SHOWN])
    left_out = len(ordered) - _DIFFERENCES_SHOWN
    more = f'<p class="note">and {number(left_out)} more places</p>' if left_out > 0 else ""
    return (
        f'<article class="example"><h4><span class="id">{text(one.message_id)}</span>'
        f'<span class="kind">{text(one.verdict)}</span></h4>{_SIDES if shown else ""}{shown}{more}</article>'
    )


def _difference(one: ShownDifference, leading: str) -> str:
    mark = " leading" if printable(one.path) == leading else ""
    control, candidate = _sides(one)
    return (
        f'<div class="difference{mark}"><p class="where"><code>{text(one.path)}</code>'
        f'<span class="kind">{text(one.kind)}</span></p><dl class="sides">'
        f"<div><dt>Control</dt><dd>{control}{_shape(one.control_shape)}</dd></div>"
        f"<div><dt>Candidate</dt><dd>{candidate}{_shape(one.candidate_shape)}</dd></div></dl></div>"
    )


def _sides(one: ShownDifference) -> tuple[str, str]:
    if _is_text(one.control) and _is_text(one.candidate):
        control, candidate = part(str(one.control), str(one.candidate))
        return _parted(control), _parted(candidate)
    return _value(one.control, control_value(one)), _value(one.candidate, candidate_value(one))


def _is_text(value: Shown) -> bool:
    return isinstance(value, str) and value not in ("", MASKED)


def _parted(value: Parted) -> str:
    shown = value.shortened()
    if value.whole:
        return f'<span class="value">{text(shown.apart)}</span>'
    return f'<span class="value">{text(shown.before)}<mark>{text(shown.apart)}</mark>{text(shown.after)}</span>'


def _value(value: Shown, wording: str) -> str:
    if value == MASKED:
        return f'<span class="masked" title="personal or secret: masked">{MASKED}</span>'
    if value == "":
        return '<span class="none">empty text</span>'
    if isinstance(value, str):
        return f'<span class="value">{text(Parted("", value, "").shortened().apart)}</span>'
    return f'<span class="none">{text(wording)}</span>'


def _shape(shape: str) -> str:
    """What a value looks like; where it is masked that is all there is. A side that has none has no shape either."""
    return "" if shape == "-" else f'<span class="shape">{text(shape)}</span>'
