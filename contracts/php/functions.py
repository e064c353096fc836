"""PHP's functions by their names: what is in scope, and how each is called as PHP calls it.

`call` takes arguments as PHP takes them without `strict_types`: it counts and converts them by the function's own
signature (PHP's stubs), and throws what PHP throws. Whoever ports a handler calls the functions of the modules instead,
whose types mypy checks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.php.runtime import PhpRuntime
from contracts.php.scope import array, codec, compare, date, export, json, number, text, url
from contracts.php.signature import Signature

IN_SCOPE = frozenset(
    (
        # json
        "json_encode", "json_decode",
        # serialize
        "serialize", "unserialize",
        # number
        "round", "number_format", "intdiv", "fmod", "floor", "ceil", "abs", "strval", "intval", "floatval", "boolval",
        "is_numeric", "bcadd", "bcsub", "bcmul", "bcdiv", "bcmod", "bccomp",
        # text
        "sprintf", "vsprintf", "trim", "ltrim", "rtrim", "substr", "str_pad", "strtolower", "strtoupper", "ucfirst",
        "lcfirst", "ucwords", "strcmp", "strcasecmp", "strncmp", "strnatcmp", "str_replace", "implode", "explode",
        "htmlspecialchars", "addslashes", "stripslashes", "base64_encode", "base64_decode", "bin2hex", "crc32", "md5",
        "sha1",
        # url
        "http_build_query", "urlencode", "rawurlencode",
        # array
        "in_array", "array_search", "array_merge", "array_unique", "array_column", "array_sum", "array_keys",
        "array_values", "array_combine", "max", "min", "count",
        # date
        "date", "gmdate", "mktime", "checkdate",
        # export
        "var_export",
    )
)  # fmt: skip
"""What a port of a handler may rely on. Some more are there, as aliases and neighbours of these."""
LEFT_OUT: Mapping[str, str] = {}
"""What is in scope and not here, with the reason."""
_SINCE = (8, 0)
"""Before, arguments of other types were converted by other rules, and much warned that now throws."""


class NotInScopeError(LookupError):
    """No such function is known here."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of PHP."""

    signature: Signature
    body: Callable[..., Any]
    """Takes the runtime, then the arguments that were given."""


def call(runtime: PhpRuntime, name: str, arguments: Sequence[Any]) -> Any:
    """`name(...$arguments)`: what PHP returns. Raises PhpError where PHP throws, NotInScopeError, UnknownRuleError.

    Args:
        runtime: which PHP.
        name: of the function, in lower case.
        arguments: PHP values, see `contracts.php.value`.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        raise NotInScopeError(f"{name}: not in scope")
    runtime.must_know(name, since=_SINCE)
    return function.body(runtime, *function.signature.bind(arguments, precision=runtime.precision))


def _all(*subjects: Mapping[str, tuple[str, Callable[..., Any]]]) -> dict[str, Function]:
    return {
        name: Function(Signature.parse(name, signature), body)
        for subject in subjects
        for name, (signature, body) in subject.items()
    }


FUNCTIONS: Mapping[str, Function] = _all(
    array.FUNCTIONS,
    codec.FUNCTIONS,
    compare.FUNCTIONS,
    date.FUNCTIONS,
    export.FUNCTIONS,
    json.FUNCTIONS,
    number.FUNCTIONS,
    text.FUNCTIONS,
    url.FUNCTIONS,
)
