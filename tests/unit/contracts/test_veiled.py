import importlib
import pkgutil

import pytest

import contracts
import workers
from contracts.veiled import Veiled
from workers.logic.decision import FollowUp

PERSONAL = {"attributes", "body", "columns", "content", "envelope", "headers", "message", "rows", "webhook_secret"}


def values() -> list[type[Veiled]]:
    for package in (contracts, workers):
        for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(one.name)
    return Veiled.__subclasses__()


def test_a_value_is_shown_without_what_is_hidden() -> None:
    shown = repr(FollowUp("accounting", "payin.booked", '{"name":"Zoé"}'))
    assert shown == "FollowUp(exchange='accounting', routing_key='payin.booked', content_type='application/json')"


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
        read = {"envelope"} if one.__name__ == "Opened" else set()  # an `Envelope`, not the text that it was read from
        assert (fields & PERSONAL) - read <= set(one.HIDDEN), one.__name__
