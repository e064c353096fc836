"""Which characters may stand for which: of the same kind, the same script and the same number of bytes in UTF-8."""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_BLOCK = 128
"""Code points of a script lie side by side; no block has characters of different lengths in UTF-8."""
_DIGITS = "0123456789"
_SMALL = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Pool:
    """Characters that may stand for each other."""

    characters: str
    """Letters with case are small ones."""

    def __len__(self) -> int:
        return len(self.characters)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a character is in its pool."""

    pool: Pool
    index: int
    capital: bool = False

    def other(self, index: int) -> str:
        """The character of that index, capital where this is."""
        character = self.pool.characters[index]
        return character.upper() if self.capital else character


_ASCII = {
    **{digit: Place(Pool(_DIGITS), index) for index, digit in enumerate(_DIGITS)},
    **{letter: Place(Pool(_SMALL), index) for index, letter in enumerate(_SMALL)},
    **{letter.upper(): Place(Pool(_SMALL), index, capital=True) for index, letter in enumerate(_SMALL)},
}


@lru_cache(maxsize=8192)
def place_of(character: str) -> Place | None:
    """Where a letter or digit is; None for what stays: spaces, punctuation, signs, letters that have no others."""
    if character.isascii():
        return _ASCII.get(character)
    category = unicodedata.category(character)
    if category == "Nd":
        zero = ord(character) - unicodedata.decimal(character)
        return Place(Pool("".join(map(chr, range(zero, zero + 10)))), unicodedata.decimal(character))
    capital = category == "Lu"
    small = character.lower() if capital else character
    if category not in ("Lu", "Ll", "Lo") or len(small) != 1:
        return None
    pool = _pool(ord(small) // _BLOCK, "Lo" if category == "Lo" else "Ll")
    index = pool.characters.find(small)
    if index < 0 or len(pool) < 2:
        return None
    place = Place(pool, index, capital)
    return place if place.other(index) == character else None


@lru_cache(maxsize=1024)
def _pool(block: int, category: str) -> Pool:
    characters = map(chr, range(max(block * _BLOCK, 0x80), (block + 1) * _BLOCK))
    usual = _has_capital if category == "Ll" else str.isalpha
    return Pool("".join(one for one in characters if unicodedata.category(one) == category and usual(one)))


def _has_capital(character: str) -> bool:
    """Whether its capital is one character of as many bytes, and leads back."""
    capital = character.upper()
    return (
        len(capital) == 1
        and unicodedata.category(capital) == "Lu"
        and capital.lower() == character
        and len(capital.encode()) == len(character.encode())
    )
