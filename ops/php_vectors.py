"""Replays calls of PHP functions, traced with what PHP answered, and counts on how many of them we agree.

A file has one JSON object a line, gzipped or not: `f` the function, `a` base64 of `serialize()` of the list of
arguments, `r` base64 of `serialize()` of the result, or `x` class and message of what was thrown, `tz` the default time
zone, `prec` the ini settings `precision/serialize_precision`, `t` the test that made the call.

What is not in scope is not looked at. Of what is, calls are left out by a named filter only: they depend on the current
time, hold an object whose class has a say in it, or hold a value that holds itself. A resource is an integer in a
trace, so that such calls cannot be told from others: they count as disagreeing.
"""

import base64
import gzip
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_unserialize import References, php_unserialize
from contracts.php.error import PhpError
from contracts.php.functions import FUNCTIONS, call
from contracts.php.runtime import PhpRuntime
from contracts.php.text import to_bytes
from contracts.php.value import PhpEnum, PhpObject, PhpOpaque, PhpReference

Filter = Literal["current time", "object", "holds itself"]
FILTERS: tuple[Filter, ...] = get_args(Filter)
_LIMITS = Limits(max_bytes=2**31, max_depth=4096, max_elements=2**31)
_NOW = {"date": (1,), "gmdate": (1,), "mktime": (1, 2, 3, 4, 5)}
"""Which arguments ask for the current time where they are null or missing."""
_PLAIN_OBJECT = "stdClass"
_OBJECT = re.compile(rb"(?:\A|[;{}])[OCE]:[0-9]")


class VectorError(ValueError):
    """A line that is no vector; says which line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Thrown:
    """Stands for an exception of this class."""

    php_class: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Stands for a value that is not understood here: whatever we answer is wrong."""

    why: str


@dataclass(frozen=True, slots=True)
class Vector:
    """One call, and what PHP made of it."""

    line: int
    test: str
    function: str
    arguments: list[Any]
    expected: Any
    """A value, `Thrown` or `Unreadable`."""
    runtime: PhpRuntime


@dataclass(frozen=True, slots=True)
class Difference:
    """A call on which we do not agree."""

    vector: Vector
    answer: Any


@dataclass(slots=True)
class Tally:
    """Calls of one function."""

    in_scope: int = 0
    agreed: int = 0


@dataclass(slots=True)
class Scoreboard:
    """What a replay has shown."""

    per_function: dict[str, Tally] = field(default_factory=dict)
    left_out: Counter[Filter] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    @property
    def in_scope(self) -> int:
        """Calls that were replayed."""
        return sum(one.in_scope for one in self.per_function.values())

    @property
    def agreed(self) -> int:
        """Calls on which we agree in value and type, or in the class of what is thrown."""
        return sum(one.agreed for one in self.per_function.values())

    def document(self) -> dict[str, Any]:
        """As it is printed with `--json`."""
        functions = sorted(self.per_function.items())
        return {
            "in_scope": self.in_scope,
            "agreed": self.agreed,
            "per_function": {name: {"in_scope": one.in_scope, "agreed": one.agreed} for name, one in functions},
        }


def replay(lines: Iterable[bytes], base: PhpRuntime) -> Scoreboard:
    """Replay every line. Args: base: the PHP that was traced. Raises VectorError."""
    board = Scoreboard()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        found = _read(number, line, base)
        if isinstance(found, Vector):
            _judge(found, board)
        elif found is not None:
            board.left_out[found] += 1
    return board


def open_lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, gzipped where it begins so. Raises OSError."""
    with file.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(file, "rb") if packed else file.open("rb") as lines:
        try:
            yield from lines
        except (EOFError, zlib.error) as error:
            raise OSError(f"its compressed data is damaged: {error}") from error


def same(left: Any, right: Any) -> bool:
    """PHP's `===`, but NaN is itself and zeros differ by their sign."""
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, PhpObject):
            if one.class_name != other.class_name:
                return False
            one, other = one.properties, other.properties
        if isinstance(one, dict):
            if list(one) != list(other) or any(type(a) is not type(b) for a, b in zip(one, other, strict=True)):
                return False
            one, other = list(one.values()), list(other.values())
        if isinstance(one, list):
            if len(one) != len(other):
                return False
            waiting += zip(one, other, strict=True)
        elif isinstance(one, float):
            if repr(one) != repr(other):
                return False
        elif one != other:
            return False
    return True


