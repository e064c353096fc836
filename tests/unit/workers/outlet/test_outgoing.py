import json
from decimal import Decimal
from typing import Any

import pytest

from contracts.effect import Attempt, Effect
from contracts.registry import family_named
from contracts.return_message import ReturnedEffect
from tests.fakes.message import IBAN, NAME
from tests.fakes.outcome import attempt, message, row, webhook
from workers.outlet.outgoing import EVENT_BYTES, UnknownOrdinalError, outgoing
from workers.outlet.port import Call, Entry, Event

PAYIN = family_named("payin")


def made(one: Attempt, *pending: str) -> list[Any]:
    entry = Entry(
        one.message_id, one.type, "payin", "default", "p1", 7, "2026-11-21T10:00:00Z", frozenset(pending), 0, b""
    )
    return [found.what for found in outgoing(entry, one, PAYIN)]


def test_the_event_tells_ids_and_plain_columns_only() -> None:
    one = attempt(
        row(status="PENDING", amount_cents=5, fee=Decimal("1.50"), debtor_name=NAME, debtor_iban=IBAN, net=None),
        Effect("row", "unknown", "k", {"status": NAME}),
        message("{}"),
    )
    (event,) = made(one, "event")
    assert (event.source, event.type) == ("strangler.payin", "payin.create")
    assert json.loads(event.detail, parse_float=Decimal) == {
        "id": "w1:event",
        "message_id": "w1",
        "type": "payin.create",
        "business_key": "p1",
        "tenant": "default",
        "sequence": 7,
        "processed_at": "2026-11-21T10:00:00Z",
        "rows": [
            {
                "table": "payins",
                "key": "p1",
                "plain": {"status": "PENDING", "amount_cents": 5, "fee": Decimal("1.50"), "net": None},
            },
            {"table": "unknown", "key": "k", "plain": {}},
        ],
    }


def test_an_event_that_would_be_too_large_says_that_its_rows_are_left_out() -> None:
    (event,) = made(attempt(row(status="x" * EVENT_BYTES), row()), "event")
    detail = json.loads(event.detail)
    assert (detail["rows"], detail["rows_left_out"], detail["id"]) == ([], 2, "w1:event")


def test_a_message_goes_where_the_monolith_would_have_published_it() -> None:
    (sent,) = made(attempt(row(), message('{"é":1}')), "1")
    assert sent == ReturnedEffect(
        "w1:1", "accounting", "payin.booked", "application/json", '{"é":1}'.encode(), sequence=7
    )


def test_a_webhook_is_what_was_decided_and_its_effect_id() -> None:
    (call,) = made(attempt(webhook('{"é":1}', "sign")), "0")
    assert call == Call(
        "payin.booked",
        "w1:0",
        "https://p",
        '{"é":1}'.encode(),
        {"X-Signature": "sign", "X-Effect-Id": "w1:0"},
    )


def test_the_event_comes_first_and_the_rest_in_the_order_of_the_decision() -> None:
    one = attempt(*(message(str(n)) for n in range(12)), webhook("w", "s"))
    kinds = [type(what) for what in made(one, "event", *map(str, range(13)))]
    assert kinds == [Event, *[ReturnedEffect] * 12, Call]
    assert [what.body for what in made(one, "2", "10", "9")] == [b"2", b"9", b"10"]


@pytest.mark.parametrize(
    ("one", "ordinal"),
    [
        (attempt(row()), "0"),
        (attempt(), "0"),
        (attempt(message("{}")), "1"),
        (attempt(Effect("message", "a/b", "", {"body": 5, "content_type": "x"})), "0"),
        (attempt(Effect("webhook", "a", "", {"body": "x"})), "0"),
    ],
)
def test_what_is_pending_but_not_in_the_outcome_is_refused(one: Attempt, ordinal: str) -> None:
    with pytest.raises(UnknownOrdinalError):
        made(one, ordinal)


def test_nothing_that_leaves_is_shown_by_accident() -> None:
    for what in made(attempt(message(NAME), webhook(NAME, NAME)), "0", "1"):
        assert NAME not in repr(what)
