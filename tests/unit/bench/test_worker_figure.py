from tests.bench.worker.figure import CALLS_BAR, Figure, Round, calls_of, per_thousand
from tests.bench.worker.message import Messages
from tests.bench.worker.stand import LIVE


def _round(messages: int, **calls: int) -> Round:
    return Round("ours", messages, dict(calls), {}, 0.1, 0.2, 10.0, 0)


def test_a_bar_is_reached_at_what_it_says_and_missed_above() -> None:
    assert Figure("calls", 300.0, 3000.0, CALLS_BAR).holds
    missed = Figure("calls", 301.0, 3000.0, CALLS_BAR)
    assert not missed.holds
    assert missed.as_text().endswith("MISSED")


def test_what_has_no_bar_misses_none() -> None:
    assert Figure("CPU", 2.0, 1.0).holds


def test_calls_are_told_for_a_thousand_messages_of_all_rounds() -> None:
    rounds = [_round(100, put=100), _round(100, put=102)]
    assert per_thousand(rounds) == {"put": 1010.0}


def test_a_webhook_is_no_call_to_aws() -> None:
    assert (
        calls_of([Round("ours", 10, {"dynamodb: PutItem": 10, "partner: webhook": 10}, {}, 0.1, 0.2, 1.0, 0)]) == 1000
    )


def test_an_update_comes_after_the_payment_that_it_is_about_and_in_another_batch() -> None:
    messages = Messages(1, 200, LIVE)
    batches = list(messages.batches())
    seen: set[str] = set()
    payments: list[str] = []
    for batch in batches:
        groups = [record["attributes"]["MessageGroupId"] for record in batch["Records"]]
        updated = [
            group
            for group, record in zip(groups, batch["Records"], strict=True)
            if "payin.update" in record["messageAttributes"]["type"]["stringValue"]
        ]
        assert seen.issuperset(updated)
        assert len(set(groups)) == len(groups)
        seen.update(groups)
        payments += groups
    assert len(set(payments)) == messages.payments < messages.count == len(payments)


def test_another_run_has_other_messages() -> None:
    assert not set(Messages(1, 50, LIVE).ids) & set(Messages(2, 50, LIVE).ids)
