"""Pseudonyms for personal values: of the same format and length, equal for equal values, and not to be traced back.

What a value is shows in itself, never in where it stands: so it has the same pseudonym in every field, message and
codec. Every digit becomes a digit, every letter one of the same case and number of bytes; spaces, punctuation and signs
stay. Whitespace, punctuation and case are not part of what is keyed: an IBAN in groups of four, and a name in capitals,
have the pseudonym of the same without.

Different values have different pseudonyms of their format; a value of one character has one of ten or of 26, which
frequency gives away. Of four letters or digits in a row one at least is another. The exceptions are parts that are no
secret: the country and the check digits of an IBAN, the century of a date.
"""

import re
from calendar import isleap
from datetime import date
from functools import lru_cache

from contracts.letter_pool import Place, place_of
from contracts.permutation import Permutation
from contracts.php.number import INT_MAX

_TEXT_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""Leading zeros stay: so a telephone number is still one."""
_NUMBER = re.compile(r"[+-]?([0-9]*)(?:\.([0-9]*))?(?:[eE][+-]?[0-9]+)?")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}|[a-z]{2}[0-9]{2}[a-z0-9]{11,30}")
_DAY = r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
_TIME = r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?"
_ZONE = r"(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
_MOMENT = re.compile(rf"(?:{_DAY})?(?:(?<=[0-9])[Tt ]|^|$)(?:{_TIME}{_ZONE})?")
_ZEROS = re.compile(r"0000-00-00(?:[ T]00:00:00(?:\.0+)?)?")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9A-F]{8}-(?:[0-9A-F]{4}-){3}[0-9A-F]{12}")
_HEX = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f])(?:[0-9a-f]{16,}|[0-9A-F]{16,})")
_SPACE = re.compile(r"\s+")
_DAY_S = 86_400
_REMEMBERED = 16_384
"""Values whose pseudonyms are remembered: names and accounts come again."""
_LONGEST_REMEMBERED = 100


class Pseudonyms:
    """Gives pseudonyms under one secret. Pure; what is equal for one object is equal for every object of its secret."""

    def __init__(self, secret: bytes) -> None:
        """Args: secret: 32 random bytes; throw them away, and nobody leads back."""
        self._permutation = Permutation(secret)

        self._core = lru_cache(_REMEMBERED)(self._changed_core)

    def text(self, value: str) -> str:
        """The pseudonym of a text: as many characters, and bytes in UTF-8 of each.

        Lone surrogates stand for bytes that are no UTF-8; they stay, as what is no letter and no digit does.
        """
        core = value.strip()
        if not core:
            return value
        start = value.index(core)
        changed = self._core(core) if len(core) <= _LONGEST_REMEMBERED else self._changed_core(core)
        return value[:start] + changed + value[start + len(core) :]

    def number(self, lexeme: str) -> str:
        """The pseudonym of a number as it is written: sign, count of digits, decimals and exponent stay, 0 stays 0.

        The first digit does not become 0; an integer of 64 bits stays one.
        """
        found = _NUMBER.fullmatch(lexeme)
        if found is None:  # INF, NAN
            return lexeme
        whole, decimals = found[1], found[2] or ""
        digits = whole + decimals
        if not digits.strip("0"):
            return lexeme
        changed = self._digits(digits, b"number %d.%d" % (len(whole), len(decimals)), wide=not decimals)
        pieces = list(lexeme)
        places = [found.start(1) + at for at in range(len(whole))] + [
            found.start(2) + at for at in range(len(decimals))
        ]
        for place, digit in zip(places, changed, strict=True):
            pieces[place] = digit
        return "".join(pieces)

    def _changed_core(self, core: str) -> str:
        if _TEXT_NUMBER.fullmatch(core):
            return self.number(core)
        if _ZEROS.fullmatch(core):
            return core
        return self._iban(core) or self._moment(core) or self._hexadecimal(core) or self._plain(core)

    def _digits(self, digits: str, tweak: bytes, *, wide: bool) -> str:
        """Digits that are not all zeros; leading zeros stay."""
        significant = digits.lstrip("0")
        zeros = digits[: len(digits) - len(significant)]
        tweak += b" %d" % len(zeros)
        if wide and len(significant) == len(str(INT_MAX)) and int(significant) <= INT_MAX:
            least = 10 ** (len(significant) - 1)
            return zeros + str(least + self._permutation.number(int(significant) - least, INT_MAX - least + 1, tweak))
        symbols = [int(significant[0]) - 1, *map(int, significant[1:])]
        first, *rest = self._permutation.symbols(symbols, [9] + [10] * (len(symbols) - 1), tweak)
        return zeros + str(first + 1) + "".join(map(str, rest))

    def _plain(self, text: str) -> str:
        """Letters and digits, wherever they stand."""
        places = [(at, place) for at, character in enumerate(text) if (place := place_of(character)) is not None]
        pieces = list(text)
        for (at, _), changed in zip(places, self._changed([place for _, place in places], b"text"), strict=True):
            pieces[at] = changed
        return "".join(pieces)

    def _changed(self, places: list[Place], tweak: bytes) -> list[str]:
        if not places:
            return []
        alphabets = [len(place.pool) for place in places]
        scripts = "".join(sorted({place.pool.characters[0] for place in places}))
        changed = self._permutation.symbols(
            [place.index for place in places], alphabets, tweak + scripts.encode("utf-8", "surrogateescape")
        )
        return [place.other(index) for place, index in zip(places, changed, strict=True)]

    def _iban(self, text: str) -> str | None:
        """Country and length stay; the check digits are right where they were."""
        compact = _SPACE.sub("", text)
        if not _IBAN.fullmatch(compact):
            return None
        country, check, account = compact[:2].upper(), int(compact[2:4]), compact[4:]
        places = [place for character in account if (place := place_of(character)) is not None]
        changed = "".join(self._changed(places, b"iban " + country.encode()))
        offset = (check - _check_digits(country, account)) % 100
        right = _is_right(country, check, account)
        new_check = (_check_digits(country, changed) + offset) % 100
        while _is_right(country, new_check, changed) != right:
            new_check = (new_check + 1) % 100
        characters = iter(f"{compact[:2]}{new_check:02}{changed}")
        return "".join(one if one.isspace() else next(characters) for one in text)

    def _moment(self, text: str) -> str | None:
        """A date, a time, or both, in ISO form. Another year of the century, mostly another day; midnight stays."""
        found = _MOMENT.fullmatch(text)
        if found is None:
            return None
        year, month, day, hour, minute, second, fraction = found.groups()
        if hour is not None and not (int(hour) < 24 and int(minute) < 60 and int(second or 0) < 60):
            return None
        try:
            on = None if year is None else date(int(year), int(month), int(day))
        except ValueError:
            return None
        days = 1 if on is None else 366 if isleap(on.year) else 365
        in_minutes = second is None
        clock = 0 if hour is None else int(hour) * 60 + int(minute) if in_minutes else _seconds(hour, minute, second)
        clocks = 1 if clock == 0 else (1440 if in_minutes else _DAY_S) - 1
        part = int(fraction or 0)
        parts = 1 if part == 0 else 10 ** len(fraction) - 1
        value = 0 if on is None else on.timetuple().tm_yday - 1
        value = (value * clocks + max(0, clock - 1)) * parts + max(0, part - 1)
        tweak = b"moment %d" % (0 if on is None else on.year)
        value = self._permutation.number(value, days * clocks * parts, tweak)
        value, part = divmod(value, parts)[0], value % parts + (parts > 1)
        value, clock = divmod(value, clocks)[0], value % clocks + (clocks > 1)
        pieces = list(text)
        if on is not None:
            written = date.fromordinal(date(self._year(on.year, value), 1, 1).toordinal() + value).isoformat()
            pieces[found.start(1) : found.end(3)] = written
        if hour is not None:
            clock_s = clock * 60 if in_minutes else clock
            pieces[found.start(4) : found.end(5)] = f"{clock_s // 3600:02}:{clock_s // 60 % 60:02}"
        if second is not None:
            pieces[found.start(6) : found.end(6)] = f"{clock % 60:02}"
        if fraction is not None:
            pieces[found.start(7) : found.end(7)] = f"{part:0{len(fraction)}}"
        return "".join(pieces)

    def _year(self, year: int, day: int) -> int:
        """Another year of the century, a leap year for a leap year."""
        first = year // 100 * 100
        years = [one for one in range(max(first, 1), first + 100) if isleap(one) == isleap(year)]
        move = 1 + self._permutation.number(day, 366, b"year") % (len(years) - 1)
        return years[(years.index(year) + move) % len(years)]

    def _hexadecimal(self, text: str) -> str | None:
        """UUIDs, of the same version and variant, and long numbers in hexadecimal digits, of the same case."""
        is_uuid = _UUID.fullmatch(text) is not None
        if not is_uuid and not _HEX.fullmatch(text):
            return None
        digits = text.replace("-", "")
        kept = {12, 16} if is_uuid else set()
        symbols = [int(digit, 16) for at, digit in enumerate(digits) if at not in kept]
        changed = iter(self._permutation.symbols(symbols, [16] * len(symbols), b"hex"))
        written = "".join(digit if at in kept else f"{next(changed):x}" for at, digit in enumerate(digits))
        characters = iter(written.upper() if text.upper() == text else written)
        return "".join("-" if one == "-" else next(characters) for one in text)


def _seconds(hour: str, minute: str, second: str) -> int:
    return int(hour) * 3600 + int(minute) * 60 + int(second)


def _remainder(country: str, check: int, account: str) -> int:
    """ISO 13616: letters are 10 to 35, country and check digits stand last, modulo 97."""
    return int("".join(str(int(one, 36)) for one in f"{account}{country}{check:02}")) % 97


def _check_digits(country: str, account: str) -> int:
    return 98 - _remainder(country, 0, account)


def _is_right(country: str, check: int, account: str) -> bool:
    return _remainder(country, check, account) == 1
