"""What a text looks like, as far as it bears on what it is: an id, a number, a time, a word."""

import re
from typing import Literal

from contracts.php.number import is_numeric

Form = Literal["empty", "uuid", "digest", "digits", "number", "money", "time", "currency", "word", "text"]
"""`digest`: base64 of 32 bytes. `money`: a number with its thousands set apart, as people write it."""

_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DIGEST = re.compile(r"[A-Za-z0-9+/]{43}=")
_DIGITS = re.compile(r"[0-9]{1,19}")
_MONEY = re.compile(r"-?[0-9]{1,3}(?:[ ,.'\u00a0\u202f][0-9]{3})*(?:[.,][0-9]{1,4})?")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
    r"|[0-9]{2}:[0-9]{2}:[0-9]{2}"
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_DIGIT = re.compile(r"[0-9]")


def form_of(text: str) -> Form:
    """The narrowest form that fits."""
    if not text:
        return "empty"
    if _UUID.fullmatch(text):
        return "uuid"
    if _DIGEST.fullmatch(text):
        return "digest"
    if _DIGITS.fullmatch(text):
        return "digits"
    if is_numeric(text):
        return "number"
    if _TIME.fullmatch(text):
        return "time"
    if _MONEY.fullmatch(text):
        return "money"
    if _CURRENCY.fullmatch(text):
        return "currency"
    return "word" if _WORD.fullmatch(text) else "text"


def template_of(time: str) -> str:
    """How a time is written: every digit as 9."""
    return _DIGIT.sub("9", time)
