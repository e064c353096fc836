"""PHP's `serialize`: values of `contracts.php.value` as the bytes that PHP writes for them.

What occurs twice is written as PHP writes it: an object or enum case the second time as `r:`, what references share as
`R:`, each with the number that PHP would give. So what `php_unserialize` read with `references="keep"` becomes the same
bytes again. Nothing recurses.
"""

from collections.abc import Iterator
from typing import Any

from contracts.codecs.error import EncodeError
from contracts.php.number import INT_MAX, INT_MIN, write_float
from contracts.php.ordered_map import text_key
from contracts.php.text import to_bytes
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference

MAX_DEPTH = 4096
"""Arrays and objects within each other; PHP's `unserialize` reads no more."""

_END: Any = object()


def php_serialize(value: Any, *, serialize_precision: int = -1) -> bytes:
    """`serialize($value)`. Raises EncodeError for what PHP cannot hold, or is nested deeper than MAX_DEPTH.

    Args:
        value: a PHP value; `bytes` are a string, too.
        serialize_precision: of floats, as in php.ini: -1 is what PHP has where nothing is set (since 7.1), 17 what
            many installations still have from PHP 7.0.
    """
    return _Writer(serialize_precision).write(value.value if isinstance(value, PhpReference) else value)


class _Writer:
    def __init__(self, precision: int) -> None:
        self._precision = precision
        self._pieces: list[bytes] = []
        self._slots = 0
        self._numbers: dict[Any, int] = {}
        """Slots of what may occur again, by what it is recognised by."""
        self._reliable_slots: int | None = None
        """Slots up to here are numbered as PHP numbers them; behind a body of its own nobody knows. None: all."""

    def write(self, value: Any) -> bytes:
        stack: list[Iterator[tuple[Any, Any]]] = []
        while True:
            opened = self._value(value)
            if opened is not None:
                if len(stack) >= MAX_DEPTH:
                    raise EncodeError(f"more than {MAX_DEPTH} arrays and objects within each other")
                stack.append(opened)
            while stack and (item := next(stack[-1], _END)) is _END:
                self._pieces.append(b"}")
                stack.pop()
            if not stack:
                return b"".join(self._pieces)
            key, value = item
            self._pieces.append(b"i:%d;" % self._integer(key) if type(key) is int else self._string(key))

    def _value(self, value: Any) -> Iterator[tuple[Any, Any]] | None:
        """Writes a scalar, or the beginning of what has elements; those still have to be written."""
        self._slots += 1
        if isinstance(value, PhpReference | PhpObject | PhpEnum | PhpOpaque):
            content = value.value if isinstance(value, PhpReference) else value
            if isinstance(content, PhpReference):
                raise EncodeError("a reference to a reference")
            if self._written_before(value, content):
                return None
            value = content
        match value:
            case str() | bytes():
                self._pieces.append(self._string(value))
            case list() | tuple():
                self._pieces.append(b"a:%d:{" % len(value))
                return iter(enumerate(value))
            case dict():
                self._pieces.append(b"a:%d:{" % len(value))
                return ((text_key(key) if isinstance(key, str) else key, item) for key, item in value.items())
            case PhpObject():
                self._pieces.append(b"O:%s:%d:{" % (_quoted(value.class_name), len(value.properties)))
                return ((value.written.get(key, key), item) for key, item in value.properties.items())
            case PhpEnum():
                self._pieces.append(b"E:%s;" % _quoted(f"{value.class_name}:{value.case}"))
            case PhpOpaque():
                self._pieces.append(b"C:%s:%d:{%s}" % (_quoted(value.class_name), len(value.body), value.body))
                if value.body and self._reliable_slots is None:
                    self._reliable_slots = self._slots
            case _:
                self._pieces.append(self._scalar(value))
        return None

    def _written_before(self, value: Any, content: Any) -> bool:
        """Refers to it, if it was; else notes that it is now."""
        shared = isinstance(value, PhpReference)
        # A reference to an object is no place of its own: PHP numbers the object.
        recognised = content if isinstance(content, PhpObject | PhpEnum | PhpOpaque) else value
        by: Any = recognised if isinstance(recognised, PhpEnum) else id(recognised)
        number = self._numbers.setdefault(by, self._slots)
        if number == self._slots:
            return False
        if self._reliable_slots is not None and number > self._reliable_slots:
            raise EncodeError("a reference behind an object that wrote itself: nobody can tell its number")
        self._pieces.append(b"%s:%d;" % (b"R" if shared else b"r", number))
        self._slots -= shared
        return True

    def _scalar(self, value: Any) -> bytes:
        match value:
            case None:
                return b"N;"
            case bool():
                return b"b:1;" if value else b"b:0;"
            case int():
                return b"i:%d;" % self._integer(value)
            case float():
                return b"d:%s;" % write_float(value, self._precision).encode()
        raise EncodeError(f"{type(value).__name__}: PHP has no such type")

    def _integer(self, value: int) -> int:
        if not INT_MIN <= value <= INT_MAX:
            raise EncodeError("an integer past 64 bits")
        return value

    def _string(self, value: Any) -> bytes:
        if not isinstance(value, str | bytes):
            raise EncodeError(f"{type(value).__name__}: PHP has no such key")
        return b"s:%s;" % _quoted(value)


def _quoted(value: str | bytes) -> bytes:
    data = value if isinstance(value, bytes) else _bytes(value)
    return b'%d:"%s"' % (len(data), data)


def _bytes(text: str) -> bytes:
    try:
        return to_bytes(text)
    except UnicodeEncodeError:
        raise EncodeError("a text with a lone surrogate") from None
