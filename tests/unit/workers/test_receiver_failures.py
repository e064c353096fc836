import json
import logging
import re
from typing import Any

import pytest
from msgspec import structs

from bridge.port import Entry
from tests.fakes.message import PLANTED, balance, card_transaction, payin, payout, received, translated
from tests.fakes.receiver import ReceiverScene, context, failing_for
from workers.fate import AlreadyProcessed, Behind, ConflictError, DeadLettered, Fate, Processed, Retry, UnavailableError
from workers.logic.decision import Context, RejectedMessageError
from workers.receiver import BACKOFF_MOST_S, BLAMED_RECEIVES
from workers.sqs import Received


def created(webhook_id: str = "w1", payin_id: str = "p1", **fields: Any) -> Entry:
    return translated("payin.create", payin(webhook_id, payin_id, **fields))


def altered(entry: Entry, **envelope: Any) -> Received:
    """A record whose envelope was changed on its way."""
    record = received(entry)
    document = {**json.loads(entry.envelope), **envelope}
    return structs.replace(record, attributes={**record.attributes, "envelope": json.dumps(document)})


def with_body(entry: Entry, body: str) -> Received:
    return structs.replace(received(entry), body=body)


@pytest.fixture
def scene() -> ReceiverScene:
    return ReceiverScene()


@pytest.fixture
def failing() -> ReceiverScene:
    """The handler raises for p3, and its error quotes the message."""
    return ReceiverScene(handlers=failing_for("p3", ZeroDivisionError(PLANTED[0])))


def test_a_message_that_raises_holds_up_none_of_the_other_nine(failing: ReceiverScene) -> None:
    fates = failing.settle(*(created(f"w{n}", f"p{n}") for n in range(10)))
    assert fates[3] == Retry("handler: ZeroDivisionError", counts=True)
    assert fates[:3] + fates[4:] == [Processed()] * 9
    assert set(failing.store.entries) == {f"w{n}" for n in range(10)} - {"w3"}
    assert list(failing.visibility.delays) == ["receipt-r3"]


def test_a_message_that_raises_is_put_aside_after_some_receives(failing: ReceiverScene) -> None:
    fates = [failing.settle(created("w3", "p3"), receives=n)[0] for n in range(1, BLAMED_RECEIVES + 1)]
    cause = "unexpected:handler: ZeroDivisionError"
    assert fates == [*[Retry("handler: ZeroDivisionError", counts=True)] * (BLAMED_RECEIVES - 1), DeadLettered(cause)]
    assert failing.causes == [cause]
    assert (failing.attempt("w3").ending, failing.attempt("w3").cause) == ("rejected", cause)
    assert failing.store.rows == {}


def test_records_that_cannot_be_opened_are_blamed_on_their_own_message_only(scene: ReceiverScene) -> None:
    scene.store.broken = {"default#payin#p2"}
    entries = [created(f"w{n}", f"p{n}") for n in (1, 2, 3)]
    assert scene.settle(*entries) == [Processed(), Retry("BrokenSealError", counts=True), Processed()]
    assert scene.settle(entries[1], receives=BLAMED_RECEIVES) == [DeadLettered("unexpected:BrokenSealError")]


@pytest.mark.parametrize("refused_calls", [1, 2])
@pytest.mark.parametrize("receives", [1, BLAMED_RECEIVES, 99])
def test_an_outage_keeps_every_message_and_blames_none(scene: ReceiverScene, refused_calls: int, receives: int) -> None:
    if refused_calls == 2:  # the read succeeds, the write does not
        scene.store.before_commit = _refuse
    else:
        scene.store.refuse = 1
    fates = scene.settle(*(created(f"w{n}", f"p{n}") for n in range(10)), receives=receives)
    assert fates == [Retry("refused by the test")] * 10
    assert (scene.letters.letters, scene.store.entries) == ([], {})
    assert len(scene.visibility.delays) == 10


