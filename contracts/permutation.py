"""Permutations of small sets under a secret: format-preserving encryption, by Feistel networks of HMAC-SHA256.

What is permuted is a sequence of symbols, each of its own alphabet (digits of 10, letters of 26). Equal sequences
become equal ones and different ones different ones. And every fourth symbol becomes another one, certainly: so of four
symbols in a row at least one is not what it was. Without the secret nothing leads back but guessing by frequency;
whoever throws it away has pseudonyms.

Not meant to be opened again, so there is no inverse; NIST SP 800-38G (FF1) would be another choice, without the
certain change.
"""

import hashlib
import hmac
from collections.abc import Sequence
from math import isqrt, prod

_ROUNDS = 8
_CHUNK = 48
"""Symbols that are permuted at once: half of them, of alphabets of 128, fit into one digest with 8 bytes to spare."""
_GUARD = 4
"""Every so many symbols one changes for certain."""


class Permutation:
    """A family of permutations, one for each tweak and each sequence of alphabets."""

    def __init__(self, secret: bytes) -> None:
        """Args: secret: 32 random bytes."""
        self._mac = hmac.new(secret, digestmod=hashlib.sha256)

    def number(self, value: int, size: int, tweak: bytes) -> int:
        """A permutation of 0 to `size` - 1; `size` at most 2^384."""
        if size <= 1:
            return value
        side = isqrt(size - 1) + 1
        octets = (side.bit_length() + 7) // 8
        prefix = b"number %d:%b %d " % (len(tweak), tweak, size)
        while True:  # walk the cycle of a somewhat larger set until it comes back into ours
            left, right = divmod(value, side)
            for turn in range(_ROUNDS):
                text = prefix + bytes((turn,)) + right.to_bytes(octets, "big")
                left, right = right, (left + int.from_bytes(self._authenticate(text)[: octets + 8], "big")) % side
            value = left * side + right
            if value < size:
                return value

    def symbols(self, symbols: Sequence[int], alphabets: Sequence[int], tweak: bytes) -> list[int]:
        """A permutation of the sequences over these alphabets; every fourth symbol becomes another one.

        Args:
            symbols: each from 0 to its alphabet's size - 1.
            alphabets: their sizes, 2 to 128.
            tweak: another one, another permutation.
        """
        if len(symbols) <= _CHUNK:
            return self._chunk(symbols, alphabets, tweak)
        chunks = [slice(start, start + _CHUNK) for start in range(0, len(symbols), _CHUNK)]
        # The first depends on all that follows, and what follows on what has become of it: so texts that begin alike
        # do not stay alike, and yet nothing is lost.
        state = self._digest(tweak, b"rest", bytes(symbols[_CHUNK:]))
        found: list[int] = []
        for chunk in chunks:
            changed = self._chunk(symbols[chunk], alphabets[chunk], tweak + state)
            state = self._digest(tweak, b"next", bytes(changed) if not found else state + bytes(changed))
            found += changed
        return found

    def _chunk(self, symbols: Sequence[int], alphabets: Sequence[int], tweak: bytes) -> list[int]:
        """The others are permuted under the guards, then each guard is moved on by what depends on the others."""
        guards = range(_GUARD - 1, len(symbols), _GUARD)
        others = [place for place in range(len(symbols)) if place % _GUARD != _GUARD - 1]
        shape = bytes(alphabets)
        value = 0
        for place in others:
            value = value * alphabets[place] + symbols[place]
        size = prod(alphabets[place] for place in others)
        value = self.number(value, size, b"%b\0%b\0%b" % (tweak, shape, bytes(symbols[place] for place in guards)))
        changed = list(symbols)
        for place in reversed(others):
            value, changed[place] = divmod(value, alphabets[place])
        if guards:
            moves = self._digest(tweak, shape, bytes(changed[place] for place in others))
            for turn, place in enumerate(guards):
                move = 1 + int.from_bytes(moves[2 * turn : 2 * turn + 2], "big") % (alphabets[place] - 1)
                changed[place] = (symbols[place] + move) % alphabets[place]
        return changed

    def _digest(self, *parts: bytes) -> bytes:
        text = b"".join(b"%d:%b" % (len(part), part) for part in parts)
        return self._authenticate(b"digest " + text)

    def _authenticate(self, text: bytes) -> bytes:
        mac = self._mac.copy()  # a third less than keying it each time
        mac.update(text)
        return mac.digest()
