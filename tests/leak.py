"""Looks for the marks that everything personal bears in the monolith's simulation, in clear and as base64."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

MARKS = ("Zzyx", "FR76ZZ", "Lbl-Zz")
"""Of names, IBANs and labels: legacy/README.md."""


def leaks(places: Iterable[tuple[str, str | bytes]]) -> list[str]:
    """Which places hold a mark: `place: mark`. Texts are looked at whatever their case, bytes as they are."""
    found = []
    for place, content in places:
        if isinstance(content, bytes):
            found += [f"{place}: {mark}" for mark, needle in _IN_BYTES if needle in content]
        else:
            lowered = content.lower()
            found += [f"{place}: {mark}" for mark in MARKS if mark.lower() in lowered]
            found += [f"{place}: {mark} in base64" for mark, needle in _IN_BASE64 if needle in content]
    return found


def values(item: dict[str, Any], place: str) -> Iterator[tuple[str, str | bytes]]:
    """All texts and bytes in a DynamoDB item, those within lists and maps too, and its attributes' names."""
    for name, typed in item.items():
        yield f"{place}, a name", name
        yield from _inside(typed, f"{place}.{name}")


def _inside(typed: dict[str, Any], place: str) -> Iterator[tuple[str, str | bytes]]:
    [(kind, value)] = typed.items()
    if kind in ("S", "N", "B"):
        yield place, value
    elif kind == "M":
        yield from values(value, place)
    elif kind in ("L", "SS", "NS", "BS"):
        for one in value:
            yield from _inside(one if kind == "L" else {kind[0]: one}, place)


def _cores(text: str) -> Iterator[str]:
    """What the base64 of any bytes with the text in them holds, by where among three bytes the text begins."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + text.encode()).decode().rstrip("=")
        first = -(-before * 8 // 6)
        last = (before + len(text)) * 8 // 6
        yield encoded[first:last]


# Four letters alone turn up by chance in the ciphertexts of one run out of some thousand; what stands beside a name in
# `Simulation/Sample.php` makes that one out of a million.
_NEEDLES = {"Zzyx": (" Zzyx", "/Zzyx", "Zzyx ", "Zzyx-"), "FR76ZZ": ("FR76ZZ",), "Lbl-Zz": ("Lbl-Zz",)}
_IN_BYTES = tuple((mark, needle.encode()) for mark in MARKS for needle in _NEEDLES[mark])
_IN_BASE64 = tuple((mark, core) for mark in MARKS for needle in _NEEDLES[mark] for core in _cores(needle))
