"""What a value looks like, without saying what it is; and what two values that differ look like beside each other.

Signatures of differences are made of shapes: they hold no value, and one bug has one pair of shapes wherever it shows.
"""

import html
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote_plus

ABSENT = object()
"""In the place of a value that a side does not have."""

_SHAPE_LIMIT = 24
_FRACTION_SHOWN = 4
_DAY_S = 86_400
_NORMALISED_MOST = 4_096
"""Characters. What a normal form costs goes with the square of a run of accents."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_UPPER_UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
_HEX = re.compile(r"(?=.*[A-Fa-f])(?:[0-9a-f]+|[0-9A-F]+)")
_HEX_LENGTHS = (32, 40, 64, 128)
"""Of digests. How letters and digits take turns in one says nothing, and is another way in each."""
_BASE64 = re.compile(r"[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{43}=")
_FOR_URLS = str.maketrans("+/", "-_", "=")
_DIGITS = re.compile(r"\d+")
_EACH_DIGIT = re.compile(r"\d")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_MIXED = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]+")
"""Letters and digits as one word. In a random one they take turns in another way each time, and say nothing."""
_DRAWN = re.compile(r"(?=[^A-Za-z]*[A-Za-z]|[0-9]+$)[A-Za-z0-9+/_=.\-]{8,}")
"""What may have been drawn at random: letters and digits, base64, groups of either. No number, and no date."""
_PLAIN = re.compile(r'"[a9+/_=.\-]+"')
"""A shape of such a text, that names no kind of it."""
_TURNS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+")
_TURNS_MOST = 4
# All that is not ASCII counts as letters: combining marks and symbols say as much of a name as its letters do.
_LETTERS = re.compile(r"(?:[^\W\d_]|[^\x00-\x7f])+")
_RUNS = re.compile(r"[a9]")
_RUNS_MOST, _RUNS_OF_A_WORD = 4, 2
_WORD = '"a"'
_WORDS = re.compile(r"a(?:[ '\-]+a)+")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?")


def shape(value: object) -> str:
    """What a value looks like: `12.50` is `9.9`, a name is `a`, and so is a random word, a UUID is `uuid`."""
    if value is ABSENT:
        return "-"
    if isinstance(value, str):
        return _text_shape(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return "int"
    if isinstance(value, Decimal):
        return "float"
    if isinstance(value, Mapping):
        return ("bytes" if list(value) == ["base64"] else "object") if value else "{}"
    return "list" if value else "[]"


def _text_shape(text: str) -> str:
    if _UUID.fullmatch(text):
        return '"uuid"'
    if _UPPER_UUID.fullmatch(text):
        return '"UUID"'
    if len(text) in _HEX_LENGTHS and _HEX.fullmatch(text):
        return f'"hex({len(text)})"'
    if _BASE64.fullmatch(text):
        return '"base64(32)"'
    if _TIME.fullmatch(text):
        return f'"{_DIGITS.sub("9", layout(text))}"'
    if _is_mixed(text):
        return _WORD
    if _DRAWN.fullmatch(text):
        text = text.rstrip("=")  # of base64: it tells a length
    text = text[: 8 * _SHAPE_LIMIT]
    marks = _marks(_MIXED.sub("a", text))
    # Else every long text, and every word of mixed characters, had a shape of its own.
    if " " in text:
        if "a" in marks and len(_RUNS.findall(marks)) > _RUNS_MOST:
            return '"text"'
    elif "a" in marks and len(_RUNS.findall(_marks(text))) > _RUNS_OF_A_WORD:
        return _WORD
    return f'"{marks[:_SHAPE_LIMIT]}{"..." if len(marks) > _SHAPE_LIMIT else ""}"'


def _is_mixed(text: str) -> bool:
    return _DRAWN.fullmatch(text) is not None and len(_TURNS.findall(text)) > _TURNS_MOST


def _marks(text: str) -> str:
    return _WORDS.sub("a", _LETTERS.sub("a", _DIGITS.sub("9", text)))


def shapes(control: object, candidate: object) -> tuple[str, str]:
    """The shapes of two unequal values, as far apart as what makes them unequal needs.

    The same number with other digits: `"9.9"` and `"9.99"`. Times apart by whole quarters of an hour: `time` and
    `time ±3600 s`. UTF-8 that was read as Latin-1, a text in other case, in another normal form, or cut: said so.
    """
    if isinstance(control, str) and isinstance(candidate, str):
        found = _same_number(control, candidate) or _times(control, candidate) or _texts(control, candidate)
        if found is not None:
            return found
        if _drawn_alike(control, candidate):
            return _WORD, _WORD
    elif type(control) is type(candidate) is Decimal and control == candidate:
        return _decimals(str(control)), _decimals(str(candidate))
    return shape(control), shape(candidate)


def _drawn_alike(control: str, candidate: str) -> bool:
    """Whether two texts of one length look drawn from one alphabet, though one of them has digits or letters only."""
    if len(control) != len(candidate) or not (_DRAWN.fullmatch(control) and _DRAWN.fullmatch(candidate)):
        return False
    marks = {_text_shape(control), _text_shape(candidate)}
    return _WORD in marks and all(_PLAIN.fullmatch(one) for one in marks)


def _same_number(control: str, candidate: str) -> tuple[str, str] | None:
    if not (_NUMBER.fullmatch(control) and _NUMBER.fullmatch(candidate)):
        return None
    try:
        same = Decimal(control) == Decimal(candidate)
    except InvalidOperation:
        return None
    return (f'"{_decimals(control)}"', f'"{_decimals(candidate)}"') if same else None


def _decimals(number: str) -> str:
    """`-12.50` is `-9.99`: the sign, and how many decimals."""
    sign = number[0] if number[:1] in "+-" else ""
    whole, _, fraction = number.lstrip("+-").partition(".")
    zeros = "09" if len(whole) > 1 and whole[0] == "0" else "9"
    return f"{sign}{zeros}{'.' if fraction else ''}{'9' * min(len(fraction), _FRACTION_SHOWN)}"


def _times(control: str, candidate: str) -> tuple[str, str] | None:
    distance = seconds_apart(control, candidate)
    if not distance or distance % 900 or distance > _DAY_S:
        return None
    return "time", f"time ±{distance:.0f} s"


def is_uuid(value: object) -> bool:
    """Whether it is a UUID in small letters."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def whole_number(value: object) -> int | None:
    """A whole number, as one or as a text of up to 18 digits without zeros before it; None of anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if abs(value) < 10**18 else None
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        return None
    return int(value)


def layout(text: str) -> str:
    """A time's notation: every digit a nine, so that a separator, a precision, a kind of offset shows."""
    day, offset = text[:19], text[19:]
    return _EACH_DIGIT.sub("9", day + offset.replace("-", "+"))


