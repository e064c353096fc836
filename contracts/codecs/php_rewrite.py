"""Other values in a text of PHP's serialize format: structure, classes, references and lengths stay.

Every value becomes one of as many bytes, so it is done in place. Also in what Symfony's PhpSerializer makes of such a
text: slashed, and in base64 where it is no UTF-8.
"""

import base64
import re
from dataclasses import dataclass

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_token import Tokens, recoded
from contracts.codecs.php_unserialize import DEFAULT_LIMITS, php_unserialize
from contracts.codecs.rewriting import Change
from contracts.php.text import base64_decode, from_bytes, to_bytes

_SLASHED = re.compile(rb"\\(.?)|[^\\]+", re.DOTALL)


def rewrite_php(body: bytes, change: Change, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """The text with its values changed. Raises DecodeError where PHP would not read it, or nobody knows what is in it.

    Args: as those of `rewrite_json`.
    """
    php_unserialize(body, limits, references="keep")
    return _Walk(body, change).rewrite()


def rewrite_slashed(body: bytes, change: Change, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """A body of Symfony's PhpSerializer with its values changed. Raises DecodeError. Args: as in `rewrite_json`."""
    if body.endswith(b"}") or body.startswith(b"O:"):
        return _slashed(body, change, limits)
    slashed = base64_decode(body)
    if base64.b64encode(slashed) != body.rstrip():  # not written by PHP: nobody knows where a byte would have to stand
        raise DecodeError("encoding")
    return base64.b64encode(_slashed(slashed, change, limits)) + body[len(body.rstrip()) :]


def _slashed(body: bytes, change: Change, limits: Limits) -> bytes:
    plain, runs = bytearray(), list[tuple[int, int, int]]()  # where a run of bytes is here, there, and how long
    for piece in _SLASHED.finditer(body):
        if piece[1] is None:
            runs.append((piece.start(), len(plain), len(piece[0])))
            plain += piece[0]
        elif piece[1].isalnum() and piece[1] != b"0":  # PHP slashes none: another digit behind a slash might be NUL
            raise DecodeError("encoding", piece.start())
        elif piece[1]:  # a slash at the very end is dropped
            runs.append((piece.start(1), len(plain), 0 if piece[1] == b"0" else 1))
            plain += b"\0" if piece[1] == b"0" else piece[1]
    changed = rewrite_php(bytes(plain), change, limits)
    result = bytearray(body)
    for place, start, length in runs:
        result[place : place + length] = changed[start : start + length]
    return bytes(result)


@dataclass(slots=True)
class _Open:
    """An array or object whose elements are being read."""

    missing: int
    name: str | None
    """Of the field that it is in."""
    changes: bool
    is_object: bool


class _Walk:
    """Goes through a text that PHP reads, and patches it."""

    def __init__(self, body: bytes, change: Change) -> None:
        self._result = bytearray(body)
        self._change = change
        self._tokens = Tokens(body.decode("latin-1"), saturate=True)

    def rewrite(self) -> bytes:
        stack = [_Open(1, None, changes=True, is_object=False)]
        while True:
            parent = stack[-1]
            if not parent.missing:
                stack.pop()
                if not stack:
                    break
                self._tokens.end()
                continue
            parent.missing -= 1
            name = None if len(stack) == 1 else self._key(parent)
            opened = self._value(name, changes=parent.changes)
            if opened is not None:
                stack.append(opened)
            elif len(stack) == 1:
                break
        self._rest()
        return bytes(self._result)

    def _key(self, parent: _Open) -> str | None:
        """The name of the value that comes."""
        start = self._tokens.position
        key = self._tokens.key()
        if isinstance(key, int):
            return parent.name
        if parent.is_object:
            return key.rpartition("\0")[2]
        if parent.changes:
            self._patch(start, key, self._change.key(key))
        return key

    def _value(self, name: str | None, *, changes: bool) -> _Open | None:
        tokens = self._tokens
        start = tokens.position
        token = tokens.next()
        if token["array"]:
            return _Open(int(token["array"]), name, changes=changes, is_object=False)
        if token["named"] == "O":
            enters = self._change.enters(tokens.class_name(token, start))
            return _Open(tokens.count(), name, changes=changes and enters, is_object=True)
        if token["named"] == "E":
            tokens.enum(token, start)
        elif token["named"] == "C":
            opaque = tokens.opaque(token, start)
            if changes:
                text = from_bytes(opaque.body)
                self._put(tokens.position - 1 - len(opaque.body), to_bytes(self._change.text(text, name)))
        elif not token["reference"]:
            value = tokens.scalar(token, start)
            if not changes:
                return None
            if isinstance(value, str):
                self._patch(start, value, self._change.text(value, name))
            elif not isinstance(value, bool) and value is not None:
                lexeme = token["int"] or token["float"]
                self._put(start + 2, self._change.number(lexeme, name).encode())
        return None

    def _patch(self, start: int, old: str, new: str) -> None:
        """A string whose token began there."""
        if old == new:
            return
        if self._tokens.text[start] == "S":  # its escapes have other lengths
            raise DecodeError("unknown_format", start)
        data = to_bytes(new)
        self._put(self._tokens.position - 2 - len(data), data)

    def _rest(self) -> None:
        """What PHP ignores, but people read."""
        rest = self._tokens.text[self._tokens.position :]
        if rest:
            text = recoded(rest)
            self._put(self._tokens.position, to_bytes(self._change.text(text, None)))

    def _put(self, place: int, data: bytes) -> None:
        self._result[place : place + len(data)] = data
