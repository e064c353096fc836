"""How often Python looks for garbage in circles: seldom, for the bridge makes next to none.

CPython looks after every 700 objects that have come to be and are still there (`gc` documentation, `set_threshold`).
A bridge keeps some thousand messages in hand, so that most of what it looks at is in use: a tenth of all its time went
there. What is no longer referred to goes at once, as ever.
"""

import gc

OBJECTS = 20_000
"""Kept since the last look, from which on there is another."""
_YOUNGER_LOOKS = 10
"""After so many of them, older objects are looked at too; Python's own number."""


def look_seldom() -> None:
    """Settle it for this process, once everything that stays is made."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS, _YOUNGER_LOOKS, _YOUNGER_LOOKS)
