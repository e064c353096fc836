"""`serialize` and `unserialize`. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import DEEPEST, php_unserialize
from contracts.php.error import PhpTypeError, PhpValueError
from contracts.php.runtime import PhpRuntime
from contracts.php.text import from_bytes, strtolower, to_bytes
from contracts.php.value import PhpObject, type_name

_REFUSED = frozenset({"cycle", "too_large", "too_many_elements"})
"""What PHP reads."""
_INCOMPLETE = "__PHP_Incomplete_Class"


def _serialize(php: PhpRuntime, value: Any) -> str:
    return from_bytes(php_serialize(value, serialize_precision=php.serialize_precision))


def _unserialize(_: PhpRuntime, data: str, options: Any = ()) -> Any:
    """False where PHP warns and returns false. Raises DecodeError for what PHP reads and we refuse, as a cycle."""
    if not data:
        return False
    allowed, depth = _options(options)
    body = to_bytes(data)
    limits = Limits(max_bytes=len(body) * 64, max_depth=min(depth or DEEPEST, DEEPEST), max_elements=len(body))
    refused = _REFUSED if 0 < depth <= DEEPEST else _REFUSED | {"too_deep"}
    try:
        value = php_unserialize(body, limits, as_php=True)
    except DecodeError as error:
        if error.code not in refused or _fails_later(body, limits, refused):
            return False
        raise
    if allowed is not None:
        _strip(value, allowed)
    return value


def _fails_later(body: bytes, limits: Limits, refused: frozenset[str]) -> bool:
    """Whether PHP would stop at something after what we refuse; kept references are no reason to refuse."""
    try:
        php_unserialize(body, limits, references="keep", as_php=True)
    except DecodeError as error:
        return error.code not in refused
    return False


def _options(options: Any) -> tuple[frozenset[str] | None, int]:
    """Which classes are allowed (None: all), and how deep it may be (0: without a limit)."""
    given: Mapping[Any, Any] = options if isinstance(options, dict) else {}
    classes = given.get("allowed_classes", True)
    if not isinstance(classes, bool | list | dict):
        raise PhpTypeError(
            f'unserialize(): Option "allowed_classes" must be of type array|bool, {type_name(classes)} given'
        )
    depth = given.get("max_depth", DEEPEST)
    if type(depth) is not int:
        raise PhpTypeError(f'unserialize(): Option "max_depth" must be of type int, {type_name(depth)} given')
    if depth < 0:
        raise PhpValueError('unserialize(): Option "max_depth" must be greater than or equal to 0')
    allowed: frozenset[str] | None = None
    if classes is False:
        allowed = frozenset()
    elif isinstance(classes, list | dict):
        names = classes.values() if isinstance(classes, dict) else classes
        allowed = frozenset(strtolower(str(name)) for name in names)
    return allowed, depth


def _strip(value: Any, allowed: frozenset[str]) -> None:
    """Turns objects of other classes into incomplete ones, as PHP makes them; what was one object stays one."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or not isinstance(one, list | dict | PhpObject):
            continue
        seen.add(id(one))
        if isinstance(one, PhpObject):
            waiting += one.properties.values()
            if strtolower(one.class_name) not in allowed:
                one.properties = {f"{_INCOMPLETE}_Name": one.class_name, **one.properties}
                one.class_name = _INCOMPLETE
        else:
            waiting += one.values() if isinstance(one, dict) else one


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "serialize": ("mixed $value", _serialize),
    "unserialize": ("string $data, array $options = []", _unserialize),
}