def seconds_apart(control: str, candidate: str) -> float | None:
    """How far two times are apart, in seconds; None where one of them is no time. Without an offset UTC is meant."""
    if not (_TIME.fullmatch(control) and _TIME.fullmatch(candidate)):
        return None
    try:
        one, other = (_utc(datetime.fromisoformat(text)) for text in (control, candidate))
    except ValueError:
        return None
    return abs((one - other).total_seconds())


def _utc(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _texts(control: str, candidate: str) -> tuple[str, str] | None:
    if not control or not candidate:
        return None
    if read_as_latin1(control, candidate):
        return "UTF-8", "UTF-8 read as Latin-1"
    if read_as_latin1(candidate, control):
        return "UTF-8 read as Latin-1", "UTF-8"
    if control.casefold() == candidate.casefold():
        return "text", "text, other case"
    if same_letters(control, candidate):
        return "text", "text, other Unicode form"
    if control.strip() == candidate.strip():
        return "text", "text, other blanks around it"
    if control.startswith(candidate):
        return "text", "text, cut"
    if candidate.startswith(control):
        return "text, cut", "text"
    return _escaped(control, candidate)


def _escaped(control: str, candidate: str) -> tuple[str, str] | None:
    for how, undo in (("HTML", without_html), ("URL", unquote_plus)):
        if undo(candidate) == control:
            return "text", f"text, escaped for {how}"
        if undo(control) == candidate:
            return f"text, escaped for {how}", "text"
    if _is_mixed(control) and _is_mixed(candidate):
        if control.translate(_FOR_URLS) == candidate.rstrip("="):
            return "text", "text, base64 for URLs"
        if candidate.translate(_FOR_URLS) == control.rstrip("="):
            return "text, base64 for URLs", "text"
    return None


def without_html(text: str) -> str:
    """The text without HTML's escapes; as it is where one of them is a number of thousands of digits."""
    try:
        return html.unescape(text)
    except ValueError:
        return text


def read_as_latin1(text: str, other: str) -> bool:
    """Whether `other` is what becomes of `text` where its UTF-8 is taken for Latin-1 (or Windows-1252)."""
    if text.isascii() or len(other) <= len(text):
        return False
    encoded = text.encode("utf-8", "surrogatepass")
    if encoded.decode("latin-1") == other:
        return True
    return encoded.decode("cp1252", "replace") == other


def same_letters(text: str, other: str) -> bool:
    """Whether two texts look the same because Unicode calls them so: `é`, and `e` with an accent behind it."""
    if (text.isascii() and other.isascii()) or max(len(text), len(other)) > _NORMALISED_MOST:
        return False
    return unicodedata.normalize("NFC", text) == unicodedata.normalize("NFC", other)
