"""Whether two PHP values are the same graph: equal, and shared where the other is shared."""

from collections.abc import Iterable
from typing import Any

from contracts.php.value import PhpObject, PhpReference


def isomorphic(left: Any, right: Any) -> bool:
    """Compares type and value, order of keys, and which places hold the same object or reference. Cycles are fine."""
    pairs: dict[int, int] = {}
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if isinstance(one, PhpObject | PhpReference):
            if id(one) in pairs:
                if pairs[id(one)] != id(other):
                    return False
                continue
            pairs[id(one)] = id(other)
        (own, below), (theirs, beside) = _parts(one), _parts(other)
        if type(one) is not type(other) or own != theirs:
            return False
        waiting += zip(below, beside, strict=True)
    return True


def unshared(value: Any) -> Any:
    """With the values of references in their places; endless for what contains itself."""
    match value:
        case PhpReference():
            return unshared(value.value)
        case PhpObject():
            return PhpObject(value.class_name, {key: unshared(item) for key, item in value.properties.items()})
        case dict():
            return {key: unshared(item) for key, item in value.items()}
        case list():
            return [unshared(item) for item in value]
        case _:
            return value


def _parts(value: Any) -> tuple[Any, Iterable[Any]]:
    """What must be equal, and what is in it."""
    match value:
        case PhpReference():
            return None, [value.value]
        case PhpObject():
            return (value.class_name, dict(value.written), list(value.properties)), value.properties.values()
        case dict():
            return list(value), value.values()
        case list():
            return len(value), value
        case float():
            return repr(value), ()  # NaN is itself, zeros differ by their sign
        case _:
            return value, ()
