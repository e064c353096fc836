"""What the comparison with real PHP found; everything else of this handler is held to PHP in tests/contract."""

from typing import Any

import pytest

from contracts.registry import type_named
from tests.fakes.message import payin
from tests.fakes.receiver import context
from workers.logic.decision import Decision
from workers.logic.registry import HANDLERS


def decide(type_name: str, **fields: Any) -> Decision:
    message_type = type_named(type_name)
    body = payin(type_name=type_name, **fields)
    message: Any = message_type.model.model_validate(dict(message_type.decode(body)))
    return HANDLERS[type_name].decide(message, {}, context("w1"))


@pytest.mark.parametrize("field", ["userId", "currency", "messageToUser", "ibanFullname", "DbtrIBAN", "payinDate"])
def test_what_an_update_that_comes_first_does_not_write_may_be_anything(field: str) -> None:
    (row, _) = decide("payin.update", **{field: [5]}).rows
    assert row.columns["amount"] is None


@pytest.mark.parametrize("nothing", [None, "", "0", 0, 0.0, False, [], {}, True, "0000-00-00"])
def test_a_day_that_php_calls_empty_or_equal_to_zeros_is_none(nothing: Any) -> None:
    assert decide("payin.create", payinDate=nothing).rows[0].columns["value_date"] is None


@pytest.mark.parametrize(
    ("method", "fee"), [("20", 0.5), (20, 0.5), (20.7, 0.5), ("20.0", 0.0), (27, 0.85), (None, 0.0)]
)
def test_a_fee_is_found_by_the_key_that_php_makes_of_a_method(method: Any, fee: float) -> None:
    assert decide("payin.create", amount="100", paymentMethodId=method).rows[0].columns["fee"] == fee
