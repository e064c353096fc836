import pytest

from contracts import naming


def test_ordered_queues_end_as_sqs_asks_of_fifo_queues() -> None:
    assert naming.queue_name("blue", "payin", ordered=True) == "blue-payin.fifo"
    assert naming.queue_name("blue", "cardtransaction", ordered=False) == "blue-cardtransaction"
    assert naming.dead_letter_queue_name("blue", "payin", ordered=True) == "blue-payin-dead.fifo"
    assert naming.dead_letter_queue_name("blue", "cardtransaction", ordered=False) == "blue-cardtransaction-dead"


@pytest.mark.parametrize(
    "name",
    [
        naming.outcome_queue_name,
        naming.outcome_dead_letter_queue_name,
        naming.judge_dead_letter_queue_name,
        naming.records_table_name,
        naming.ledger_table_name,
        naming.control_function_name,
        naming.judge_function_name,
        naming.timekeeper_function_name,
        naming.shipper_role_name,
        lambda stack: naming.family_function_name(stack, "payin"),
        lambda stack: naming.queue_name(stack, "payin", ordered=True),
        lambda stack: naming.dead_letter_queue_name(stack, "payin", ordered=True),
    ],
)
def test_two_deployments_never_share_a_name(name: object) -> None:
    assert callable(name)
    assert name("blue").startswith("blue-")
    assert name("blue") != name("green")


def test_all_names_of_one_deployment_differ() -> None:
    names = [
        naming.outcome_queue_name("s"),
        naming.outcome_dead_letter_queue_name("s"),
        naming.judge_dead_letter_queue_name("s"),
        *(naming.queue_name("s", family, ordered=True) for family in ("payin", "payout")),
        *(naming.dead_letter_queue_name("s", family, ordered=True) for family in ("payin", "payout")),
    ]
    assert len(set(names)) == len(names)


def test_what_is_ours_on_rabbitmq_is_told_by_its_prefix() -> None:
    ours = [
        naming.INVALID_MESSAGE_QUEUE,
        naming.OUTCOME_EXCHANGE,
        naming.OUTCOME_QUEUE,
        naming.DROPPED_EXCHANGE,
        naming.DROPPED_QUEUE,
        naming.tap_queue_name("payin"),
        naming.OVERSIZE_QUEUE,
        naming.ROUTE_EXCHANGE,
        naming.legacy_queue_name("payin"),
        naming.shadow_queue_name("payin"),
        naming.ship_queue_name("payin"),
        naming.hold_queue_name("payin"),
    ]
    assert len(set(ours)) == len(ours) - 2, "the outcomes' exchange and queue share a name, as do the dropped ones'"
    assert all(name.startswith("strangler.") for name in ours)
