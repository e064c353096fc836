"""The new side, in this process: what it makes of a delivery is what the workers make of it."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.claim import KEPT_BYTES
from contracts.effect import Attempt, parse_attempt
from contracts.judge import judge
from contracts.message_type import NormalForm
from contracts.registry import type_named
from contracts.verdict import AGREED, Verdict
from ops.parity import candidate as module
from ops.parity.candidate import LAG, Answer, Candidate
from tests.contract.parity import side
from tests.fakes.message import IBAN, NAME, PLANTED, balance, card_transaction, padded, payin, payout
from tests.fakes.notification import notification
from workers.logic.registry import HANDLERS

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.fixture
def candidate() -> Candidate:
    return Candidate(side.SECRET.encode(), lambda: NOW)


def told(answer: Answer) -> Attempt:
    assert answer.outcome is not None
    assert not answer.conflict
    return parse_attempt(answer.outcome)


def created(webhook: str = "w1", key: str = "p1", **fields: Any) -> dict[str, Any]:
    return notification("payin.create", payin(webhook, key, **fields))


TRAFFIC: Sequence[dict[str, Any]] = [
    created("w1", "p1"),
    created("w2", "p2", amount="0.005", ibanFullname="Ærøskøbing"),
    notification("payin.update", payin("w3", "p1", type_name="payin.update", payinStatus="CANCELED")),
    notification("payin.update", payin("w4", "p1", type_name="payin.update", at=17_952_551_000_001)),
    notification("payin.update", payin("w5", "p1", type_name="payin.update", at=1)),
    notification("payout.update", payout("w6", "o1"), id="w6"),
    notification("cardtransaction.create", card_transaction("c1"), properties={"message_id": "m1"}),
    notification("balance.update", balance("w7", "7")),
    notification("balance.update", balance("w8", "7", currentBalance="-5", authorizations=None)),
    notification("payin.create", b"{", id="bad"),
    notification("payin.create", payin("w9", amount="no amount")),
]


def test_it_makes_of_every_message_what_the_workers_make_of_it(candidate: Candidate) -> None:
    store = side.candidate(TRAFFIC)
    assert len(store.entries) == len(TRAFFIC) - 1, "but for the one that has no name"
    endings = set()
    for one in TRAFFIC:
        ours = told(candidate.process(one))
        endings.add(ours.ending)
        if (entry := store.entries.get(one["id"])) is not None:
            assert (ours.message_id, ours.type, ours.ending, ours.cause) == (
                entry.attempt.message_id, entry.attempt.type, entry.attempt.ending, entry.attempt.cause,
            )  # fmt: skip
            judgement = judge([entry.attempt], [ours], type_named(one["type"]).terms, today=date(2026, 11, 21))
            assert judgement.verdict in AGREED, judgement.differences
    assert endings == {"done", "rejected"}


def test_what_a_message_leaves_behind_the_next_one_finds(candidate: Candidate) -> None:
    alone, after = Candidate(side.SECRET.encode(), lambda: NOW), candidate
    after.process(TRAFFIC[0])
    update = TRAFFIC[2]
    assert told(after.process(update)).effects != told(alone.process(update)).effects


def test_a_repeated_delivery_says_nothing_more(candidate: Candidate) -> None:
    told(candidate.process(TRAFFIC[0]))
    assert candidate.process({**TRAFFIC[0], "redelivered": True}) == Answer(None)


def test_other_bytes_under_a_known_id_are_a_conflict(candidate: Candidate) -> None:
    told(candidate.process(created(amount="1.00")))
    assert candidate.process(created(amount="2.00")) == Answer(None, conflict=True)
    assert candidate.process(created("w2", amount="2.00")).conflict is False


@pytest.mark.parametrize(
    ("one", "cause"),
    [
        (notification("payin.create", b"", id="w1"), "unreadable"),
        (notification("payin.create", b"\xff\xfe", id="w1"), "unreadable"),
        (notification("payin.create", payin(""), id="w1"), "id-missing"),
        (notification("payin.create", payin(), exchange="elsewhere"), "unknown-type"),
        (notification("payin.create", payin(ibanFullname=[NAME])), "rejected:not a text"),
    ],
    ids=["empty", "no text", "without an id", "from elsewhere", "refused by the handler"],
)
def test_what_can_never_be_processed_is_rejected_by_its_cause_and_quotes_nothing(
    candidate: Candidate, one: dict[str, Any], cause: str
) -> None:
    attempt = told(candidate.process(one))
    assert (attempt.ending, attempt.message_id, attempt.effects) == ("rejected", "w1", ())
    assert (attempt.cause or "").startswith(cause)
    assert not any(mark in (attempt.cause or "") for mark in PLANTED)


def test_an_id_that_was_recorded_as_a_number_is_told_as_a_text(candidate: Candidate) -> None:
    attempt = told(candidate.process({**notification("payin.create", b"{"), "id": 17}))
    assert (attempt.message_id, attempt.ending) == ("17", "rejected")


@dataclass(frozen=True)
class Broken:
    """A handler with a bug."""

    def reads(self, _message: NormalForm) -> tuple[()]:
        return ()

    def decide(self, _message: Any, _rows: Mapping[Any, Any], _context: Any) -> Any:
        raise KeyError(f"{NAME} {IBAN}")


def test_a_handler_that_raises_is_told_at_once_as_production_would_tell_it_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HANDLERS", {**HANDLERS, "payin.create": Broken()})
    candidate = Candidate(b"s", lambda: NOW)
    attempt = told(candidate.process(created()))
    assert (attempt.ending, attempt.cause) == ("rejected", "unexpected:handler: KeyError")
    assert told(candidate.process(created())).ending == "rejected", "and once more, should it come again"


def test_a_body_that_no_queue_takes_is_processed_like_any_other(candidate: Candidate) -> None:
    noise = random.Random(7).randbytes(KEPT_BYTES * 5).hex()
    large = told(candidate.process(notification("payin.create", padded(payin("w1"), noise))))
    small = told(Candidate(side.SECRET.encode(), lambda: NOW).process(created("w1")))
    judgement = judge([small], [large], type_named("payin.create").terms, today=date(2026, 11, 21))
    assert large.ending == "done"
    assert judgement.verdict is Verdict.MATCH
    assert candidate._claims == {}, "and kept nowhere"


def test_its_clock_is_behind_the_monoliths_so_that_a_wall_clock_in_an_outcome_shows_itself(
    candidate: Candidate,
) -> None:
    assert told(candidate.process(created())).at == NOW + LAG
    exact = Candidate(b"s", lambda: NOW, timedelta())
    assert told(exact.process(created())).at == NOW


def test_webhooks_are_signed_with_the_secret(candidate: Candidate) -> None:
    def signatures(one: Candidate) -> set[str]:
        effects = told(one.process(created())).effects
        return {json.dumps(effect.value["headers"]) for effect in effects if effect.kind == "webhook"}

    assert signatures(candidate) == signatures(Candidate(side.SECRET.encode(), lambda: NOW)) != set()
    assert signatures(Candidate(b"another", lambda: NOW)).isdisjoint(signatures(Candidate(b"other", lambda: NOW)))
