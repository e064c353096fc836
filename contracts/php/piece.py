"""PHP's texts put together and taken apart: `implode`, `explode`, `str_replace`."""

from itertools import repeat

from contracts.php.error import PhpTypeError, PhpValueError
from contracts.php.number import to_text
from contracts.php.ordered_map import PhpArray, PhpArrayValue, as_value, items, values
from contracts.php.text import from_bytes, rejoin, to_bytes
from contracts.php.value import type_name


def implode(separator: str | PhpArray, array: PhpArray | None = None, *, precision: int = 14) -> str:
    """`implode` (`join`): values as text, null and false as nothing, `1.0` as `1`; Python's `join` takes texts only.

    With one argument, an array, there is nothing between. The array first and then the text was allowed before PHP 8.

    Args:
        separator: or the array, if it is the only argument.
        array: its keys do not matter.
        precision: of floats.

    Raises:
        PhpTypeError: there is no array, or no text before it.
        PhpError: there is an object in it.
    """
    if array is None:
        if isinstance(separator, str):
            raise PhpTypeError("implode(): Argument #1 ($array) must be of type array, string given")
        separator, array = "", separator
    elif not isinstance(separator, str):
        raise PhpTypeError(f"implode(): Argument #1 ($separator) must be of type string, {type_name(separator)} given")
    return rejoin(separator.join([to_text(value, precision) for value in values(array)]))


def explode(separator: str, text: str, limit: int | None = None) -> list[str]:
    """`explode`: as Python's `split`, so that "" gives [""]; but 0 counts as 1, and a limit is one of pieces.

    Args:
        separator: bytes; not empty.
        text: what to take apart.
        limit: so many pieces at most, the last with the rest; negative: all but the last so many, maybe none.

    Raises:
        PhpValueError: the separator is empty (the rule of 8.0 and later; before, it was false).
    """
    if not separator:
        raise PhpValueError("explode(): Argument #1 ($separator) cannot be empty")
    if separator.isascii() or text.isascii():
        pieces = text.split(separator, -1 if limit is None or limit < 0 else max(limit, 1) - 1)
    else:
        parts = to_bytes(text).split(to_bytes(separator), -1 if limit is None or limit < 0 else max(limit, 1) - 1)
        pieces = [from_bytes(part) for part in parts]
    return pieces[:limit] if limit is not None and limit < 0 else pieces


def str_replace(
    search: str | PhpArray, replace: str | PhpArray, subject: str | PhpArray, *, precision: int = 14
) -> str | PhpArrayValue:
    """`str_replace`: one search after the other over the whole text, so that later ones find what earlier ones put in.

    Python's `str.replace` also finds the empty text; PHP never does. How many were replaced (`$count`) is not told.

    Args:
        search: a text, or an array of texts; an empty one is passed over, with its replacement.
        replace: a text for all of them, or an array in the order of `search`; where it is too short, nothing.
        subject: a text; or an array, whose values become text (an array in it `Array`; before PHP 8 it stayed).
        precision: of floats.

    Raises:
        PhpTypeError: an array of replacements for a single search.
        PhpError: there is an object in it.
    """
    if isinstance(search, str) and not isinstance(replace, str):
        raise PhpTypeError(
            "str_replace(): Argument #2 ($replace) must be of type string when argument #1 ($search) is a string"
        )
    if isinstance(subject, str):
        return _replaced(subject, search, replace, precision)
    return as_value(
        {key: _replaced(to_text(value, precision), search, replace, precision) for key, value in items(subject)}
    )


def _replaced(text: str, search: str | PhpArray, replace: str | PhpArray, precision: int) -> str:
    """Searches and replacements become text when their turn comes: one that never has it may be anything."""
    puts = repeat(replace) if isinstance(replace, str) else iter(values(replace))
    for one in (search,) if isinstance(search, str) else values(search):
        if not text:
            break
        wanted, put = to_text(one, precision), to_text(next(puts, ""), precision)
        if wanted:
            text = _put(text, wanted, put)
    return rejoin(text)


def _put(text: str, wanted: str, put: str) -> str:
    if wanted.isascii() or text.isascii():
        return text.replace(wanted, put)
    return from_bytes(to_bytes(text).replace(to_bytes(wanted), to_bytes(put)))
