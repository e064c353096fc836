"""Other values in a JSON text: key order, spaces, escapes and the lexemes of numbers stay as they are.

A character that was written as an escape is written as one again (`\\u00e9` in the same four digits' case, `\\/` as it
was), so the text is as long as before.
"""

import re
from collections.abc import Callable, Iterator

from contracts.codecs.error import Limits
from contracts.codecs.json_body import read_json
from contracts.codecs.php_unserialize import DEFAULT_LIMITS
from contracts.codecs.rewriting import Change

_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<mark>[{}\[\],])',
    re.DOTALL,
)
_UNIT = re.compile(
    r"\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})|\\u(?P<code>[0-9a-fA-F]{4})"
    r"|\\(?P<letter>.)|(?P<plain>[^\\])",
    re.DOTALL,
)
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def rewrite_json(body: bytes, change: Change, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The text with its values changed. Raises DecodeError where PHP would not read it.

    Args:
        body: the text.
        change: what values become.
        limits: what may be spent on reading it.
    """
    read_json(body, limits)
    text, at = body.decode(), 0
    pieces: list[str] = []
    for token, written in _changed(text, change):
        pieces += (text[at : token.start()], written)
        at = token.end()
    pieces.append(text[at:])
    return "".join(pieces).encode()


def _changed(text: str, change: Change) -> Iterator[tuple[re.Match[str], str]]:
    """Tokens that change, and what they become."""
    names: list[str | None] = []
    """Of what is open: the names that it is in."""
    objects: list[bool] = []
    name: str | None = None
    """Of the value that comes."""
    awaits_key = False
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        piece = token[0]
        if kind == "mark":
            if piece == ",":
                awaits_key = objects[-1]
                if not awaits_key:
                    name = names[-1]
            elif piece in "{[":
                names.append(name)
                awaits_key = piece == "{"
                objects.append(awaits_key)
            else:
                name = names.pop()
                objects.pop()
                awaits_key = False
            continue
        if kind == "number":
            written = change.number(piece, name)
        elif awaits_key:
            awaits_key = False
            name, written = _text(piece, lambda key, _: change.key(key), None)
        else:
            _, written = _text(piece, change.text, name)
        if written != piece:
            yield token, written


def _text(literal: str, change: Callable[[str, str | None], str], name: str | None) -> tuple[str, str]:
    """What a string says, and how it is written once it has changed."""
    written = literal[1:-1]
    if "\\" not in written:
        return written, f'"{change(written, name)}"'
    units = list(_UNIT.finditer(written))
    said = "".join(map(_said, units))
    changed = change(said, name)
    if changed == said:
        return said, literal
    pairs = zip(units, said, changed, strict=True)
    return said, f'"{"".join(unit[0] if old == new else _written(unit, new) for unit, old, new in pairs)}"'


def _said(unit: re.Match[str]) -> str:
    match unit.lastgroup:
        case "low":
            high, low = int(unit["high"], 16), int(unit["low"], 16)
            return chr(0x10000 + (high - 0xD800) * 0x400 + low - 0xDC00)
        case "code":
            return chr(int(unit["code"], 16))
        case "letter":
            return _ESCAPES.get(unit["letter"], unit["letter"])
    return unit["plain"]


def _written(unit: re.Match[str], character: str) -> str:
    """Another character the way this one was written."""
    if unit.lastgroup == "plain":
        return character
    capital = any(one in "ABCDEF" for one in unit[0])
    digits = "04X" if capital else "04x"
    if unit.lastgroup == "low":
        over = ord(character) - 0x10000
        return f"\\u{0xD800 + over // 0x400:{digits}}\\u{0xDC00 + over % 0x400:{digits}}"
    return f"\\u{ord(character):{digits}}"