def _judge(vector: Vector, board: Scoreboard) -> None:
    tally = board.per_function.setdefault(vector.function, Tally())
    tally.in_scope += 1
    try:
        answer = call(vector.runtime, vector.function, vector.arguments)
    except PhpError as error:
        answer = Thrown(error.php_class)
    except Exception as error:  # noqa: BLE001  # a bug of ours is a disagreement, too
        answer = Thrown(f"({type(error).__name__})")
    if same(answer, vector.expected):
        tally.agreed += 1
    else:
        board.differences.append(Difference(vector, answer))


def _read(number: int, line: bytes, base: PhpRuntime) -> Vector | Filter | None:
    """A vector, why it is left out, or None where its function is not in scope."""
    try:
        document = json.loads(line)
        function, test = document["f"], document.get("t", "")
        if function not in FUNCTIONS:
            return None
        given = base64.b64decode(document["a"])
        results = [base64.b64decode(document["r"])] if "r" in document else []
        expected: Any = None if results else Thrown(document["x"].partition(":")[0])
        runtime = _runtime(document, base)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VectorError(f"line {number}: not a vector: {type(error).__name__}: {error}") from error
    references: References = "keep" if function == "serialize" else "resolve"
    try:
        arguments = php_unserialize(given, _LIMITS, references=references)
        if results:
            expected = php_unserialize(results[0], _LIMITS, references=references)
    except DecodeError as error:
        if error.code in ("cycle", "reference"):
            return "holds itself"
        if any(map(_OBJECT.search, (given, *results))):
            return "object"
        return Vector(number, test, function, [], Unreadable(str(error)), runtime)
    if not isinstance(arguments, list):
        raise VectorError(f"line {number}: its arguments are no list")
    vector = Vector(number, test, function, arguments, expected, runtime)
    return _left_out(vector) or vector


def _left_out(vector: Vector) -> Filter | None:
    asks = () if isinstance(vector.expected, Thrown) else _NOW.get(vector.function, ())
    if any(place >= len(vector.arguments) or vector.arguments[place] is None for place in asks):
        return "current time"
    if _holds_objects(vector.arguments) or _holds_objects(vector.expected):
        return "object"
    if vector.function == "unserialize" and _describes_objects(vector.arguments):
        return "object"
    return "holds itself" if vector.function == "unserialize" and _describes_cycle(vector.arguments) else None


def _holds_objects(value: Any) -> bool:
    """Whether there is an object in it whose class has a say in what becomes of it."""
    waiting, seen = [value], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        match one:
            case PhpReference():
                waiting.append(one.value)
            case PhpObject():
                if one.class_name != _PLAIN_OBJECT:
                    return True
                waiting += one.properties.values()
            case list():
                waiting += one
            case dict():
                waiting += one.values()
            case PhpOpaque() | PhpEnum():
                return True
            case _:
                continue
        seen.add(id(one))
    return False


def _describes_cycle(arguments: list[Any]) -> bool:
    text = arguments[0] if arguments else None
    try:
        php_unserialize(to_bytes(text) if isinstance(text, str) else b"", _LIMITS)
    except DecodeError as error:
        return error.code == "cycle"
    return False


def _describes_objects(arguments: list[Any]) -> bool:
    """Whether a serialised text is one of objects: its class decides whether it can be restored."""
    text = arguments[0] if arguments else None
    return isinstance(text, str) and _OBJECT.search(to_bytes(text)) is not None


def _runtime(document: Mapping[str, Any], base: PhpRuntime) -> PhpRuntime:
    precisions = document.get("prec") or f"{base.precision}/{base.serialize_precision}"
    precision, serialize_precision = map(int, precisions.split("/"))
    zone = document.get("tz") or base.timezone
    return replace(base, timezone=zone, precision=precision, serialize_precision=serialize_precision)
