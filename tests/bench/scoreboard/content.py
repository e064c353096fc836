"""Cases about what a message is: its bytes, its size, its headers, and the queue that it lies in."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pika.exceptions import AMQPError

from contracts.amqp_value import Timestamp
from tests.bench.scoreboard.case import UNORDERED, Case, Verdict, capture, payment, told, whole
from tests.bench.scoreboard.stand import LEGACY, Post, Stand

MIB = 1_048_576
COMPRESSED = b"\x1f\x8b\x08\x00\xff\xfe{\x00caf\xe9}\xc3\x28"
LATIN = b'{"merchantName":"Caf\xe9 de Planted"}'
"""No UTF-8, and no character that SQS refuses either."""
TYPED: Mapping[str, Any] = {
    "x-text": "é",
    "x-true": True,
    "x-int": 7,
    "x-long": 2**40,
    "x-double": 1.5,
    "x-none": None,
    "x-bytes": b"\xff\x00",
    "x-decimal": Decimal("12.34"),
    "x-time": datetime(2026, 11, 21, 10, 0, tzinfo=UTC),
    "x-list": [1, "two", False],
    "x-table": {"queue": "q", "count": 2, "nested": {"deep": [1, {"er": None}]}},
}
QUORUM = {"x-queue-type": "quorum", "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "monolith.dead"}


def _twelve_headers(stand: Stand) -> Verdict:
    headers = {f"x-header-{number}": f"value {number}" for number in range(12)}
    post = _with_headers(headers)
    finding = _deliver(stand, post)
    arrival = stand.arrival(post)
    if arrival is None:
        return Verdict(passed=False, note=told(stand, finding))
    # Some make `x_header_1` of `x-header-1`; a receiver could undo that.
    kept = sum(
        value in (arrival.headers.get(name), arrival.headers.get(name.replace("-", "_")))
        for name, value in headers.items()
    )
    return Verdict(kept == len(headers), f"{kept} of 12 headers arrived")


def _typed_headers(stand: Stand) -> Verdict:
    post = _with_headers(TYPED)
    finding = _deliver(stand, post)
    arrival = stand.arrival(post)
    if arrival is None:
        return Verdict(passed=False, note=told(stand, finding))
    kept = [name for name, value in TYPED.items() if _same(arrival.headers.get(name, ...), value)]
    missing = [name.removeprefix("x-") for name in TYPED if name not in kept]
    rest = f"; changed or missing: {', '.join(missing)}" if missing else ""
    return Verdict(not missing, f"{len(kept)} of {len(TYPED)} headers arrived with value and type{rest}")


def _routing_key(stand: Stand) -> Verdict:
    post = payment(1)
    finding = _deliver(stand, post)
    arrival = stand.arrival(post)
    if arrival is None:
        return Verdict(passed=False, note=told(stand, finding))
    right = (arrival.exchange, arrival.routing_key) == ("notifications", stand.routing_key)
    return Verdict(right, f"exchange {arrival.exchange or 'missing'}, routing key {arrival.routing_key or 'missing'}")


def _binary(stand: Stand) -> Verdict:
    return _any_body(stand, COMPRESSED, LATIN)


def _empty(stand: Stand) -> Verdict:
    return _any_body(stand, b"")


def _too_large(stand: Stand) -> Verdict:
    large = capture(2, merchantName="x" * (MIB + 200_000))
    posts = [capture(0), capture(1), large, capture(3), capture(4)]
    finding = _deliver(stand, *posts)
    by_claim = any(one.data == large.body for one in stand.aws.s3.objects.values())
    claim = "its bytes in S3" if by_claim else "no such object in S3"
    return Verdict(whole(finding, duplicates=True) and by_claim and not stand.left, f"{told(stand, finding)}; {claim}")


def _batch_sum(stand: Stand) -> Verdict:
    posts = [capture(number, merchantName="x" * 300_000) for number in range(10)]
    finding = _deliver(stand, *posts)
    return Verdict(whole(finding, duplicates=True) and finding.accepted == len(posts), told(stand, finding))


def _queue_arguments(stand: Stand) -> Verdict:
    posts = [payment(number) for number in range(3)]
    stand.take_from_the_monolith(QUORUM)
    finding = _deliver(stand, *posts)
    try:
        stand.declare(LEGACY, QUORUM)
        same = "the monolith's queue is as it was"
    except AMQPError:
        same = "the monolith's queue was changed"
    passed = whole(finding) and finding.accepted == len(posts) and same.endswith("was")
    return Verdict(passed, f"{told(stand, finding)}; {same}")


def _with_headers(headers: Mapping[str, Any]) -> Post:
    post = payment(1)
    return Post(post.id, post.key, post.body, headers)


def _deliver(stand: Stand, *posts: Post) -> Any:
    stand.publish(posts)
    stand.start()
    stand.wait_settled()
    return stand.end()


def _any_body(stand: Stand, *bodies: bytes) -> Verdict:
    odd = [capture(number, body) for number, body in enumerate(bodies, 2)]
    posts = [capture(0), capture(1), *odd, capture(8), capture(9)]
    finding = _deliver(stand, *posts)
    passed = whole(finding, duplicates=True) and finding.accepted == len(posts)
    return Verdict(passed, told(stand, finding))


def _same(value: Any, other: Any) -> bool:
    """Equal, and of one type all the way down: True is not 1. Times are compared as instants."""
    if isinstance(other, datetime):
        instant = value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
        if isinstance(instant, Timestamp):
            instant = datetime.fromtimestamp(instant, UTC)
        return bool(instant == other.replace(tzinfo=UTC))
    if isinstance(other, dict):
        return (
            isinstance(value, dict)
            and value.keys() == other.keys()
            and all(_same(value[name], other[name]) for name in other)
        )
    if isinstance(other, list):
        return isinstance(value, list) and len(value) == len(other) and all(map(_same, value, other))
    if isinstance(other, int) and not isinstance(other, bool):  # pika's long is an int of its own
        return isinstance(value, int) and not isinstance(value, bool) and value == other
    return type(value) is type(other) and bool(value == other)


CONTENT = (
    Case("12 headers", "all of twelve text headers arrive", _twelve_headers),
    Case(
        "binary",
        "a compressed body and one in Latin-1 arrive byte for byte, once, and so do the neighbours",
        _binary,
        UNORDERED,
    ),
    Case("empty", "an empty body arrives as one, once, and so do its neighbours", _empty, UNORDERED),
    Case(
        ">1 MiB",
        "1.2 MiB arrive as a claim check whose object in S3 has the very bytes, and so do the neighbours",
        _too_large,
        UNORDERED,
    ),
    Case("batch sum >1 MiB", "ten messages of 300 kB arrive, once each", _batch_sum, UNORDERED),
    Case(
        "queue with DLX/quorum args",
        "the monolith's quorum queue with a dead-letter exchange is no obstacle, and stays as it is",
        _queue_arguments,
    ),
    Case("nested/typed headers", "eleven headers of every AMQP type arrive with value and type", _typed_headers),
    Case("routing key arrives", "exchange and routing key arrive", _routing_key),
)
