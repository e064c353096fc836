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
    r'"(?P<string>[^"\\]*+(?:\\.[^"\\]*+)*+)"|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<mark>[{}\[\],:])|(?P<word>[a-z]++)',
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
    return "".join(_pieces(body.decode(), change)).encode()


def _pieces(text: str, change: Change) -> Iterator[str]:
    at = 0
    names: list[str | None] = []
    """Of what is open: for an object the name of the value that comes, for a list the name that it is in itself."""
    objects: list[bool] = []
    name: str | None = None
    awaits_key = False
    for token in _TOKEN.finditer(text):
        yield text[at : token.start()]
        at = token.end()
        kind = token.lastgroup
        piece = token[0]
        if kind == "mark":
            if piece in "{[":
                names.append(name)
                objects.append(piece == "{")
                awaits_key = piece == "{"
            elif piece in "}]":
                name = names.pop()
                objects.pop()
                awaits_key = False
            elif piece == ",":
                awaits_key = objects[-1]
                name = name if objects[-1] else names[-1]
            yield piece
        elif kind == "string" and awaits_key:
            awaits_key = False
            name, written = _text(token["string"], lambda key, _: change.key(key), None)
            yield written
        elif kind == "string":
            _, written = _text(token["string"], change.text, name)
            yield written
        elif kind == "number":
            yield change.number(piece, name)
        else:
            yield piece
    yield text[at:]


def _text(written: str, change: Callable[[str, str | None], str], name: str | None) -> tuple[str, str]:
    """What a string says, and how it is written once it has changed."""
    if "\\" not in written:
        return written, f'"{change(written, name)}"'
    units = list(_UNIT.finditer(written))
    said = "".join(map(_said, units))
    changed = change(said, name)
    if changed == said:
        return said, f'"{written}"'
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
