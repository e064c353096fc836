"""Other values in a body: who says what they become. Whatever is no value stays byte for byte."""

from typing import Protocol


class Change(Protocol):
    """Says what values become. Every text keeps its characters' number and the length of each in UTF-8."""

    def text(self, value: str, name: str | None) -> str:
        """A text. Args: name: of the field that it is in, or that the lists are in that it is in."""

    def number(self, lexeme: str, name: str | None) -> str:
        """A number as it is written; as long afterwards, and a number as JSON and PHP write it."""

    def key(self, key: str) -> str:
        """A key that is no position."""

    def enters(self, class_name: str) -> bool:
        """Whether values within an object of this class are to change at all."""

    def opens(self, name: str | None) -> bool:
        """Whether a text in this field is looked into where it is serialised itself."""