def test_an_outage_while_messages_go_singly_keeps_them_too(failing: ReceiverScene) -> None:
    failing.store.before_commit = _refuse
    fates = failing.settle(created("w3", "p3"), created("w4", "p4"), receives=99)
    assert fates == [Retry("refused by the test")] * 2
    assert "w4" not in failing.store.entries


def test_a_secret_that_cannot_be_had_is_an_outage() -> None:
    def refuse(message_id: str) -> Context:
        raise UnavailableError("webhook secret: ClientError")

    scene = ReceiverScene(context_of=refuse)
    fates = scene.settle(created("w1", "p1"), created("w2", "p2"), receives=99)
    assert fates == [Retry("webhook secret: ClientError")] * 2
    assert scene.letters.letters == []


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        (created(amount=...), "model:object_payload.payins.0.amount"),
        (created(amount="many"), "model:object_payload.payins.0.amount"),
        (created(payinStatus="LOST"), "model:object_payload.payins.0.payinStatus"),
        (created(amount=..., walletId=...), "model:object_payload.payins.0.amount,object_payload.payins.0.walletId"),
        (created(createdDate="someday"), "rejected:a date cannot be read"),
    ],
)
def test_what_can_never_succeed_is_dead_lettered_and_noted_as_rejected(
    scene: ReceiverScene, entry: Entry, cause: str
) -> None:
    assert scene.settle(entry, created("w2", "p2")) == [DeadLettered(cause), Processed()]
    (letter,) = scene.letters.letters
    assert (letter.cause, letter.body, letter.group, letter.message_id) == (cause, entry.body, "p1", "r0")
    assert letter.attributes == {"envelope": entry.envelope, "type": entry.type, "id": entry.id}
    attempt = scene.attempt("w1")
    assert (attempt.ending, attempt.cause, attempt.effects) == ("rejected", cause, ())
    assert "default#payin#p1" not in scene.store.heads


def test_many_bad_places_make_a_short_cause() -> None:
    scene = ReceiverScene("payin")
    names = ("amount", "walletId", "payinStatus", "codeStatus", "paymentMethodId")
    fields: dict[str, Any] = {name: [1] for name in names}
    (fate,) = scene.settle(translated("payin.create", payin(**fields)))
    assert isinstance(fate, DeadLettered)
    assert fate.cause.startswith("model:object_payload.payins.0.amount,object_payload.payins.0.codeStatus,")
    assert re.search(r",and [0-9]+ more$", fate.cause)
    assert len(fate.cause) < 400


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (with_body(created(), '{"webhook_id":'), "unreadable:truncated"),
        (with_body(created(), "-"), "unreadable:syntax"),
        (with_body(created(), '{"webhook_id":"w1"}'), "model:key-missing:object_id"),
        (altered(created(), type="payin.delete"), "unknown-type"),
        (altered(created(), body="base64"), "envelope"),
        (altered(created(), id=5), "envelope"),
        (altered(created(), type={}), "envelope"),
        (altered(created(), stamp={"authority": "legacy", "epoch": "0"}), "envelope"),
        (structs.replace(received(created()), attributes={}), "envelope"),
    ],
)
def test_what_cannot_be_read_is_dead_lettered_with_its_cause(
    scene: ReceiverScene, record: Received, cause: str
) -> None:
    (fate,) = scene.settle_records(record)
    assert isinstance(fate, DeadLettered)
    assert fate.cause.startswith(cause)
    assert scene.causes == [fate.cause]
    assert scene.store.rows == {}


def test_a_rejected_message_that_comes_again_as_it_was_is_put_aside_again(scene: ReceiverScene) -> None:
    scene.settle(created(amount=...))
    assert isinstance(scene.settle(created(amount=...))[0], DeadLettered)
    assert scene.attempt("w1").ending == "rejected"
    assert scene.store.rows == {}


