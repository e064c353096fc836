"""Texts. See `contracts.php.functions`."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from contracts.php import collation, digest, html, piece, text
from contracts.php.error import PhpValueError
from contracts.php.runtime import PhpRuntime

_SIDES: Mapping[int, Literal["left", "right", "both"]] = {0: "left", 1: "right", 2: "both"}


def _str_pad(_: PhpRuntime, source: str, length: int, pad: str = " ", side: int = 1) -> str:
    if length < 0 or length <= text.strlen(source):
        return source
    if side not in _SIDES and pad:
        raise PhpValueError("str_pad(): Argument #4 ($pad_type) must be STR_PAD_LEFT, STR_PAD_RIGHT, or STR_PAD_BOTH")
    return text.str_pad(source, length, pad, _SIDES.get(side, "right"))


def _implode(php: PhpRuntime, *arguments: Any) -> str:
    return piece.implode(*arguments, precision=php.precision)


def _base64_decode(_: PhpRuntime, source: str, strict: bool = False) -> Any:  # noqa: FBT001, FBT002  # as PHP calls it
    data = text.to_bytes(source)
    decoded = text.base64_decode_strictly(data) if strict else text.base64_decode(data)
    return False if decoded is None else text.from_bytes(decoded)


def _htmlspecialchars(php: PhpRuntime, source: str, *options: Any) -> str:
    return html.htmlspecialchars(source, *options[:2], double_encode=False not in options[2:], runtime=php)


def _cased(function: Callable[..., str]) -> Callable[..., str]:
    """Before 8.2 the locale had a say in it."""

    def changed(php: PhpRuntime, source: str, *separators: str) -> str:
        if not source.isascii():
            php.must_know(function.__name__, since=(8, 2))
        return function(source, *separators)

    return changed


_TRIM = r'string $string, string $characters = " \n\r\t\v\0"'
_IMPLODE = "array|string $separator, ?array $array = null"

_HTML = (
    "string $string, int $flags = ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML401, ?string $encoding = null, "
    "bool $double_encode = true"
)

FUNCTIONS: Mapping[str, tuple[str, Callable[..., Any]]] = {
    "addslashes": ("string $string", lambda _, source: text.addslashes(source)),
    "base64_decode": ("string $string, bool $strict = false", _base64_decode),
    "base64_encode": ("string $string", lambda _, source: text.base64_encode(source)),
    "bin2hex": ("string $string", lambda _, source: text.bin2hex(source)),
    "chop": (_TRIM, lambda _, *given: text.rtrim(*given)),
    "crc32": ("string $string", lambda _, source: digest.crc32(source)),
    "explode": ("string $separator, string $string, int $limit = PHP_INT_MAX", lambda _, *given: piece.explode(*given)),
    "htmlspecialchars": (_HTML, _htmlspecialchars),
    "implode": (_IMPLODE, _implode),
    "join": (_IMPLODE, _implode),
    "lcfirst": ("string $string", _cased(text.lcfirst)),
    "ltrim": (_TRIM, lambda _, *given: text.ltrim(*given)),
    "md5": ("string $string, bool $binary = false", lambda _, source, *raw: digest.md5(source, binary=True in raw)),
    "rtrim": (_TRIM, lambda _, *given: text.rtrim(*given)),
    "sha1": ("string $string, bool $binary = false", lambda _, source, *raw: digest.sha1(source, binary=True in raw)),
    "str_pad": ('string $string, int $length, string $pad_string = " ", int $pad_type = STR_PAD_RIGHT', _str_pad),
    "str_replace": (
        "array|string $search, array|string $replace, array|string $subject, mixed &$count = null",
        lambda php, *given: piece.str_replace(*given[:3], precision=php.precision),
    ),
    "strcasecmp": ("string $string1, string $string2", lambda php, *two: collation.strcasecmp(*two, runtime=php)),
    "strcmp": ("string $string1, string $string2", lambda php, *two: collation.strcmp(*two, runtime=php)),
    "stripslashes": ("string $string", lambda _, source: text.stripslashes(source)),
    "strlen": ("string $string", lambda _, source: text.strlen(source)),
    "strnatcmp": ("string $string1, string $string2", lambda _, *two: collation.strnatcmp(*two)),
    "strncmp": (
        "string $string1, string $string2, int $length",
        lambda php, *given: collation.strncmp(*given, runtime=php),
    ),
    "strtolower": ("string $string", _cased(text.strtolower)),
    "strtoupper": ("string $string", _cased(text.strtoupper)),
    "substr": ("string $string, int $offset, ?int $length = null", lambda _, *given: text.substr(*given)),
    "trim": (_TRIM, lambda _, *given: text.trim(*given)),
    "ucfirst": ("string $string", _cased(text.ucfirst)),
    "ucwords": (r'string $string, string $separators = " \t\r\n\f\v"', _cased(text.ucwords)),
}
