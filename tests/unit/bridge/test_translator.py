"""What a translator makes of a delivery. All of it twice: with entries that are made in Python, and in C."""

import hashlib
import json
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.port import Delivery, Entry
from bridge.stamp import stamp
from bridge.translator import OUTCOME_TYPE, notification_translator, outcome_translator, stamped_translator
from contracts import naming
from contracts.amqp_value import Table, Timestamp, untag_table
from contracts.claim import KEPT_BYTES, write_pointer
from contracts.entry_size import ENTRY_BYTES
from contracts.envelope import AmqpFacts, Envelope, Stamp, decode_body, read_envelope
from contracts.invalid_message import InvalidMessageError
from contracts.registry import FAMILIES, family_named
from contracts.routing import Decision, Route
from tests.entry_maker import LANGUAGES, entries_made
from tests.fakes.message import NAME, NOW, balance, card_transaction, delivery, payin, payout, translated


@pytest.fixture(autouse=True, scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> Iterator[None]:
    """The language that everything here is made in."""
    with entries_made(request.param):
        yield


def envelope_of(entry: Entry) -> Envelope:
    return read_envelope(entry.envelope)


def body_of(entry: Entry) -> bytes:
    return decode_body(entry.body, envelope_of(entry).body_encoding)


def translate(one: Delivery, family: str = "payin") -> Entry:
    return notification_translator(family_named(family), lambda: NOW)(one)


@pytest.mark.parametrize(
    ("type_name", "body", "entry_id", "group"),
    [
        ("payin.create", payin("w1", "p1"), "w1", "p1"),
        ("payin.update", payin("w2", "p1", type_name="payin.update"), "w2", "p1"),
        ("payout.update", payout("w3", "o1"), "w3", "o1"),
        ("balance.update", balance("w4", "7"), "w4", "7"),
    ],
)
def test_a_notification_is_named_by_its_contract_and_grouped_by_its_key(
    type_name: str, body: bytes, entry_id: str, group: str
) -> None:
    entry = translated(type_name, body)
    assert (entry.type, entry.id, entry.group) == (type_name, entry_id, group)
    assert envelope_of(entry).subject == group
    assert body_of(entry) == body


def test_the_tap_stamps_legacy_and_epoch_zero() -> None:
    assert envelope_of(translated("payin.create", payin())).stamp == Stamp("legacy", 0)


def test_the_envelope_says_where_and_when_the_message_was_taken() -> None:
    envelope = envelope_of(translated("payin.create", payin(), content_type="application/json"))
    assert envelope.source == "/rabbitmq/notifications"
    assert envelope.time == "2026-11-21T10:00:00.000+00:00"
    assert envelope.datacontenttype == "application/json"


def test_everything_that_amqp_knew_is_carried() -> None:
    headers = {f"x-{n}": n for n in range(9)} | {
        "x-death": [{"queue": "q", "count": 2, "exchanges": ["a", {"deep": {"er": None}}]}],
        "x-price": Decimal("1.50"),
        "x-at": Timestamp(1_795_219_200),
    }
    properties = {"message_id": "w1", "delivery_mode": 2, "priority": 5, "timestamp": 1_700_000_000, "app_id": "m"}
    amqp = envelope_of(translated("payin.create", payin(), headers=headers, **properties)).amqp
    assert (amqp.exchange, amqp.routing_key, amqp.redelivered) == ("notifications", "payin.create", False)
    assert amqp.properties == properties
    assert amqp.headers is not None
    assert untag_table(amqp.headers) == headers
    assert len(amqp.headers) == 12


def test_no_header_table_is_told_from_an_empty_one() -> None:
    assert envelope_of(translated("payin.create", payin(), headers=None)).amqp.headers is None
    assert envelope_of(translated("payin.create", payin(), headers={})).amqp.headers == {}


@pytest.mark.parametrize(
    ("header", "carried"),
    [
        ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",) * 2,
        (b"\xff", None),
        (5, None),
        (None, None),
        ("", None),
    ],
)
def test_a_trace_is_carried_on(header: object, carried: str | None) -> None:
    envelope = envelope_of(translated("payin.create", payin(), headers={"traceparent": header}))
    assert envelope.traceparent == carried


@pytest.mark.parametrize("body", [b"", b"\x00\xff binary", b"{", "\ufffe".encode(), b"x" * 500_000, card_transaction()])
def test_a_card_transaction_is_carried_whole_whatever_its_body(body: bytes) -> None:
    entry = translated("cardtransaction.create", body, message_id="m1")
    assert body_of(entry) == body
    assert (entry.id, entry.group, entry.deduplication) == ("m1", None, None)


@pytest.mark.parametrize(
    ("one", "cause"),
    [
        (delivery("payin.create", payin(), exchange="elsewhere"), "unknown-type"),
        (delivery("payin.create", payin(), routing_key="payin.delete"), "unknown-type"),
        (delivery("payin.create", payin(), routing_key="balance.update"), "unknown-type"),
        (delivery("payin.create", payin(), routing_key=""), "unknown-type"),
        (delivery("payin.create", b""), "unreadable:empty"),
        (delivery("payin.create", b"\xff"), "unreadable:encoding"),
        (delivery("payin.create", b"[1]"), "unreadable:not_an_object"),
        (delivery("payin.create", payin()[:-1]), "unreadable:truncated"),
        (delivery("payin.create", b"<xml/>"), "unreadable:syntax"),
        (delivery("payin.create", b'{"object_id":"p1"}', message_id="m1"), "id-missing:webhook_id"),
        (delivery("payin.create", b'{"webhook_id":"w1"}'), "key-missing:object_id"),
        (delivery("payin.create", payin("w" * 513)), "id-missing:webhook_id"),
        (delivery("payin.create", payin("w\x01")), "id-missing:webhook_id"),
        (delivery("payin.create", payin(), routing_key=b"\xff"), "unknown-type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_shipped_is_refused_with_its_cause(one: Delivery, cause: str) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        translate(one)
    assert refused.value.cause.startswith(cause)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (payout()[:-1], "unreadable:truncated"),
        (payout()[:-2], "unreadable"),
        (payout(b"\xe9"), "id-missing:webhookId"),
        (payout("w1", b"\xe9"), "key-missing:payoutId"),
        (payout(""), "id-missing:webhookId"),
    ],
)
def test_a_payout_that_cannot_be_told_is_refused(body: bytes, cause: str) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        translate(delivery("payout.update", body), "payout")
    assert refused.value.cause.startswith(cause)


def test_what_is_no_text_is_carried_as_it_is() -> None:
    facts = AmqpFacts("payouts", b"\xff", redelivered=False, properties={"app_id": b"\xfe", "content_type": b"\xfd"})
    carried = envelope_of(translate(Delivery("tap", payout(), facts, None, 1), "payout"))
    assert carried.amqp == facts
    assert carried.datacontenttype is None


def test_an_exchange_that_is_no_text_is_named_in_a_uri() -> None:
    facts = AmqpFacts(b"caf\xe9", "", redelivered=False, properties={"message_id": "w1:1"})
    entry = outcome_translator(lambda: NOW)(Delivery(naming.OUTCOME_QUEUE, b"{}", facts, None, 1))
    assert envelope_of(entry).source == "/rabbitmq/caf%E9"
    assert envelope_of(entry).amqp.exchange == b"caf\xe9"


@pytest.mark.parametrize("headers", [{"traceparent": "t"}, Table([("traceparent", "t"), ("traceparent", "u")])])
def test_the_trace_goes_on_by_the_first_header_of_that_name(headers: Any) -> None:
    assert envelope_of(translate(delivery("payin.create", payin(), headers=headers))).traceparent == "t"


def test_a_card_transaction_without_a_message_id_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match="id-missing:message_id"):
        translated("cardtransaction.create", card_transaction())


def test_a_payout_binds_to_its_exchange_whatever_the_routing_key() -> None:
    assert translate(delivery("payout.update", payout(), routing_key="anything"), "payout").type == "payout.update"


def counted_by_hand(entry: Entry, body: str) -> int:
    """SQS counts the body, and each attribute's name, type and value."""
    attributes = (("envelope", entry.envelope), ("type", entry.type), ("id", entry.id))
    return len(body.encode()) + sum(len(f"{name}String{value}".encode()) for name, value in attributes)


def card_of(body_bytes: int, fill: bytes = b"x", **properties: Any) -> Entry:
    return translated("cardtransaction.create", fill * body_bytes, message_id="m1", **properties)


def largest_card_bytes() -> int:
    """Length of the longest body that fits beside its envelope."""
    small = card_of(1)
    return ENTRY_BYTES - counted_by_hand(small, "")


def test_an_entry_is_as_large_as_sqs_counts_it() -> None:
    entry = translated("payin.create", payin("w\u00e9"), headers={"x": "\u00e9"})
    assert entry.size_bytes == counted_by_hand(entry, entry.body)


def test_what_fits_to_the_byte_travels_whole_and_one_byte_more_is_claimed() -> None:
    largest = largest_card_bytes()
    whole, claimed = card_of(largest), card_of(largest + 1)
    assert (whole.size_bytes, whole.deposit, len(whole.body)) == (ENTRY_BYTES, None, largest)
    assert claimed.deposit is not None
    assert claimed.deposit.body == b"x" * (largest + 1)
    assert envelope_of(claimed).body_encoding == "claim"


def test_what_a_body_grows_to_when_encoded_counts_and_what_is_deposited_is_not_encoded() -> None:
    claimed = card_of(800_000, b"\xff")
    assert claimed.deposit is not None
    assert claimed.deposit.body == b"\xff" * 800_000
    assert card_of(700_000, b"\xff").deposit is None


def test_a_claim_says_where_how_large_and_which_bytes_and_nothing_of_whom() -> None:
    body = payin("w1", "p1", padding=NAME * 60_000)
    claimed = translated("payin.create", body)
    claim = envelope_of(claimed).claim
    assert claim is not None
    digest = hashlib.sha256(body).hexdigest()
    assert claim.key == f"payin/{hashlib.sha256(b'w1').hexdigest()[:32]}/{digest}"
    assert (claim.size_bytes, claim.sha256) == (len(body), digest)
    assert NAME not in repr(claimed)


def test_a_claim_is_the_same_each_time_and_no_other_messages() -> None:
    def key(message_id: str, fill: bytes) -> str:
        deposit = translated("cardtransaction.create", fill * 2 * ENTRY_BYTES, message_id=message_id).deposit
        assert deposit is not None
        return deposit.key

    assert key("m1", b"x") == key("m1", b"x")
    assert len({key("m1", b"x"), key("m2", b"x"), key("m1", b"y")}) == 3


def test_group_and_deduplication_do_not_depend_on_where_the_body_lies() -> None:
    large = payin("w1", "p1", padding="x" * ENTRY_BYTES)
    claimed, small = translated("payin.create", large), translated("payin.create", payin("w1", "p1"))
    assert (claimed.group, claimed.id, claimed.type) == (small.group, small.id, small.type)
    parts = "\0".join(["w1", hashlib.sha256(large).hexdigest()])
    assert claimed.deduplication == hashlib.sha256(parts.encode()).hexdigest()


def test_a_claim_without_its_deposit_is_nothing_that_sqs_would_take() -> None:
    assert card_of(ENTRY_BYTES).body == ""


def test_the_size_of_a_claimed_entry_is_enough_for_any_bucket() -> None:
    claimed = card_of(ENTRY_BYTES)
    assert claimed.deposit is not None
    for bucket in ("b" * 3, "b" * 63):
        assert counted_by_hand(claimed, write_pointer(bucket, claimed.deposit.key)) <= claimed.size_bytes


def test_headers_that_are_too_large_have_nowhere_to_lie() -> None:
    with pytest.raises(InvalidMessageError, match="too-large"):
        translated("payin.create", payin(), headers={"x": "y" * ENTRY_BYTES})


def test_an_outcome_over_the_limit_has_no_claim() -> None:
    facts = AmqpFacts(naming.OUTCOME_EXCHANGE, "payin.create", redelivered=False, properties={"message_id": "w1:1"})
    with pytest.raises(InvalidMessageError, match="too-large"):
        outcome_translator(lambda: NOW)(Delivery(naming.OUTCOME_QUEUE, b"x" * ENTRY_BYTES, facts, None, 1))


@pytest.mark.parametrize(
    ("route", "noise_bytes", "claimed"),
    [("new", 2 * KEPT_BYTES, True), ("new", KEPT_BYTES // 2, False), ("shadow", 2 * KEPT_BYTES, False)],
)
def test_what_the_ledger_could_not_keep_is_claimed_though_sqs_would_take_it(
    route: Route, noise_bytes: int, *, claimed: bool
) -> None:
    noise = random.Random(7).randbytes(noise_bytes).hex()
    entry = routed(delivery("payin.create", payin("w1", padding=noise)), route, 5)
    assert entry.size_bytes <= ENTRY_BYTES
    assert (entry.deposit is not None) is claimed


@pytest.mark.parametrize(
    ("key", "group"),
    [
        ("8513424", "8513424"),
        ("a!~" + "x" * 125, "a!~" + "x" * 125),
        ("x" * 129, hashlib.sha256(b"x" * 129).hexdigest()),
        ("a b", hashlib.sha256(b"a b").hexdigest()),
        ("é", hashlib.sha256("é".encode()).hexdigest()),
    ],
)
def test_a_key_that_sqs_refuses_as_a_group_is_hashed(key: str, group: str) -> None:
    entry = translated("payin.create", payin(payin_id=key))
    assert entry.group == group
    assert envelope_of(entry).subject == key


def test_a_repetition_deduplicates_whatever_the_broker_says_of_it() -> None:
    first = translated("payin.create", payin(), message_id="a", headers={"x": 1})
    assert translated("payin.create", payin(), message_id="b").deduplication == first.deduplication


def test_the_same_id_with_other_bytes_does_not_deduplicate() -> None:
    first = translated("payin.create", payin(amount="1.00"))
    assert translated("payin.create", payin(amount="1.01")).deduplication != first.deduplication
    assert translated("payin.create", payin("w2")).deduplication != first.deduplication


def routed(one: Delivery, route: Route, epoch: int) -> Entry:
    """What becomes of a message that the router has sent on."""
    message = stamp(one, "payin", Decision(route, epoch), id="w1", own_user="us")
    facts = AmqpFacts(message.exchange, message.routing_key, redelivered=False, properties=message.properties)
    taken = Delivery("queue", message.body, facts, message.headers, 1)
    return stamped_translator(family_named("payin"), lambda: NOW)(taken)


@pytest.mark.parametrize(("route", "authority"), [("new", "new"), ("shadow", "legacy")])
def test_behind_the_router_the_envelope_has_its_stamp_and_the_message_as_it_was_published(
    route: Route, authority: str
) -> None:
    one = delivery("payin.create", payin("w1"), headers={"x": 1}, expiration="60000", user_id="them", delivery_mode=1)
    entry = routed(one, route, 5)
    envelope = envelope_of(entry)
    assert (envelope.stamp.authority, envelope.stamp.epoch) == (authority, 5)
    assert (entry.id, entry.type, entry.group, body_of(entry)) == ("w1", "payin.create", "p1", payin("w1"))
    assert (envelope.source, envelope.amqp.exchange) == ("/rabbitmq/notifications", "notifications")
    assert envelope.amqp.properties == {"expiration": "60000", "user_id": "them", "delivery_mode": 1}
    assert envelope.amqp.headers == {"x": ["I", 1]}


def test_behind_the_router_no_header_table_is_told_from_an_empty_one() -> None:
    assert envelope_of(routed(delivery("payin.create", payin()), "new", 1)).amqp.headers is None
    assert envelope_of(routed(delivery("payin.create", payin(), headers={}), "new", 1)).amqp.headers == {}


def test_the_taps_copy_and_the_routers_deduplicate_until_something_has_moved() -> None:
    one = delivery("payin.create", payin())
    tapped = translate(one).deduplication
    assert routed(one, "shadow", 0).deduplication == tapped
    anew = {
        routed(one, "shadow", 3).deduplication,
        routed(one, "new", 3).deduplication,
        routed(one, "new", 5).deduplication,
    }
    assert len(anew | {tapped}) == 4
    assert routed(one, "new", 5).deduplication in anew


def test_without_its_stamp_a_message_behind_the_router_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match="stamp-missing"):
        stamped_translator(family_named("payin"), lambda: NOW)(delivery("payin.create", payin()))


def test_an_outcome_is_named_by_the_recorder() -> None:
    facts = AmqpFacts(naming.OUTCOME_EXCHANGE, "payin.create", redelivered=False, properties={"message_id": "w1:1"})
    entry = outcome_translator(lambda: NOW)(Delivery(naming.OUTCOME_QUEUE, b"{}", facts, None, 1))
    assert (entry.id, entry.type, entry.group, entry.deduplication) == ("w1:1", OUTCOME_TYPE, None, None)
    assert body_of(entry) == b"{}"


def test_an_outcome_without_an_id_is_refused() -> None:
    facts = AmqpFacts(naming.OUTCOME_EXCHANGE, "payin.create", redelivered=False)
    with pytest.raises(InvalidMessageError, match="id-missing"):
        outcome_translator(lambda: NOW)(Delivery(naming.OUTCOME_QUEUE, b"{}", facts, None, 1))


short_strings = st.text(max_size=20) | st.binary(max_size=20)
header_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | short_strings | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(short_strings, inner, max_size=3),
    max_leaves=5,
)
bodies = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda body, cut, byte: body[:cut] + byte + body[cut + 1 :], st.sampled_from([payin(), payout()]),
              st.integers(0, 1500), st.binary(max_size=2)),
    st.builds(payout, st.binary(max_size=4), st.binary(max_size=4)),
    st.dictionaries(st.sampled_from(["webhook_id", "object_id"]), header_values).map(
        lambda document: json.dumps(document, default=repr, skipkeys=True).encode()
    ),
)  # fmt: skip


@given(
    st.sampled_from(FAMILIES),
    st.sampled_from(["notifications", "payouts", "x"]) | short_strings,
    st.sampled_from(["payin.create", "cardtransaction.create", "balance.update"]) | short_strings,
    bodies,
    st.dictionaries(
        st.sampled_from(["message_id", "content_type", "app_id", "type"]), short_strings | st.integers(0, 2**64 - 1)
    ),
    st.none() | st.dictionaries(short_strings, header_values, max_size=4),
)
def test_a_translator_gives_an_entry_or_a_cause_whatever_the_bytes(
    family: Any, exchange: Any, routing_key: Any, body: bytes, properties: Any, headers: Any
) -> None:
    facts = AmqpFacts(exchange, routing_key, redelivered=False, properties=properties)
    one = Delivery("tap", body, facts, headers, 1)
    translators = (notification_translator, stamped_translator)
    for translator in (*(make(family, lambda: NOW) for make in translators), outcome_translator(lambda: NOW)):
        try:
            entry = translator(one)
        except InvalidMessageError:
            continue
        assert body_of(entry) == body
        assert entry.size_bytes <= ENTRY_BYTES
