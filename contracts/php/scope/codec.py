"""`serialize` and `unserialize`. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php.error import PhpTypeError, PhpValueError
from contracts.php.runtime import PhpRuntime
from contracts.php.text import from_bytes, strtolower, to_bytes
from contracts.php.value import PhpObject, PhpReference, type_name

_DEPTH = 4096
"""PHP's unserialize_max_depth."""
_READ_BY_PHP_ALONE = frozenset({"cycle", "too_large", "too_many_elements"})
_INCOMPLETE = "__PHP_Incomplete_Class"


def _serialize(php: PhpRuntime, value: Any) -> str:
    return from_bytes(php_serialize(value, serialize_precision=php.serialize_precision))


def _unserialize(_: PhpRuntime, data: str, options: Any = ()) -> Any:
    """False where PHP warns and returns false. Raises DecodeError for what PHP reads and we refuse, as a cycle."""
    allowed, depth = _options(options)
    body = to_bytes(data)
    limits = Limits(max_bytes=max(len(body), 1) * 64, max_depth=depth, max_elements=max(len(body), 1))
    try:
        value = php_unserialize(body, limits, saturate=True)
    except DecodeError as error:
        if error.code in _READ_BY_PHP_ALONE:
            raise
        return False
    return value if allowed is None else _stripped(value, allowed)


def _options(options: Any) -> tuple[frozenset[str] | None, int]:
    """Which classes are allowed (None: all), and how deep it may be."""
    given: Mapping[Any, Any] = options if isinstance(options, dict) else {}
    classes = given.get("allowed_classes", True)
    if not isinstance(classes, bool | list | dict):
        raise PhpTypeError(
            f'unserialize(): Option "allowed_classes" must be of type array|bool, {type_name(classes)} given'
        )
    depth = given.get("max_depth", _DEPTH)
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
    return allowed, min(depth, _DEPTH) or _DEPTH


def _stripped(value: Any, allowed: frozenset[str]) -> Any:
    """With objects of other classes turned into incomplete ones, as PHP makes them."""
    match value:
        case list():
            return [_stripped(item, allowed) for item in value]
        case dict():
            return {key: _stripped(item, allowed) for key, item in value.items()}
        case PhpReference():
            return PhpReference(_stripped(value.value, allowed))
        case PhpObject():
            properties = {key: _stripped(item, allowed) for key, item in value.properties.items()}
            if strtolower(value.class_name) in allowed:
                return PhpObject(value.class_name, properties, value.written)
            return PhpObject(_INCOMPLETE, {f"{_INCOMPLETE}_Name": value.class_name, **properties}, value.written)
        case _:
            return value


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "serialize": ("mixed $value", _serialize),
    "unserialize": ("string $data, array $options = []", _unserialize),
}
