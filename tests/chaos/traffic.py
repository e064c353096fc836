"""What the monolith publishes in one run, drawn from its seed: with order and without, repetitions, odd bodies."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel

from contracts.registry import NOTIFICATIONS
from tests.fakes.message import card_transaction, payin
from tests.rig.history import Published

MARK = "Refused by SQS"
"""Stands in bodies that the sink is told to refuse."""
UNREADABLE = "unreadable"
HEADERS: Mapping[str, Any] = {"n": 1, "deep": {"a": [1, "é"]}}
"""Of every publication."""
_KEYS = 8


@dataclass(frozen=True, slots=True)
class Post:
    """One publication."""

    routing_key: str
    id: str
    body: bytes = field(repr=False)
    key: str | None

    @property
    def published(self) -> Published:
        """As the history checker wants it."""
        return Published(self.id, digest(self.body), self.key, ordered=self.key is not None)


def digest(body: bytes) -> str:
    """The digest by which the checker knows a body."""
    return hashlib.sha256(body).hexdigest()


def draw(random: Random, count: int, *, large: bool = False, ordered_only: bool = False) -> Sequence[Post]:
    """So many publications and some more: a few come twice, one id comes with other bytes, one cannot be read."""
    posts = [
        _card(random, n) if not ordered_only and random.random() < 0.3 else _payin(random, f"w{n}", n)
        for n in range(count)
    ]
    posts += random.sample(posts, 2)  # by their sender, at some later time
    conflicting = next(one for one in posts if one.key is not None)
    posts.append(_payin(random, conflicting.id, count, key=conflicting.key))
    posts.append(Post("payin.create", UNREADABLE, b'{"not": json' + random.randbytes(6).hex().encode(), None))
    posts.append(_payin(random, "refused", count + 1, message=MARK))
    if large:
        posts.append(Post("cardtransaction.create", "large", random.randbytes(1_200_000), None))
    for n in range(count, len(posts)):  # anywhere in the second half
        posts.insert(random.randrange(len(posts) // 2, len(posts)), posts.pop(n))
    return posts


def publish(channel: BlockingChannel, posts: Sequence[Post]) -> Iterator[Published]:
    """Publish in order, each confirmed; yields what is."""
    for post in posts:
        properties = pika.BasicProperties(delivery_mode=2, message_id=post.id, headers=dict(HEADERS))
        channel.basic_publish(NOTIFICATIONS, post.routing_key, post.body, properties, mandatory=True)
        yield post.published


def _payin(random: Random, name: str, n: int, *, key: str | None = None, message: str = "") -> Post:
    key = key or f"p{random.randrange(_KEYS)}"
    type_name = "payin.create" if n % 2 else "payin.update"
    amount = f"{random.randrange(10**6)}.{n % 100:02}"
    body = payin(name, key, type_name=type_name, amount=amount, messageToUser=message)
    return Post(type_name, name, body, key)


def _card(random: Random, n: int) -> Post:
    body = random.choice((card_transaction(f"c{n}"), random.randbytes(40), f"é\x00 {n}".encode(), b"x" * 20_000))
    return Post("cardtransaction.create", f"m{n}", body + b" %d" % n, None)
