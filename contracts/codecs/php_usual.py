"""The short way through PHP's serialize format: what nearly all messages are made of, several times as fast.

Quotes cut the text into what is between strings and what is in them. What is between (`;s:6:`, `;N;s:4:`, `:2:{s:3:`)
comes from a small vocabulary: it is understood once and remembered. Whatever is not in the usual form (references to
objects, rare tokens, anything wrong) is left to the careful way in `php_unserialize`, which starts anew.
"""

import re
from functools import lru_cache
from typing import Any, Final

from contracts.codecs.error import Limits
from contracts.codecs.php_token import CLASS_NAME, ENUM_CASE, recoded
from contracts.php.json_reader import array_key
from contracts.php.value import PhpEnum, PhpObject, layout

UNUSUAL: Final[Any] = object()
"""The short way does not lead there."""

_MOST_STRINGS = 50_000
_MOST_RESUMED = 20
_MOST_PROPERTIES = 128
_LONGEST_GAP = 32_768
_LONGEST_REMEMBERED = 64
_REMEMBERED = 4096

_UNTOLD = -(1 << 60)
"""Elements that are missing in an object whose number of properties has not been read."""
_RANGES = [list(range(count)) for count in range(32)]
_DIGITS = frozenset("-0123456789")
_SIMPLE = re.compile(r";s:([0-9]{1,9}):")
_GAP = re.compile(
    r"(?:(;)|:([0-9]{1,9}):\{)?+((?:N;|b:[01];|i:-?[0-9]{1,18};|r:[0-9]{1,9};|d:-?[0-9]++(?:\.[0-9]++)?(?:E[+-][0-9]++)?;"
    r"|a:[0-9]{1,9}:\{|\})*+)(?:([sOE]):([0-9]{1,9}):)?"
)
_TOKEN = re.compile(r"(a:0:\{\}|[Nbirda}])(?::([^;:]++))?(?:;|:\{)?")

_Tokens = tuple[tuple[str, Any], ...]
_Gap = tuple[str | None, int, _Tokens, str | None, int]
"""What is between two strings: what ended the first one (`;` or, of an object's name, `:`) with the number of the
object's properties, tokens, then kind (`s`, `O`, `E`, None at the end) and length of the string that comes next."""
_GAPS: dict[str, int | _Gap] = {}
"""Those that are understood; an int is the length of a string that comes after another one, with nothing between."""


