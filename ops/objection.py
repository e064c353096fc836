"""What can stand against a move of authority: a closed vocabulary, each with words for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Against = Literal[
    "under way",
    "stage",
    "no router",
    "silent router",
    "stopped router",
    "not confirmed",
    "tap",
    "doubts",
    "not final",
    "pending",
    "differing",
    "void",
    "letters",
    "no handler",
    "state",
    "replay",
    "catch-up",
]
"""See docs/cut-over.md for what to do about each."""

AGAINST: tuple[Against, ...] = get_args(Against)
SAMPLE = 10
"""How many ids are named at most."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that stands against a move."""

    against: Against
    text: str
    ids: tuple[str, ...] = ()
    """Some of the messages, letters, rows, runs or places that it is about; none is personal data."""


def about(against: Against, text: str, ids: Sequence[str]) -> Objection:
    """An objection about so many things, some of them named."""
    return Objection(against, text, tuple(ids[:SAMPLE]))


def in_words(objection: Objection) -> str:
    """One line."""
    ids = f" ({', '.join(objection.ids)})" if objection.ids else ""
    return f"{objection.against}: {objection.text}{ids}"
