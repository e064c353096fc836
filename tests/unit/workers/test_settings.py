import pytest
from pydantic import ValidationError

from workers.settings import (
    judge_settings,
    ledger_settings,
    letters_settings,
    outlet_settings,
    process_settings,
    timekeeper_settings,
)

ENVIRONMENT = {
    "STRANGLER_FAMILY": "payin",
    "RECORDS_TABLE": "s-records",
    "LEDGER_TABLE": "s-ledger",
    "SEAL_KEY_ARN": "arn:aws:kms:eu-west-3:1:key/k",
    "QUEUE_URL": "https://sqs/1/s-payin.fifo",
    "DEAD_LETTER_QUEUE_URL": "https://sqs/1/s-payin-dead.fifo",
    "WEBHOOK_SECRET_ARN": "arn:aws:secretsmanager:eu-west-3:1:secret:w",
    "CONTROL_TABLE": "s-control",
    "CLAIM_BUCKET": "s-claims",
    "RETURN_QUEUE_URL": "https://sqs/1/s-return.fifo",
    "AWS_SESSION_TOKEN": "pl4nted-secret",
}


def test_a_familys_function_reads_all_that_it_needs() -> None:
    settings = process_settings(ENVIRONMENT)
    assert (settings.family, settings.records_table, settings.ledger_table) == ("payin", "s-records", "s-ledger")
    assert settings.dead_letter_queue_url == "https://sqs/1/s-payin-dead.fifo"


def test_control_needs_the_ledger_and_its_key_only() -> None:
    needed = {name: ENVIRONMENT[name] for name in ("LEDGER_TABLE", "SEAL_KEY_ARN")}
    assert ledger_settings(needed).ledger_table == "s-ledger"


def test_the_judge_is_told_of_how_many_messages_mutants_are_made() -> None:
    assert judge_settings({**ENVIRONMENT, "PROBE_ONE_IN": "1000"}).probe_one_in == 1000
    for value in ("0", "", "some"):
        with pytest.raises(ValidationError, match="PROBE_ONE_IN"):
            judge_settings({**ENVIRONMENT, "PROBE_ONE_IN": value})


@pytest.mark.parametrize("name", sorted(set(ENVIRONMENT) - {"AWS_SESSION_TOKEN"}))
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing_or_empty_is_named_and_nothing_is_quoted(name: str, value: str | None) -> None:
    environment = (
        {**ENVIRONMENT, name: value} if value is not None else {k: v for k, v in ENVIRONMENT.items() if k != name}
    )
    with pytest.raises(ValidationError, match=name) as refused:
        process_settings({key: one for key, one in environment.items() if one is not None})
    assert "pl4nted-secret" not in str(refused.value)


OUTLET = {
    "LEDGER_TABLE": "s-ledger",
    "SEAL_KEY_ARN": "arn:aws:kms:eu-west-3:1:key/k",
    "EVENT_BUS": "s-events",
    "RETURN_QUEUE_URL": "https://sqs/1/s-return.fifo",
    "LETTERS_TABLE": "s-letters",
}


def test_the_outlets_read_where_effects_go() -> None:
    assert outlet_settings(OUTLET).webhook_origin == outlet_settings({**OUTLET, "WEBHOOK_ORIGIN": ""}).webhook_origin
    origin = "http://127.0.0.1:8080"
    assert outlet_settings({**OUTLET, "WEBHOOK_ORIGIN": origin}).webhook_origin == origin
    for wrong in ("127.0.0.1", "http://a/path", "ftp://a", "http://user@a"):
        with pytest.raises(ValidationError, match="WEBHOOK_ORIGIN"):
            outlet_settings({**OUTLET, "WEBHOOK_ORIGIN": wrong})


@pytest.mark.parametrize("name", sorted(OUTLET))
def test_what_the_outlets_lack_is_named(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        outlet_settings({key: value for key, value in OUTLET.items() if key != name})


def test_the_letters_function_needs_its_table_and_the_key_only() -> None:
    needed = {name: OUTLET[name] for name in ("LETTERS_TABLE", "SEAL_KEY_ARN")}
    assert letters_settings(needed).letters_table == "s-letters"
    with pytest.raises(ValidationError, match="LETTERS_TABLE"):
        letters_settings({"SEAL_KEY_ARN": "k"})


def test_the_timekeeper_needs_the_ledger_and_a_time_and_no_key() -> None:
    needed = {"LEDGER_TABLE": "s-ledger", "ALLOWED_LATENESS_S": "3600"}
    assert timekeeper_settings(needed).allowed_lateness_s == 3600
    for wrong in ("", "0", "-1", "soon", "1.5"):
        with pytest.raises(ValidationError, match="ALLOWED_LATENESS_S"):
            timekeeper_settings({**needed, "ALLOWED_LATENESS_S": wrong})
    with pytest.raises(ValidationError, match="LEDGER_TABLE"):
        timekeeper_settings({"ALLOWED_LATENESS_S": "3600"})
