"""Which sections of docs/porting.md a handler of this type will need, by what was seen in its messages."""

from collections.abc import Collection, Iterator

from ops.guide import parse_guide
from ops.scaffold.design import Design
from ops.scaffold.meaning import leaves, meaning_of
from ops.scaffold.place import Place

MONEY = (
    "rounding-is-not-pythons-and-changed-with-php-84",
    "sprintf-rounds-otherwise-than-number_format",
    "a-float-as-text-has-14-digits-in-json-as-many-as-it-needs",
    "casts-cut-and-never-complain",
)
NUMBERS = ("what-is-numeric", "numbers-in-strings-are-numbers")
TRUTH = ("0-is-false",)
TEXT = ("trim-knows-other-characters", "only-ascii-letters-change-their-case", "substr-and-str_pad-count-bytes")
DATES = ("a-local-time-may-come-twice-or-never",)
ENCODING = ("json_encode-escapes-and-knows-no-empty-object",)
DECODING = ("json_decode-turns-long-integers-into-floats-and-objects-into-arrays",)
SIGNING = ("signatures-are-over-phps-bytes",)
ARRAYS = ("keys-change-their-type-and-functions-renumber-them",)
OBJECTS = ("serialize-and-what-is-in-it",)
LATE = ("what-comes-late-or-in-part",)
ALL = frozenset((*MONEY, *NUMBERS, *TRUTH, *TEXT, *DATES, *ENCODING, *DECODING, *SIGNING, *ARRAYS, *OBJECTS))
"""Anchors that the guide has to have; `LATE` where it has it."""


def anchors(guide: str) -> "dict[str, str]":
    """Headings by their anchors, as GitHub makes them."""
    return {anchor: one.title for anchor, one in parse_guide(guide).items()}


def sections(design: Design, guide: str) -> Iterator[str]:
    """Titles of the sections that matter, in the order of the guide."""
    wanted = _wanted(design)
    return (title for anchor, title in anchors(guide).items() if anchor in wanted)


def _wanted(design: Design) -> Collection[str]:
    places = [design.body, *(one.place for one in design.told_effects)]
    found: set[str] = set(LATE)
    for place in places:
        for name, one in leaves(place):
            found.update(_of_leaf(name, one))
        if _has_kind(place, "map"):
            found.update(ARRAYS)
    if any(one.path.startswith(("message:", "webhook:")) for one in design.told_effects):
        found.update(ENCODING)
    if any(one.derived for one in design.told_effects):
        found.update(SIGNING)
    found.update(DECODING if design.codec.is_json else OBJECTS)
    return found


def _of_leaf(name: str, place: Place) -> Iterator[str]:
    meaning = meaning_of(name, place)
    if meaning == "amount":
        yield from (*MONEY, *NUMBERS)
    if meaning == "time" or place.forms["time"]:
        yield from DATES
    if "bool" in place.kinds or place.forms["empty"]:
        yield from TRUTH
    if place.forms["text"] or place.forms["word"]:
        yield from TEXT


def _has_kind(place: Place, kind: str) -> bool:
    below = [*place.fields.values(), *([place.item] if place.item else [])]
    return kind in place.kinds or any(_has_kind(one, kind) for one in below)
