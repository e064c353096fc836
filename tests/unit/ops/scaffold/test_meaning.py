from typing import Any

import pytest

from contracts.php.value import PhpEnum
from ops.scaffold.meaning import Meaning, meaning_of, meanings, words_of
from ops.scaffold.place import Place

UUID = "00000000-0000-4000-8000-00000000000{}"


def place(*values: Any, times: int = 40) -> Place:
    seen = Place()
    for _ in range(times):
        for value in values:
            seen.take(value)
    return seen


@pytest.mark.parametrize(
    ("name", "values", "meaning"),
    [
        ("walletId", ("12", "13"), "id"),
        ("wallet_id", (12, 13), "id"),
        ("X-Webhook-Id", (UUID.format(1), UUID.format(2)), "id"),
        ("card_transaction_id", ("12",), "id"),
        ("amount_cents", (12, -13), "amount"),
        ("netAmount", ("1 234,56", "0,10"), "amount"),
        ("fee", (0.5, "12.50", None, ""), "amount"),
        ("walletCurrency", ("EUR", "978", 978), "currency"),
        ("createdDate", ("2024-02-29 00:00:00", "0000-00-00 00:00:00", ""), "time"),
        ("webhook_created_at", (17299476308095,), "time"),
        ("payinStatus", ("PENDING", "VALIDATED"), "state"),
        ("level", ("low", "good"), "state"),
        ("anything", (PhpEnum("App\\Kind", "Late"),), "state"),
        ("event", ("invoice.create",), "constant"),
        ("url", ("https://partner.example/hooks/x",), "constant"),
    ],
)
def test_a_meaning_is_what_name_and_values_say_together(name: str, values: tuple[Any, ...], meaning: Meaning) -> None:
    assert meaning_of(name, place(*values), {"invoice.create"}) == meaning


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("walletId", ("12", "Zoé")),
        ("walletId", ("FR7612345678",)),
        ("userId", ("12",)),
        ("ibanTxId", ("12",)),
        ("cardId", (12,)),
        ("card_user_transaction_id", (12,)),
        ("amount", ("12.50", "see the label")),
        ("balance", (True,)),
        ("createdDate", ("2024-02-29", "soon")),
        ("birthDate", ("1980-02-29",)),
        ("at", (12,)),
        ("currency", ("Euro of Zoé",)),
        ("status", ("PENDING", "PENDING since Zoé called")),
        ("userType", ("DUPONT", "MARTIN")),
        ("name", ("DUPONT",)),
        ("name", ("invoice",)),
        ("label", ("invoice.created",)),
        ("url", ("https://partner.example/users/12",)),
        ("free", (1.5,)),
        ("status", (None,)),
        ("stale", (True, False)),
        ("status", ([1],)),
        ("12", ("12",)),
        ("-", ("12",)),
    ],
)
def test_whatever_is_not_certain_is_personal(name: str, values: tuple[Any, ...]) -> None:
    assert meaning_of(name, place(*values), {"invoice.create"}) is None


def test_a_set_is_closed_only_if_each_of_its_words_is_of_many_messages() -> None:
    assert meaning_of("status", place("A", "B", times=19)) is None
    once = place("PENDING", times=100)
    once.take("DUPONT")
    assert meaning_of("status", once) is None
    assert meaning_of("status", place(*(f"S{number}" for number in range(13)), times=100)) is None


def test_a_constant_is_seen_in_many_messages() -> None:
    assert meaning_of("event", place("invoice.create", times=19), {"invoice.create"}) is None


def test_a_name_is_plain_only_if_all_its_places_are() -> None:
    seen = Place()
    for _ in range(40):
        seen.take({"a": {"amount": 1, "net": 1}, "b": [{"amount": "of Zoé", "net": 2}], "fees": [1, 2]})
    assert meanings(seen) == {"net": "amount", "fees": "amount"}


@pytest.mark.parametrize("name", ["createdDate", "created_date", "Created-Date", "CREATED_DATE"])
def test_a_name_is_taken_apart_however_it_is_written(name: str) -> None:
    assert words_of(name) == ("created", "date")


def test_digits_and_capitals_are_words_of_their_own() -> None:
    assert words_of("DbtrIBAN") == ("dbtr", "iban")
    assert words_of("is3DS") == ("is", "3", "ds")
