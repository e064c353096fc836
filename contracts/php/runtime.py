"""Which PHP the monolith runs, as far as that changes answers: a value that is passed on, never a global.

Captured from a monolith by `legacy/recorder/bin/runtime.php`, which prints it as JSON for `read_runtime`. PHP 8.2
and 8.4 are proven against the real thing; of other versions a function knows what is documented, and says so where
nothing is (`UnknownRuleError`).
"""

import json
import re
from dataclasses import dataclass

from contracts.php.error import UnknownRuleError

OLDEST, NEWEST = (7, 1), (8, 4)
"""Versions of which anything is known: before 7.1 there was no serialize_precision of -1."""
_VERSION = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})(?:\..*)?")


class RuntimeFormatError(ValueError):
    """A text that does not describe a runtime; says which field."""


@dataclass(frozen=True, slots=True)
class PhpRuntime:
    """PHP's version and the settings that decide how values are printed and dates are read."""

    version: tuple[int, int] = (8, 2)
    precision: int = 14
    """Significant digits of a float as text; -1 for the shortest that reads back as the same float."""
    serialize_precision: int = -1
    """Likewise for json_encode, serialize and var_export."""
    timezone: str = "UTC"
    """Identifier of the default time zone."""
    tzdata: str = "system"
    """Version of the time zone database, as PHP tells it; Debian's PHP reads the system's."""

    def since(self, major: int, minor: int) -> bool:
        """Whether it is that version, or a later one."""
        return self.version >= (major, minor)

    def must_know(self, what: str, *, since: tuple[int, int] = OLDEST) -> None:
        """Raise UnknownRuleError where the rule is not known of this version. Args: since: the oldest known one."""
        if not since <= self.version <= NEWEST:
            raise UnknownRuleError(what, self.version)


PHP_8_2 = PhpRuntime()
"""Debian 12's, with the settings that it comes with."""
PHP_8_4 = PhpRuntime((8, 4))


def read_runtime(text: str) -> PhpRuntime:
    """What `runtime.php` has printed. Raises RuntimeFormatError."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise RuntimeFormatError("not JSON: print it by `php legacy/recorder/bin/runtime.php`") from error
    if not isinstance(document, dict):
        raise RuntimeFormatError("not an object")
    version = _VERSION.fullmatch(str(document.get("version")))
    if version is None:
        raise RuntimeFormatError("version: expected as 8.2.36")
    numbers = [document.get(name) for name in ("precision", "serialize_precision")]
    for name, value in zip(("precision", "serialize_precision"), numbers, strict=True):
        if not isinstance(value, int) or isinstance(value, bool) or not -1 <= value <= 53:
            raise RuntimeFormatError(f"{name}: expected a number from -1 to 53")
    texts = [document.get(name) for name in ("timezone", "tzdata")]
    for name, value in zip(("timezone", "tzdata"), texts, strict=True):
        if not isinstance(value, str) or not value:
            raise RuntimeFormatError(f"{name}: expected a text")
    precision, serialize_precision = numbers
    timezone, tzdata = texts
    return PhpRuntime((int(version[1]), int(version[2])), precision, serialize_precision, timezone, tzdata)  # type: ignore[arg-type]
