from contracts.judged_type import Uncontracted, judged_type
from contracts.registry import type_named
from contracts.terms import Terms


def test_a_type_with_a_contract_is_judged_by_it() -> None:
    assert judged_type("payin.create") is type_named("payin.create")


def test_a_type_without_a_contract_is_judged_by_the_strictest_there_is() -> None:
    one = judged_type("refund.create")
    assert one == Uncontracted("refund.create")
    assert one.terms == Terms()
    assert not one.is_plain("row:refunds.amount")
    assert "anything" in one.guarded
