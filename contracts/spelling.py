"""How a text of JSON is written, apart from what it says: blanks, escapes, digits, order and repetition of keys.

Two bodies may differ in a value that is tolerated and be written by different programs besides: that is a difference of
its own, for whoever signs or hashes the text sees it.
"""

import re
from collections.abc import Callable, Collection, Iterable

from contracts.effect import parse_json

_WORD = re.compile(r'([ \t\n\r]*)("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^ \t\n\r{}\[\]:,"]+)', re.DOTALL)
_OPENING, _CLOSING = "{[", "}]"
_BLANK, _BLANKS = "*", " \t\n\r"
_Child = Callable[[str, str], str]


def spelling(
    text: str, path: str, *, child: _Child, blank: Iterable[str], unordered: Collection[str], deepest: int
) -> str:
    """How a text is written. All paths are generalised.

    Args:
        text: of JSON.
        path: where it stands.
        child: where a field stands, by the path of its object and its name.
        blank: places whose values are left out, and of what is within values that are texts of JSON again.
        unordered: places of lists whose items may stand in any order.
        deepest: levels of nesting that are looked at; what is deeper is one value.
    """
    places = {place for one in blank for place in _above(one)}
    end = text[len(text.rstrip(_BLANKS)) :]
    return "".join((*_Reading(text, child, places, unordered, deepest).value(path, 0), end))


def _above(path: str) -> Iterable[str]:
    """A place, and every place that it is within: a text that holds JSON has the paths of its fields below its own."""
    yield path
    yield from (path[: found.start()] for found in re.finditer(r"\.|\[\]", path))


class _Reading:
    """One text, read once from its beginning to its end."""

    def __init__(
        self, text: str, child: _Child, blank: Collection[str], unordered: Collection[str], deepest: int
    ) -> None:
        self._tokens = (found.groups() for found in _WORD.finditer(text))
        self._child, self._blank, self._unordered, self._deepest = child, blank, unordered, deepest

    def value(self, path: str, depth: int) -> tuple[str, str]:
        """The next value, and the blanks before it."""
        blanks, word = next(self._tokens)
        return blanks, self._spelled(path, word, depth)

    def _spelled(self, path: str, word: str, depth: int) -> str:
        if word in _OPENING and depth >= self._deepest:
            rest = self._rest(word)
            return _BLANK if path in self._blank else rest
        if word == "{":
            return self._object(path, depth)
        if word == "[":
            return self._list(path, depth)
        return _BLANK if path in self._blank else word

    def _object(self, path: str, depth: int) -> str:
        pieces = ["{"]
        for blanks, word in self._tokens:
            pieces.append(blanks + word)
            if word == "}":
                break
            if word != ",":
                pieces += next(self._tokens)  # the colon
                pieces += self.value(self._child(path, str(parse_json(word))), depth + 1)
        return "".join(pieces)

    def _list(self, path: str, depth: int) -> str:
        items: list[str] = []
        around = ["["]
        for blanks, word in self._tokens:
            around.append(blanks)
            if word in ",]":
                around.append(word)
                if word == "]":
                    break
            else:
                items.append(self._spelled(f"{path}[]", word, depth + 1))
        return "".join((*around, "\0", *(sorted(items) if path in self._unordered else items)))

    def _rest(self, word: str) -> str:
        """Everything up to where what was opened is closed."""
        pieces, opened = [word], 1
        while opened:
            blanks, word = next(self._tokens)
            pieces += (blanks, word)
            opened += (word in _OPENING) - (word in _CLOSING)
        return "".join(pieces)
