"""Which follow-up messages of the new side have reached RabbitMQ, by effect id, beside whoever else reads them."""

from collections import defaultdict
from collections.abc import Mapping

import pika

from contracts.effect_id import read_effect_id

EXCHANGE = "accounting"
_QUEUE = "chaos.follow-ups"
_EFFECT_ID = "strangler-effect-id"


class FollowUps:
    """A queue of the test's own, bound to the exchange that follow-ups go to. The monolith's have no effect id."""

    def __init__(self, amqp_url: str) -> None:
        self._amqp_url = amqp_url
        self._effects: dict[str, set[str]] = defaultdict(set)
        connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        channel = connection.channel()
        channel.queue_declare(_QUEUE, durable=True)
        channel.queue_bind(_QUEUE, EXCHANGE, "#")
        connection.close()

    def effects(self) -> Mapping[str, set[str]]:
        """Message id to the effect ids that were ever seen. A copy of one is the same one."""
        connection = pika.BlockingConnection(pika.URLParameters(self._amqp_url))
        channel = connection.channel()
        while True:
            method, properties, _ = channel.basic_get(_QUEUE, auto_ack=True)
            if method is None:
                break
            effect = (properties.headers or {}).get(_EFFECT_ID)
            if effect is not None:
                self._effects[read_effect_id(effect)[0]].add(effect)
        connection.close()
        return self._effects
