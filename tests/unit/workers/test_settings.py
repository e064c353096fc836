import pytest
from pydantic import ValidationError

from workers.settings import ledger_settings, process_settings

ENVIRONMENT = {
    "STRANGLER_FAMILY": "payin",
    "RECORDS_TABLE": "s-records",
    "LEDGER_TABLE": "s-ledger",
    "SEAL_KEY_ARN": "arn:aws:kms:eu-west-3:1:key/k",
    "QUEUE_URL": "https://sqs/1/s-payin.fifo",
    "DEAD_LETTER_QUEUE_URL": "https://sqs/1/s-payin-dead.fifo",
    "WEBHOOK_SECRET_ARN": "arn:aws:secretsmanager:eu-west-3:1:secret:w",
    "AWS_SESSION_TOKEN": "pl4nted-secret",
}


def test_a_familys_function_reads_all_that_it_needs() -> None:
    settings = process_settings(ENVIRONMENT)
    assert (settings.family, settings.records_table, settings.ledger_table) == ("payin", "s-records", "s-ledger")
    assert settings.dead_letter_queue_url == "https://sqs/1/s-payin-dead.fifo"


def test_control_and_judge_need_the_ledger_and_its_key_only() -> None:
    needed = {name: ENVIRONMENT[name] for name in ("LEDGER_TABLE", "SEAL_KEY_ARN")}
    assert ledger_settings(needed).ledger_table == "s-ledger"


@pytest.mark.parametrize("name", sorted(set(ENVIRONMENT) - {"AWS_SESSION_TOKEN"}))
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_or_empty_is_named_and_nothing_is_quoted(name: str, value: str | None) -> None:
    environment = (
        {**ENVIRONMENT, name: value} if value is not None else {k: v for k, v in ENVIRONMENT.items() if k != name}
    )
    with pytest.raises(ValidationError, match=name) as refused:
        process_settings({key: one for key, one in environment.items() if one is not None})
    assert "pl4nted-secret" not in str(refused.value)
