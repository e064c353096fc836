"""What a field is, where its name and all its values say so together. What neither proves is personal.

A meaning is what makes a field plain, so each asks for both: an id is called one and looks like one, and is not a
person's; a closed set is of a status, say, has few values, and each of them is a word that many messages have.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from ops.scaffold.place import ENOUGH, Place

Meaning = Literal["id", "amount", "currency", "time", "state", "constant"]

_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_IDS = frozenset({"id", "uuid", "guid"})
_TIMES = frozenset({"at", "date", "time", "datetime", "timestamp"})
_AMOUNTS = frozenset(
    {
        *("amount", "authorizations", "authorized", "balance", "cents", "commission", "difference"),
        *("discount", "fee", "fees", "gross", "net", "price", "rate", "subtotal", "tax", "total", "vat"),
    }
)
_STATES = frozenset({"event", "kind", "level", "mode", "phase", "priority", "state", "status", "step", "type"})
_PERSONS = frozenset(
    {
        *("account", "address", "alias", "author", "beneficiary", "bic", "birth", "birthday", "born", "card", "client"),
        *("contact", "creditor", "customer", "debtor", "device", "dob", "email", "employee", "gender", "guardian"),
        *("holder", "iban", "identity", "ip", "license", "mail", "mandate", "member", "merchant", "mobile", "name"),
        *("nationality", "owner", "pan", "passport", "password", "patient", "payee", "payer", "person", "phone"),
        *("recipient", "secret", "sender", "session", "signature", "social", "ssn", "student", "subscriber"),
        *("token", "user", "username", "visitor"),
    }
)
_CURRENCY = re.compile(r"[A-Z]{3}|[0-9]{3}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
_TECHNICAL = re.compile(r"https?://[a-z./-]{1,80}|(?:application|text)/[a-z.+-]{1,40}")
_MOST_STATES = 12
_OFTEN = 5
"""How often each value of a closed set was seen at least."""
_EPOCH_DIGITS = range(10, 20)


def words_of(name: str) -> tuple[str, ...]:
    """`createdDate`, `created_date` and `Created-Date` are `created` and `date`."""
    return tuple(piece.lower() for piece in _PIECE.findall(name))


def meaning_of(name: str, place: Place, known: Collection[str] = ()) -> Meaning | None:
    """What a leaf is; None where that is not certain.

    Args:
        name: of the field.
        place: what was seen there.
        known: texts that are nobody's: the type's name, an effect's. A field that holds nothing else is a constant.
    """
    if not place.is_leaf or not place.filled:
        return None
    words = words_of(name)
    if not words:
        return None
    if _is_constant(place, known):
        return "constant"
    if words[-1] in _IDS:
        return "id" if _is_id(words, place) else None
    if _PERSONS.intersection(words):
        return None
    if words[-1] == "currency":
        return "currency" if _is_currency(place) else None
    if words[-1] in _TIMES:
        return "time" if _is_time(place) else None
    if is_closed_set(name, place):
        return "state"
    return "amount" if _AMOUNTS.intersection(words) and _is_amount(place) else None


def is_closed_set(name: str, place: Place) -> bool:
    """Whether all values are known and none of them says anything of a person: cases of an enum, words of a status."""
    if not place.filled or place.open or place.kinds.keys() - {"str", "enum"}:
        return False
    if place.kinds.keys() == {"enum"}:
        return True  # its cases stand in the monolith's source
    words = words_of(name)
    return (
        bool(_STATES.intersection(words))
        and not _PERSONS.intersection(words)
        and place.kinds.keys() == {"str"}
        and len(place.values) <= _MOST_STATES
        and place.filled >= ENOUGH * len(place.values)
        and all(_WORD.fullmatch(text) and count >= _OFTEN for text, count in place.values.items())
    )


def meanings(place: Place, known: Collection[str] = ()) -> Mapping[str, Meaning]:
    """By the name of every leaf below. What is plain is so by its name: a name counts only if all its places are."""
    found: dict[str, set[Meaning | None]] = {}
    for name, one in leaves(place):
        found.setdefault(name, set()).add(meaning_of(name, one, known))
    # Two meanings are as certain as one: a total may be an amount here and an id there, and is nobody's in both.
    certain = {name: [one for one in ways if one is not None] for name, ways in found.items() if None not in ways}
    return {name: min(ways) for name, ways in certain.items()}


def leaves(place: Place, name: str | None = None) -> Iterator[tuple[str, Place]]:
    """Every field below that holds values, by name; items of a list have the list's name."""
    if name is not None and (place.kinds.keys() - {"list", "record", "map", "object"} or not place.kinds):
        yield name, place
    for key, one in place.fields.items():
        yield from leaves(one, key)
    if place.item is not None:
        yield from leaves(place.item, name)


def counted(place: Place) -> "Counter[str]":
    """How many fields of each name there are below."""
    return Counter(name for name, _ in leaves(place))


def _is_constant(place: Place, known: Collection[str]) -> bool:
    if place.open or place.kinds.keys() != {"str"} or len(place.values) != 1 or place.filled < ENOUGH:
        return False
    (text,) = place.values
    return text in known or _TECHNICAL.fullmatch(text) is not None


def _is_id(words: tuple[str, ...], place: Place) -> bool:
    subject = set(words) - ({"card"} if "transaction" in words else set())  # a payment by card is nobody's card
    return (
        not _PERSONS & subject
        and place.kinds.keys() <= {"int", "str"}
        and (place.forms.keys() <= {"digits", "uuid", "empty"})
    )


def _is_currency(place: Place) -> bool:
    return (
        place.kinds.keys() <= {"int", "str"}
        and not place.open
        and (all(_CURRENCY.fullmatch(text) for text in place.values if text) and set(place.widths) <= {3})
    )


def _is_time(place: Place) -> bool:
    epoch = set(place.widths) <= {0, *_EPOCH_DIGITS}
    return place.kinds.keys() <= {"int", "str"} and place.forms.keys() <= {"time", "empty", "digits"} and epoch


def _is_amount(place: Place) -> bool:
    numeric = {"digits", "number", "money", "empty"}
    return place.kinds.keys() <= {"int", "float", "str"} and place.forms.keys() <= numeric
