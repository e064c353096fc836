import importlib
import pkgutil

import msgspec
import pytest
from rich.pretty import pretty_repr

import contracts
import workers
from contracts.veiled import Veiled
from workers.logic.decision import FollowUp

PERSONAL = {
    *(
        "properties",
        "attempt",
        "attributes",
        "body",
        "carried",
        "columns",
        "content",
        "envelope",
        "headers",
        "message",
        "receipt",
    ),
    *("receipt", "rows", "webhook_secret"),
}

HARMLESS = {
    *("OutcomeHead", "OutcomeLine", "Outline"),  # `attempt` is a number there
    *("Decision", "Wanted"),  # `rows` are veiled themselves, and keys of rows
}


def values() -> list[type[Veiled]]:
    for package in (contracts, workers):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(one.name)
    return [one for one in structs() if issubclass(one, Veiled)]


def structs() -> list[type[msgspec.Struct]]:
    """All of ours, at whatever depth."""
    found, left = list[type[msgspec.Struct]](), [msgspec.Struct]
    while left:
        more = left.pop().__subclasses__()
        left += more
        found += [one for one in more if one.__module__.partition(".")[0] in ("contracts", "workers")]
    return [one for one in found if one is not Veiled]


def test_a_value_is_shown_without_what_is_hidden() -> None:
    shown = repr(FollowUp("accounting", "payin.booked", '{"name":"Zoé"}'))
    assert shown == "FollowUp(exchange='accounting', routing_key='payin.booked', content_type='application/json')"


def test_nor_does_rich_show_what_is_hidden() -> None:
    assert "Zoé" not in pretty_repr(FollowUp("accounting", "payin.booked", '{"name":"Zoé"}'))


def test_a_struct_that_may_be_personal_is_veiled() -> None:
    values()
    named = {one.__name__ for one in structs() if set(one.__struct_fields__) & PERSONAL and not issubclass(one, Veiled)}
    assert named - HARMLESS == set()


def test_a_value_is_equal_frozen_and_hashable_by_all_its_fields() -> None:
    one, other = FollowUp("e", "k", "1"), FollowUp("e", "k", "2")
    assert (one == FollowUp("e", "k", "1"), one == other, len({one, other})) == (True, False, 2)
    with pytest.raises(AttributeError):
        one.body = "2"  # type: ignore[misc]


def test_every_value_hides_what_may_be_personal_and_names_no_field_that_it_lacks() -> None:
    assert len(values()) > 10
    for one in values():
        fields = set(one.__struct_fields__)
        assert set(one.HIDDEN) <= fields, f"{one.__name__}: a name in HIDDEN is no field"
        assert fields & PERSONAL <= set(one.HIDDEN), one.__name__
