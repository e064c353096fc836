import json
from array import array
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.corpus import Recorded
from ops.parity.plan import LEFT_OUT, Plan, plan
from tests.fakes.message import balance, card_transaction, payin
from tests.fakes.notification import notification


def planned(notifications: Iterable[dict[str, Any]], parts: int = 97, types: set[str] | None = None) -> Plan:
    records = (Recorded(position, json.dumps(one).encode()) for position, one in enumerate(notifications))
    return plan(records, types, parts)


def created(webhook: str, key: str) -> dict[str, Any]:
    return notification("payin.create", payin(webhook, key))


def updated(webhook: str, key: str) -> dict[str, Any]:
    return notification("payin.update", payin(webhook, key, type_name="payin.update"))


def test_messages_of_one_business_key_are_in_one_part_whatever_their_type() -> None:
    found = planned([created("w1", "p1"), updated("w2", "p1"), created("w3", "p2")])
    assert found.parts[0] == found.parts[1] != found.parts[2]


def test_the_same_key_of_another_family_is_another_key() -> None:
    found = planned([created("w1", "7"), notification("balance.update", balance("w2", "7"))])
    assert found.parts[0] != found.parts[1]


def test_all_deliveries_of_one_message_are_in_one_part_and_the_last_is_known() -> None:
    found = planned([created("w1", "p1"), created("w2", "p2"), created("w1", "p1"), created("w1", "p1")])
    assert len({found.parts[position] for position in (0, 2, 3)}) == 1
    assert list(found.last) == [0, 1, 0, 1]


def test_one_id_with_two_keys_is_in_one_part_so_that_the_conflict_is_seen() -> None:
    found = planned([created("w1", "p1"), created("w1", "p2"), updated("w1", "p3")])
    assert len(set(found.parts)) == 1
    assert list(found.last) == [0, 0, 1]


def test_one_id_in_two_families_is_in_one_part_for_there_is_one_ledger() -> None:
    found = planned([created("w1", "p1"), notification("balance.update", balance("w1", "7"))])
    assert found.parts[0] == found.parts[1]
    assert list(found.last) == [0, 1]


def test_an_id_that_is_a_number_is_the_same_as_its_text() -> None:
    found = planned([created("7", "p1"), {**created("7", "p1"), "id": 7}])
    assert list(found.last) == [0, 1]


def test_types_without_a_contract_and_those_not_asked_for_are_left_out_and_counted() -> None:
    records = [created("w1", "p1"), updated("w2", "p1"), notification("refund.create", b"{}", id="r1")]
    found = planned(records, types={"payin.create"})
    assert [part == LEFT_OUT for part in found.parts] == [False, True, True]
    assert (found.types, found.left_out) == ({"payin.create": 1}, {"payin.update": 1, "refund.create": 1})
    assert found.messages == 1
    assert list(found.last) == [1, 0, 0]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b'{"object_id":[1]}'])
def test_a_message_whose_key_cannot_be_read_has_a_part_by_its_id(body: bytes) -> None:
    found = planned([notification("payin.create", body, id="w1"), notification("payin.create", body, id="w2")])
    assert LEFT_OUT not in found.parts
    assert found.types == {"payin.create": 2}


def test_a_card_transaction_is_known_by_its_amqp_message_id() -> None:
    one = notification("cardtransaction.create", card_transaction("c1"), properties={"message_id": "m1"})
    assert one["id"] == "m1"
    assert list(planned([one, one]).last) == [0, 1]


def test_parts_are_the_same_in_every_process() -> None:
    found = planned([created(f"w{number}", f"p{number}") for number in range(6)], parts=7)
    assert found.parts == array("H", [4, 2, 3, 5, 0, 3])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=12), st.integers(1, 5))
def test_every_message_is_in_one_of_the_parts_and_has_one_last_delivery(
    made: list[tuple[str, str]], parts: int
) -> None:
    found = planned([created(webhook, key) for webhook, key in made], parts)
    assert len(found.parts) == len(found.last) == len(made) == found.messages
    assert all(part < parts for part in found.parts)
    assert sum(found.last) == len({webhook for webhook, _ in made})
    for webhook in {webhook for webhook, _ in made}:
        positions = [position for position, one in enumerate(made) if one[0] == webhook]
        assert len({found.parts[position] for position in positions}) == 1
        assert [found.last[position] for position in positions] == [0] * (len(positions) - 1) + [1]
