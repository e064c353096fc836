"""Where two texts part: what they have in common before and behind the place in which they differ, and how much of it
is shown.

A body of some kilobytes that differs in one letter is read by that letter, on a terminal as on a page.
"""

import unicodedata
from dataclasses import dataclass

_EQUAL_SHOWN = 60
"""Characters of what is the same that are shown on each side of what is not."""
_APART_SHOWN = 300
_SLACK = 20
"""To leave out less than that saves no room."""


@dataclass(frozen=True, slots=True)
class Parted:
    """A text, by where it differs from another one."""

    before: str
    apart: str
    after: str

    @property
    def whole(self) -> bool:
        """Whether it has nothing in common with the other one."""
        return not self.before and not self.after

    def shortened(self) -> "Parted":
        """With no more of each part than somebody reads; what is left out is counted."""
        return Parted(_end(self.before), _begin_and_end(self.apart), _begin(self.after))


def part(control: str, candidate: str) -> tuple[Parted, Parted]:
    """Both texts, each with what it has before, in and behind the place where they differ."""
    before = _equal(control, candidate)
    while before and (_joins(control, before) or _joins(candidate, before)):
        before -= 1
    left = min(len(control), len(candidate)) - before
    after = _equal(control[::-1][:left], candidate[::-1][:left])
    while after and _joins(control, len(control) - after):
        after -= 1
    return _cut(control, before, after), _cut(candidate, before, after)


def _equal(one: str, other: str) -> int:
    """How many characters both begin with. By halves: texts of kilobytes are compared by thousands."""
    least, most = 0, min(len(one), len(other))
    while least < most:
        middle = (least + most + 1) // 2
        if one[least:middle] == other[least:middle]:
            least = middle
        else:
            most = middle - 1
    return least


def _joins(text: str, position: int) -> bool:
    """Whether the character there is drawn over the one before it."""
    return position < len(text) and unicodedata.combining(text[position]) != 0


def _cut(text: str, before: int, after: int) -> Parted:
    end = len(text) - after
    return Parted(text[:before], text[before:end], text[end:])


def _end(text: str) -> str:
    left_out = len(text) - _EQUAL_SHOWN
    return text if left_out < _SLACK else f"[{left_out:,} the same] {text[left_out:]}"


def _begin(text: str) -> str:
    left_out = len(text) - _EQUAL_SHOWN
    return text if left_out < _SLACK else f"{text[:_EQUAL_SHOWN]} [{left_out:,} the same]"


def _begin_and_end(text: str) -> str:
    left_out = len(text) - _APART_SHOWN
    if left_out < _SLACK:
        return text
    return f"{text[: _APART_SHOWN - _EQUAL_SHOWN]} [{left_out:,} more] {text[-_EQUAL_SHOWN:]}"