def test_a_rejected_message_is_processed_once_its_cause_is_mended() -> None:
    scene = ReceiverScene(handlers=failing_for("p1", RejectedMessageError("no")))
    assert scene.settle(created()) == [DeadLettered("rejected:no")]
    mended = ReceiverScene(store=scene.store)
    assert mended.settle(created()) == [Processed()]
    assert mended.settle(created()) == [AlreadyProcessed()]
    assert mended.attempt("w1").ending == "done"


def test_a_rejection_is_noted_though_the_monoliths_outcome_comes_at_the_same_moment(scene: ReceiverScene) -> None:
    left = [ConflictError("transaction")]

    def collide(_: object) -> None:
        if left:
            raise left.pop()

    scene.store.before_commit = collide
    assert isinstance(scene.settle(created(amount=...))[0], DeadLettered)
    assert scene.attempt("w1").ending == "rejected"


def test_a_bad_message_stays_while_the_dead_letter_queue_is_away(scene: ReceiverScene) -> None:
    scene.letters.refuse = True
    assert scene.settle(created(amount=...), receives=99) == [Retry("refused by the test")]
    assert scene.store.entries == {}
    scene.letters.refuse = False
    assert isinstance(scene.settle(created(amount=...))[0], DeadLettered)


def test_a_bad_message_stays_until_the_ledger_knows_it(scene: ReceiverScene) -> None:
    scene.store.refuse = 1
    assert scene.settle(created(amount=...)) == [Retry("refused by the test")]
    assert isinstance(scene.settle(created(amount=...))[0], DeadLettered)
    assert scene.attempt("w1").ending == "rejected"
    assert {letter.message_id for letter in scene.letters.letters} == {"r0"}, "a repeated letter is recognisable"


def test_a_message_whose_id_the_ledger_cannot_hold_still_becomes_a_letter(scene: ReceiverScene) -> None:
    def refuse(_: object) -> None:
        raise ValueError("TransactWriteItems: ValidationException")

    scene.store.before_commit = refuse
    assert scene.settle(created(amount=...)) == [DeadLettered("model:object_payload.payins.0.amount")]


def test_the_rest_of_a_failed_messages_group_stays_behind_it_and_others_go_on(failing: ReceiverScene) -> None:
    fates = failing.settle(
        created("w1", "p3"),
        created("w2", "p2"),
        created("w3", "p3"),
        created("w4", "p2"),
        created("w5", "p3", amount=...),
    )
    assert fates == [
        Retry("handler: ZeroDivisionError", counts=True),
        Processed(),
        Behind(),
        Processed(),
        Behind(),
    ]
    assert failing.letters.letters == []
    assert set(failing.store.entries) == {"w2", "w4"}
    assert set(failing.visibility.delays) == {"receipt-r0", "receipt-r2", "receipt-r4"}
    assert len(set(failing.visibility.delays.values())) == 1, "what is behind comes back with what it waits for"


def test_two_keys_of_one_group_stay_in_order_too(failing: ReceiverScene) -> None:
    first, second = received(created("w1", "p3")), received(created("w2", "p2"))
    fates = failing.settle_records(first, structs.replace(second, group=first.group))
    assert fates == [Retry("handler: ZeroDivisionError", counts=True), Behind()]


def test_a_message_that_was_put_aside_lets_its_group_go_on(failing: ReceiverScene) -> None:
    fates = failing.settle(created("w1", "p1", amount=...), created("w2", "p1"))
    assert fates == [DeadLettered("model:object_payload.payins.0.amount"), Processed()]


def test_a_bad_message_that_must_stay_keeps_its_group_behind_it(scene: ReceiverScene) -> None:
    scene.letters.refuse = True
    assert scene.settle(created("w1", "p1", amount=...), created("w2", "p1"), created("w3", "p3")) == [
        Retry("refused by the test"),
        Behind(),
        Processed(),
    ]


def test_an_outage_keeps_the_second_message_of_a_group_behind_the_first(scene: ReceiverScene) -> None:
    scene.store.refuse = 1
    fates = scene.settle(created("w1", "p1"), created("w2", "p2"), created("w3", "p1"))
    assert fates == [Retry("refused by the test")] * 2 + [Behind()]


