from decimal import Decimal

import pytest

from contracts.effect import Effect, parse_attempt, write_attempt
from tests.fakes.outcome import attempt
from workers.logic.decision import Column, Decision, FollowUp, Row, Webhook


def value_of(column: Column) -> object:
    (effect,) = Decision((Row("t", "1", {"x": column}),)).effects()
    return effect.value["x"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (10.0, Decimal("10.0")),
        (0.1 + 0.2, Decimal("0.30000000000000004")),
        (1e22, Decimal("1e+22")),
        (10, 10),
        ("10.0", "10.0"),
        (None, None),
        ("é", "é"),
        ("\udcc3\udca9", "é"),
        ("cut \udcc3", {"base64": "Y3V0IMM="}),
    ],
)
def test_a_column_is_recorded_as_the_recorder_writes_it(column: Column, value: object) -> None:
    recorded = value_of(column)
    assert recorded == value
    assert type(recorded) is type(value)


def test_every_effect_of_a_decision_is_recorded_and_can_be_written() -> None:
    decision = Decision(
        (Row("payins", "p1", {"fee": 1.5}), Row("journal", "w1", {})),
        (FollowUp("accounting", "payin.booked", "{}"),),
        (Webhook("payin.booked", "https://p", "{}", {"X-Signature": "s"}),),
    )
    effects = decision.effects()
    assert effects == (
        Effect("row", "payins", "p1", {"fee": Decimal("1.5")}),
        Effect("row", "journal", "w1", {}),
        Effect("message", "accounting/payin.booked", "", {"body": "{}", "content_type": "application/json"}),
        Effect("webhook", "payin.booked", "", {"url": "https://p", "body": "{}", "headers": {"X-Signature": "s"}}),
    )
    assert parse_attempt(write_attempt(attempt(*effects))).effects == effects
