"""Messages that cannot be processed, or only just carried, made from real ones of the monolith's.

Each is known by its name, which it also carries as a header, wherever it ends. All bear personal marks (Zzyx, FR76ZZ,
Lbl-Zz) in the very place that is wrong with them, so that a cause that quoted it would show.
"""

import base64
import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from contracts import naming
from contracts.amqp_value import Timestamp
from tests.stage import CASE_HEADER, Post

PERSONAL = "Zzyx FR76ZZ Lbl-Zz"

TWELVE_HEADERS: Mapping[str, Any] = {
    "text": "Zoé Zzyx",
    "empty": "",
    "int": -1,
    "long": 2**40,
    "true": True,
    "false": False,
    "double": 0.1,
    "decimal": Decimal("1.50"),
    "time": Timestamp(1_729_989_000),
    "bytes": b"\x00\xff",
    "none": None,
    "list": ["edge", 2, None, [b"\x01"]],
}
NESTED_HEADERS: Mapping[str, Any] = {
    "x-death": [
        {"queue": "monolith.payin", "count": 3, "time": Timestamp(1_729_987_200), "routing-keys": ["a", "b"]},
        {"queue": "other", "count": 1, "more": {"deeper": {"still": {"deeper": [{"x": Decimal("0.01")}]}}}},
    ],
    "empty table": {},
    "empty list": [],
}


@dataclass(frozen=True, slots=True)
class Misfit:
    """A message and who it is."""

    name: str
    post: Post
    id: str


@dataclass(frozen=True, slots=True)
class Misfits:
    """All of them, by name. Some names stand for several messages that belong together, in order."""

    all: Mapping[str, Misfit]

    def __getitem__(self, name: str) -> Misfit:
        return self.all[name]

    @property
    def posts(self) -> Sequence[Post]:
        """To be published, in this order."""
        return [one.post for one in self.all.values()]


Change = Callable[[Misfit], Misfit]