def test_where_order_does_not_matter_nobody_stays_behind() -> None:
    scene = ReceiverScene("cardtransaction", handlers=failing_for("c1", ZeroDivisionError()))
    entries = [translated("cardtransaction.create", card_transaction(f"c{n}"), message_id=f"m{n}") for n in (1, 2, 1)]
    fates = scene.settle_records(*(received(one, record_id=f"r{n}") for n, one in enumerate(entries)))
    assert [type(fate) for fate in fates] == [Retry, Processed, Retry]


def delay_s(receives: int) -> int:
    scene = ReceiverScene()
    scene.store.refuse = 1
    scene.settle(created(), receives=receives)
    return scene.visibility.delays["receipt-r0"]


def test_what_is_tried_again_comes_back_later_each_time_up_to_a_quarter_of_an_hour() -> None:
    assert [delay_s(receives) for receives in (1, 2, 3, 4, 9, 10, 11, 100)] == [2, 4, 8, 16, 512, 900, 900, 900]
    assert BACKOFF_MOST_S == 900


def test_half_of_a_delay_is_left_to_chance() -> None:
    scene = ReceiverScene(jitter=0.0)
    scene.store.refuse = 1
    scene.settle(created(), receives=4)
    assert scene.visibility.delays == {"receipt-r0": 8}


HOSTILE: list[tuple[str, Entry]] = [
    ("payin", created()),
    ("payin", created(amount=PLANTED[0])),
    ("payin", created(amount=[PLANTED[0]], walletId={"n": PLANTED[0]}, payinStatus=PLANTED[0])),
    ("payin", created(createdDate=PLANTED[0])),
    ("payin", created(DbtrIBAN=5, ibanFullname=[1])),
    ("payout", translated("payout.update", payout(amount="12 Planted"))),
    ("payout", translated("payout.update", payout(date="Planted"))),
    ("payout", translated("payout.update", payout(name=b"\xe9 Planted"))),
    ("balance", translated("balance.update", balance(authorizations="Planted"))),
    ("balance", translated("balance.update", balance(authorizedBalance="Planted"))),
    ("balance", translated("balance.update", balance(calculationDate="Planted"))),
    (
        "cardtransaction",
        translated("cardtransaction.create", card_transaction(paymentStatus="Planted"), message_id="m"),
    ),
    (
        "cardtransaction",
        translated("cardtransaction.create", card_transaction(authorizationIssuerTime="Planted"), message_id="m"),
    ),
]


@pytest.mark.parametrize(("family", "entry"), HOSTILE)
@pytest.mark.parametrize("fails", [False, True])
def test_neither_causes_nor_logs_nor_fates_hold_a_value_of_the_message(
    family: str,
    entry: Entry,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    *,
    fails: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    handlers = failing_for(entry.group or "c1", ValueError(PLANTED[0])) if fails else None
    scene = ReceiverScene(family) if handlers is None else ReceiverScene(family, handlers=handlers)
    for receives in (1, BLAMED_RECEIVES):
        fates: list[Fate] = scene.settle(entry, receives=receives)
        scene.settle(structs.replace(entry, body=entry.body[:-1] + "\n"), receives=receives)
    told = [*map(repr, fates), *scene.causes, *map(repr, scene.letters.letters), caplog.text, *capsys.readouterr()]
    told += [str(one.attempt.cause) for one in scene.store.entries.values()]
    assert not [value for value in PLANTED if value in " ".join(told)]


def test_a_context_shows_neither_its_secret_nor_a_row_its_columns(scene: ReceiverScene) -> None:
    scene.settle(created())
    shown = repr(context("w1")) + repr(list(scene.store.rows.values()))
    assert "a secret" not in shown
    assert not [value for value in PLANTED if value in shown]


def _refuse(_: object) -> None:
    raise UnavailableError("refused by the test")
