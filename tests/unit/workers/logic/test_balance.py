"""What the comparison with real PHP found; everything else of this handler is held to PHP in tests/contract."""

from typing import Any

import pytest

from contracts.registry import type_named
from tests.fakes.message import balance
from tests.fakes.receiver import context
from workers.logic.registry import HANDLERS


@pytest.mark.parametrize(
    ("authorized", "level", "column"),
    [
        (9.5, "low", 9.5),
        ("9.5", "low", 9.5),
        ("", "low", ""),  # no number: the texts "" and "10" are compared
        ("n/a", "good", "n/a"),
        (True, "good", 1.0),  # both are true
        (False, "low", ""),
    ],
)
def test_a_level_is_compared_as_php_compares_whatever_is_there(authorized: Any, level: str, column: object) -> None:
    message_type = type_named("balance.update")
    body = balance(currentBalance=50, authorizedBalance=authorized)
    message: Any = message_type.model.model_validate(dict(message_type.decode(body)))
    columns = HANDLERS["balance.update"].decide(message, {}, context("w1")).rows[0].columns
    assert (columns["level"], columns["authorized_balance"]) == (level, column)
