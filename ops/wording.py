"""How figures, signatures and foreign texts are written for people, on a terminal as on a page."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from contracts.shown import Shown, ShownDifference
from contracts.tally import UNPLACED, Sighting
from contracts.verdict import AGREED, UNDECIDED, Verdict

_ABSENT_SHAPE = "-"


@dataclass(frozen=True, slots=True)
class Place:
    """A signature, taken apart for reading."""

    type: str
    path: str
    """Empty where the verdict is all that is known."""
    kind: str
    shapes: str


def place(signature: str) -> Place:
    """Take a signature (`contracts.difference.Difference.signature`) apart; what is none is all kind."""
    parts = signature.split(" | ", 3)  # what a value looks like may hold a bar itself
    if len(parts) == 4 and " -> " in parts[3]:
        message_type, path, kind, shapes = map(printable, parts)
        return Place(message_type, path, kind, shapes.replace(" -> ", " → "))
    return Place(printable(parts[0]) if len(parts) == 2 else "", "", printable(parts[-1]), "")


def printable(text: str) -> str:
    """Text that can neither steer a terminal nor a page: what has no glyph, or turns direction, becomes its escape.

    So does a space that is not the usual one: nobody could tell them apart. (`str.isprintable` means just that.)
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else f"\\u{{{ord(character):x}}}" for character in text)


def percent(share: float | None) -> str:
    """A share, 0 to 1. Rounded down: `100 %` means all of them."""
    if share is None:
        return "—"
    return "100 %" if share == 1 else _floored(share, 2)


def nines(share: float) -> str:
    """A share near 1, as far as its nines go and two digits on: `99.9912 %`. Rounded down."""
    rest = 1 - Decimal(str(share))
    if not rest:
        return percent(share)
    text = _floored(share, max(2, -1 - rest.adjusted()))
    while text[-3] == "0" and len(text.partition(".")[2]) > len("00 %"):
        text = f"{text[:-3]} %"
    return text


def _floored(share: float, places: int) -> str:
    """By the digits that the share is written with: 0.57 is 57 %, not the 56.99 % that its bits are nearer to."""
    return f"{(100 * Decimal(str(share))).quantize(Decimal(1).scaleb(-places), ROUND_FLOOR)} %"


def portion(share: float | None) -> str:
    """A share of something that is there: never nothing, however small."""
    return "under 0.01 %" if share is not None and 0 < share < 0.0001 else percent(share)


def sighting(seen: Sighting) -> str:
    """Which message of a comparison it was, and when that was recorded."""
    if seen.position == UNPLACED:
        return printable(seen.at)
    return f"message {seen.position + 1:,}{f' ({printable(seen.at)})' if seen.at else ''}"


def seconds(duration_s: float | None) -> str:
    """A duration in seconds, to the tenth of a second below a minute."""
    if duration_s is None:
        return "—"
    if duration_s < 60:
        return f"{duration_s:.1f} s"
    minutes, rest = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def number(count: int | None) -> str:
    """A number with its thousands set apart; a dash for unknown."""
    return "—" if count is None else f"{count:,}"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """`1 message`, `2 messages`; `nouns` where an s is not enough."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def control_value(one: ShownDifference) -> str:
    """What the monolith had there."""
    return "absent" if _absent(one.control, one.control_shape) else _value(one.control)


def candidate_value(one: ShownDifference) -> str:
    """What we had there."""
    return "absent" if _absent(one.candidate, one.candidate_shape) else _value(one.candidate)


def _absent(value: Shown, shape: str) -> bool:
    return value is None and shape == _ABSENT_SHAPE


def _value(value: Shown) -> str:
    if isinstance(value, str):
        return printable(value)
    return {None: "null", True: "true", False: "false"}[value]


def tone(verdict: Verdict) -> str:
    """`good`, `neutral` or `bad`."""
    if verdict in AGREED:
        return "good"
    return "neutral" if verdict in UNDECIDED else "bad"


def occurring(*counts: Mapping[Verdict, int]) -> tuple[Verdict, ...]:
    """The verdicts that occur, in the order of the vocabulary."""
    return tuple(verdict for verdict in Verdict if any(one.get(verdict) for one in counts))
