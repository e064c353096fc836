"""Which of PHP's habits a difference looks like: a guess, with the section of the porting guide that explains it.

Made for whoever reads a group of differences first. Every guess rests on what both values have in common; where none
fits nothing is said.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote_plus

from contracts.difference import Difference
from contracts.shape import read_as_latin1, same_letters, seconds_apart, without_html

GUIDE = "docs/porting.md"
_HOUR_S = 3600
_DAY_S = 86_400
_DIGITS_MOST = 400
"""Before and behind the point, of a number that is looked at. No amount has them."""
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:[ ,.\u00a0\u202f]\d{3})*(?:[.,]\d+)?")
_FALSY = (None, "", "0", 0, False)


@dataclass(frozen=True, slots=True)
class Trap:
    """One section of the guide."""

    title: str
    anchor: str
    """Of its heading in `GUIDE`."""

    @property
    def link(self) -> str:
        """Where to read on, from the root of the repository."""
        return f"{GUIDE}#{self.anchor}"


ROUNDING = Trap("rounding half a cent", "rounding-is-not-pythons-and-changed-with-php-84")
NOTATION = Trap("how PHP prints a float", "a-float-as-text-has-14-digits-in-json-as-many-as-it-needs")
GROUPING = Trap("number_format's separators", "rounding-is-not-pythons-and-changed-with-php-84")
CUT_CAST = Trap("a cast that cuts", "casts-cut-and-never-complain")
FALSY = Trap("what PHP takes for false", "0-is-false")
NUMBER_TEXT = Trap("numbers in strings", "numbers-in-strings-are-numbers")
TRUTH_NUMBER = Trap("a truth beside a number", "a-truth-is-1-only-where-it-is-cast")
JSON_EMPTY = Trap("an empty list or object", "json_encode-escapes-and-knows-no-empty-object")
JSON_TEXT = Trap("json_encode's escapes and digits", "json_encode-escapes-and-knows-no-empty-object")
LONG_INTEGER = Trap(
    "an integer past what a float holds", "json_decode-turns-long-integers-into-floats-and-objects-into-arrays"
)
SIGNATURE = Trap("a signature over other bytes", "signatures-are-over-phps-bytes")
TRIM = Trap("trim", "trim-knows-other-characters")
CASE = Trap("case of letters past ASCII", "only-ascii-letters-change-their-case")
NORMAL_FORM = Trap("Unicode's normal forms", "a-letter-with-an-accent-has-two-spellings")
CUT_TEXT = Trap("a text cut or padded by bytes", "substr-and-str_pad-count-bytes")
LATIN1 = Trap("UTF-8 read as Latin-1", "substr-and-str_pad-count-bytes")
HTML = Trap("htmlspecialchars", "explode-implode-and-htmlspecialchars")
URL = Trap("urlencode", "urlencode-and-http_build_query")
ORDER = Trap("the order of a sorted array", "sorting-mixes-numbers-and-texts")
LOCAL_TIME = Trap("a local time, or its zone", "a-local-time-may-come-twice-or-never")
DATE_CHANGE = Trap("adding days or months", "a-month-later-a-day-later-24-hours-later")

ALL = (
    ROUNDING, NOTATION, GROUPING, CUT_CAST, FALSY, NUMBER_TEXT, TRUTH_NUMBER, JSON_EMPTY, JSON_TEXT, LONG_INTEGER,
    SIGNATURE, TRIM, CASE, NORMAL_FORM, CUT_TEXT, LATIN1, HTML, URL, ORDER, LOCAL_TIME, DATE_CHANGE,
)  # fmt: skip


def recognise(one: Difference) -> Trap | None:
    """The trap that a difference looks like; None where it looks like none."""
    if one.kind in ("missing effect", "extra effect", "missing", "extra", "repetition"):
        return None
    if one.kind == "encoding":
        return JSON_TEXT
    if one.kind == "order":
        return ORDER
    control, candidate = one.control, one.candidate
    if one.kind == "type":
        return _types(control, candidate)
    if "ignature" in one.path.rpartition(".")[2]:
        return SIGNATURE
    if isinstance(control, str) and isinstance(candidate, str):
        return _texts(control, candidate)
    return _numbers(control, candidate)


def _types(control: object, candidate: object) -> Trap | None:
    if control in ([], {}) and candidate in ([], {}):
        return JSON_EMPTY
    if _is_bytes(control) or _is_bytes(candidate):
        return CUT_TEXT
    if {type(control), type(candidate)} <= {int, Decimal}:
        return NOTATION
    if {type(control), type(candidate)} == {int, bool} and control == candidate:
        return TRUTH_NUMBER
    if {type(control), type(candidate)} & {int, Decimal} and {type(control), type(candidate)} & {str}:
        return NUMBER_TEXT if _number(control) is not None and _number(candidate) is not None else FALSY
    return FALSY if any(control is value or control == value for value in _FALSY) else None


def _is_bytes(value: object) -> bool:
    return isinstance(value, dict) and list(value) == ["base64"]


def _texts(control: str, candidate: str) -> Trap | None:
    if not control or not candidate:
        return FALSY
    apart = seconds_apart(control, candidate)
    if apart is not None:
        return DATE_CHANGE if apart and apart % _DAY_S == 0 else LOCAL_TIME if apart % (_HOUR_S / 4) == 0 else None
    if _number(control) is not None and _number(candidate) is not None:
        return _numbers(control, candidate)
    if _GROUPED.fullmatch(control) and _GROUPED.fullmatch(candidate):
        same = re.sub(r"\D", "", control) == re.sub(r"\D", "", candidate)
        return GROUPING if same else ROUNDING
    if read_as_latin1(control, candidate) or read_as_latin1(candidate, control):
        return LATIN1
    if control.strip() == candidate.strip():
        return TRIM
    if control.casefold() == candidate.casefold():
        return CASE
    if same_letters(control, candidate):
        return NORMAL_FORM
    if without_html(control) == without_html(candidate):
        return HTML
    if unquote_plus(control) == unquote_plus(candidate):
        return URL
    if control.startswith(candidate.rstrip("\ufffd")) or candidate.startswith(control.rstrip("\ufffd")):
        return CUT_TEXT
    return None


def _numbers(control: object, candidate: object) -> Trap | None:
    one, other = _number(control), _number(candidate)
    if one is None or other is None:
        return None
    if one == other:
        return NOTATION
    apart = abs(one - other)
    if max(abs(one), abs(other)) >= 2**53 and apart <= max(abs(one), abs(other)) / 2**50:
        return LONG_INTEGER
    places = max(_places(one), _places(other))
    if isinstance(control, int) and apart == 1:
        return ROUNDING if max(abs(one), abs(other)) >= 100 else None  # of small integers it is a count, or a flag
    if apart == Decimal(1).scaleb(-places):
        return ROUNDING
    if one == int(one) and places and int(other) == one:
        return CUT_CAST
    if places > 10 and apart < Decimal("1e-9") * max(abs(one), Decimal(1)):
        return NOTATION
    return None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if abs(number.adjusted()) <= _DIGITS_MOST and _places(number) <= _DIGITS_MOST else None


def _places(number: Decimal) -> int:
    return max(0, -int(number.as_tuple().exponent))
