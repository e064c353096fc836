"""Arrays. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.php import array
from contracts.php.error import PhpValueError
from contracts.php.runtime import PhpRuntime


def _array_keys(php: PhpRuntime, values: Any, *filtered: Any) -> Any:
    if not filtered:
        return array.array_keys(values)
    return array.array_keys_of(values, filtered[0], strict=True in filtered[1:], runtime=php)


def _array_combine(php: PhpRuntime, keys: Any, values: Any) -> Any:
    return array.array_combine(keys, values, precision=php.precision)


def _count(_: PhpRuntime, value: Any, mode: int = 0) -> int:
    if mode not in (0, 1):
        raise PhpValueError("count(): Argument #2 ($mode) must be either COUNT_NORMAL or COUNT_RECURSIVE")
    return array.count(value, recursive=bool(mode))


FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "array_column": (
        "array $array, string|int|null $column_key, string|int|null $index_key = null",
        lambda _, *given: array.array_column(*given),
    ),
    "array_combine": ("array $keys, array $values", _array_combine),
    "array_keys": ("array $array, mixed $filter_value = UNKNOWN, bool $strict = false", _array_keys),
    "array_merge": ("array ...$arrays", lambda _, *arrays: array.array_merge(*arrays)),
    "array_sum": ("array $array", lambda _, values: array.array_sum(values)),
    "array_unique": (
        "array $array, int $flags = SORT_STRING",
        lambda php, *given: array.array_unique(*given, runtime=php),
    ),
    "array_values": ("array $array", lambda _, values: array.array_values(values)),
    "count": ("mixed $value, int $mode = COUNT_NORMAL", _count),
}