def make_misfits(notifications: Sequence[Mapping[str, Any]], user: str) -> Misfits:
    """Args: notifications: real ones, as `publish.php --print` writes them. user: who publishes, to the broker."""
    left: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in {one["id"]: one for one in notifications}.values():
        left[one["type"]].append(one)

    def make(name: str, kind: str, *changes: Change) -> Misfit:
        misfit = _misfit(name, left[kind].pop(), user)
        for change in changes:
            misfit = change(misfit)
        return misfit

    original = make("id taken: first", "payin.create")
    card = make("card id taken: first", "cardtransaction.create")
    made = [
        # What the shipper cannot read.
        make("no JSON", "payin.create", _body(lambda _: f"{{{PERSONAL}".encode()), _headed(TWELVE_HEADERS)),
        make("cut JSON", "balance.update", _body(lambda body: body[:-9]), _headed(NESTED_HEADERS)),
        make("JSON, no object", "balance.update", _body(lambda _: f'"{PERSONAL}"'.encode())),
        make("empty, ordered", "payin.update", _body(lambda _: b"")),
        make("cut serialize", "payout.update", _body(lambda body: body[: len(body) // 2])),
        make("another class", "payout.update", _body(lambda body: body.replace(b"PayoutUpdate", b"PayoutCancel"))),
        make("unknown routing key", "payin.create", _sent_to("", naming.tap_queue_name("payin"))),
        make("id missing", "payin.create", _without("webhook_id")),
        make("id is a list", "balance.update", _with(webhook_id=[PERSONAL])),
        make("AMQP id missing", "cardtransaction.create", _unnamed),
        make("key missing", "balance.update", _without("object_id")),
        # What the worker refuses.
        make("model violation", "payin.create", _object(walletId=[PERSONAL])),
        make("no number", "payin.update", _object(amount=PERSONAL)),
        make("amount missing", "payin.create", _object(amount=None)),
        make("another webhook", "payin.create", _with(webhook="payin.cancel")),
        make("no enum case", "payout.update", _body(lambda body: re.sub(rb"(?<=PayoutStatus:)[A-Z]", b"Z", body))),
        original,
        _changed(original, "id taken: second", amount="4711.11", ibanFullname=PERSONAL),
        card,
        _changed(card, "card id taken: second", paymentAmount="4711.11"),
        # What is carried whole, whatever it is: this type's identity is not in the body.
        make("empty", "cardtransaction.create", _body(lambda _: b"")),
        make("binary", "cardtransaction.create", _body(lambda _: bytes(range(256)) + PERSONAL.encode())),
        make("control characters", "cardtransaction.create", _body(lambda _: f"\x00\x1b{PERSONAL}\ufffe".encode())),
        make("12 headers", "cardtransaction.create", _body(_spoilt), _headed(TWELVE_HEADERS)),
        make("nested headers", "cardtransaction.create", _body(_spoilt), _headed(NESTED_HEADERS)),
    ]
    return Misfits({one.name: one for one in made})


def object_of(misfit: Misfit) -> dict[str, Any]:
    """The object in a webhook's payload."""
    [[found]] = json.loads(misfit.post.body)["object_payload"].values()
    payment: dict[str, Any] = found
    return payment


def key_of(misfit: Misfit) -> str:
    """Its business key."""
    return str(json.loads(misfit.post.body)["object_id"])


def _misfit(name: str, notification: Mapping[str, Any], user: str) -> Misfit:
    """The notification as it is, with every AMQP property that there is."""
    properties = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "delivery_mode": 2,
        "priority": 3,
        "correlation_id": "c-1",
        "reply_to": "nobody",
        "expiration": "3600000",
        "message_id": notification["id"],
        "timestamp": 1_729_989_000,
        "type": notification["type"],
        "user_id": user,
        "app_id": "webhooks",
    }
    post = Post(
        exchange=notification["exchange"],
        routing_key=notification["routing_key"],
        body=base64.b64decode(notification["body_base64"]),
        properties=properties,
        headers={CASE_HEADER: name, "source": "treezor", "hop": ["edge", {"at": 1}]},
    )
    return Misfit(name, post, notification["id"])


def _body(change: Callable[[bytes], bytes]) -> Change:
    def rewrite(misfit: Misfit) -> Misfit:
        body = change(misfit.post.body)
        assert body != misfit.post.body, f"{misfit.name}: the change found nothing to change"
        return replace(misfit, post=replace(misfit.post, body=body))

    return rewrite


def _spoilt(body: bytes) -> bytes:
    """No JSON any more."""
    return b"\xff" + body


def _json(change: Callable[[dict[str, Any]], None]) -> Change:
    def rewrite(body: bytes) -> bytes:
        document = json.loads(body)
        change(document)
        return json.dumps(document).encode()

    return _body(rewrite)


def _with(**fields: object) -> Change:
    return _json(lambda document: document.update(fields))


def _without(name: str) -> Change:
    return _json(lambda document: document.pop(name))


def _object(**fields: object) -> Change:
    """Change fields of the payload's object; None takes one out."""

    def change(document: dict[str, Any]) -> None:
        [[found]] = document["object_payload"].values()
        found.update(fields)
        for name in [name for name, value in fields.items() if value is None]:
            del found[name]

    return _json(change)


def _changed(misfit: Misfit, name: str, **fields: object) -> Misfit:
    """The same message with another body, and a name of its own."""
    headers = {**misfit.post.headers, CASE_HEADER: name}
    other = replace(misfit, name=name, post=replace(misfit.post, headers=headers))
    return _object(**fields)(other)


def _sent_to(exchange: str, routing_key: str) -> Change:
    return lambda misfit: replace(misfit, post=replace(misfit.post, exchange=exchange, routing_key=routing_key))


def _unnamed(misfit: Misfit) -> Misfit:
    properties = {name: value for name, value in misfit.post.properties.items() if name != "message_id"}
    return replace(misfit, post=replace(misfit.post, properties=properties))


def _headed(headers: Mapping[str, Any]) -> Change:
    return lambda misfit: replace(misfit, post=replace(misfit.post, headers={**misfit.post.headers, **headers}))