def read_usual(text: str, limits: Limits) -> Any:  # noqa: C901, PLR0912, PLR0915  # one loop: a call a string costs too much
    """The value, or UNUSUAL. Args: text: a byte a character."""
    if text.startswith(";") or text.count('"') > 2 * _MOST_STRINGS:
        return UNUSUAL
    wide, deepest = not text.isascii(), limits.max_depth
    stack: list[tuple[Any, ...]] = []
    # Of what is being read, array or object; at first of a place for the whole:
    items: dict[int | str, Any] = {}
    key: Any = 0
    class_name: str | None = None
    missing, count = 1, 1
    elements, slots = 0, 0
    enums: dict[int, PhpEnum] = {}
    pieces, base, resumed = text.split('"'), 0, 0
    while True:
        gaps, strings = pieces[::2], pieces[1::2]
        strings.append("")
        rest = zip(gaps, map(_GAPS.get, gaps), strings, map(len, strings), strict=False)
        for piece, known, string, size in rest:
            if known != size:  # not merely a string after another one
                gap: Any = _understood(piece) if known is None else known
                if gap is None:
                    return UNUSUAL
                if gap.__class__ is int:
                    head, length = "s", gap
                else:
                    before, properties, tokens, head, length = gap
                    if before != ";":
                        if before == ":":
                            if missing != _UNTOLD or items or key is not None:
                                return UNUSUAL
                            missing = count = properties
                            elements += count
                        elif piece is not pieces[0]:
                            return UNUSUAL
                    for kind, told in tokens:
                        value = told
                        if kind == "v" or (kind == "i" and key is not None):
                            slots += 1
                        elif kind == "i":
                            key = told
                            continue
                        elif kind == "}":
                            if missing or len(items) != count or key is not None or not stack:
                                return UNUSUAL
                            if class_name is not None:
                                found = layout(class_name, tuple(items)) if count <= _MOST_PROPERTIES else None
                                if found is None:
                                    return UNUSUAL
                                if found[1]:
                                    items = dict(zip(found[0], items.values()))  # noqa: B905  # strict takes longer
                                value = PhpObject(class_name, items, found[1])
                            elif 0 in items and list(items) == (_RANGES[count] if count < 32 else list(range(count))):
                                value = list(items.values())
                            else:
                                value = items or []
                            items, key, missing, count, class_name = stack.pop()
                        elif kind == "e":
                            slots += 1
                            value = []
                            if len(stack) >= deepest:
                                return UNUSUAL
                        elif kind == "a":
                            if len(stack) >= deepest or key is None:
                                return UNUSUAL
                            stack.append((items, key, missing, count, class_name))
                            items, key, missing, count, class_name = {}, None, told, told, None
                            slots += 1
                            elements += told
                            continue
                        else:
                            slots += 1
                            value = enums.get(told)
                            if value is None:
                                return UNUSUAL
                        if key is None:
                            return UNUSUAL
                        items[key] = value
                        key = None
                        missing -= 1
                    if head is None:
                        done = not stack and not missing and key is None and elements <= limits.max_elements
                        last = len(gaps) == len(strings) and next(rest, None) is None
                        return items[0] if done and last else UNUSUAL
                if length != size:  # there are quotes in it
                    if length < size or head != "s":
                        return UNUSUAL
                    parts, total = [string], size
                    for between, _, part, part_size in rest:
                        parts += between, part
                        total += len(between) + part_size + 2
                        if total >= length:
                            break
                    if total == length:
                        string = '"'.join(parts)  # noqa: PLW2901
                    else:  # an odd number of them: from here on, what was between is within, and the other way round
                        place = 2 * (len(gaps) - sum(1 for _ in rest) - len(parts) // 2) - 1
                        start = base + sum(map(len, pieces[:place])) + place
                        end = start + length
                        if text[end : end + 1] != '"' or resumed >= _MOST_RESUMED:
                            return UNUSUAL
                        pieces = [f";s:{length}:", text[start:end], *text[end + 1 :].split('"')]
                        base, resumed = start - 1 - len(pieces[0]), resumed + 1
                        break
                if head != "s":
                    if key is None:
                        return UNUSUAL
                    slots += 1
                    if head == "E":
                        case = _enum(string)
                        if case is None:
                            return UNUSUAL
                        enums[slots] = items[key] = case
                        key = None
                        missing -= 1
                    else:
                        stack.append((items, key, missing, count, class_name))
                        if len(stack) > deepest:
                            return UNUSUAL
                        items, key, missing, class_name = {}, None, _UNTOLD, _class_name(string)
                        if class_name is None:
                            return UNUSUAL
                    continue
            value = recoded(string) if wide and not string.isascii() else string
            if key is None:
                key = array_key(value) if class_name is None and value[:1] in _DIGITS else value
            else:
                items[key] = value
                key = None
                missing -= 1
                slots += 1
        else:
            return UNUSUAL


def _understood(piece: str) -> int | _Gap | None:
    """What a piece between two strings says; None if that is not usual."""
    gap: int | _Gap
    if len(piece) > _LONGEST_GAP:
        return None
    if simple := _SIMPLE.fullmatch(piece):
        gap = int(simple[1])
    elif match := _GAP.fullmatch(piece):
        tokens = tuple(_token(*found) for found in _TOKEN.findall(match[3]))
        gap = (match[1] or (match[2] and ":"), int(match[2] or 0), tokens, match[4], int(match[5] or 0))
    else:
        return None
    if len(piece) <= _LONGEST_REMEMBERED:
        if len(_GAPS) >= _REMEMBERED:
            _GAPS.clear()
        _GAPS[piece] = gap
    return gap


def _token(kind: str, text: str) -> tuple[str, Any]:
    """`v` for a value, `i` for one that may be a key, `e` and `a` for an empty and another array, `}`, `r`."""
    match kind:
        case "a:0:{}":
            return "e", None
        case "i" | "a" | "r":
            return kind, int(text)
        case "d":
            return "v", float(text)
        case "b" | "N":
            return "v", text == "1" if text else None
        case _:
            return kind, None


@lru_cache(maxsize=1024)
def _class_name(text: str) -> str | None:
    return recoded(text) if CLASS_NAME.fullmatch(text) else None


@lru_cache(maxsize=1024)
def _enum(text: str) -> PhpEnum | None:
    match = ENUM_CASE.fullmatch(text)
    return PhpEnum(recoded(match[1]), recoded(match[2])) if match else None
