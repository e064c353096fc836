"""The partner's counterpart on RabbitMQ: notes which follow-up messages of the new side have arrived, by effect id.

It has a queue of its own beside whoever else reads them. The monolith's own messages have no effect id. One line a
message goes to the log: {"effect_id","webhook_id"}, never a body. By it the independent audit counts them.
"""

import json
from contextlib import closing
from pathlib import Path

from bridge.amqp_connection import AmqpConnection
from bridge.amqp_settings import AmqpSettings
from bridge.port import SourceLostError, SourceRefusedError
from bridge.returner import EFFECT_HEADER
from bridge.topology import Binding, QueueSpec
from contracts.effect_id import read_effect_id
from infra.local.process import NotReadyError

_EXCHANGE = "accounting"
_QUEUE = QueueSpec("demo.follow-ups", (Binding(_EXCHANGE, "#"),))


class FollowUps:
    """The queue, and the log. Every method raises NotReadyError."""

    def __init__(self, amqp_url: str, log: Path) -> None:
        """Bind the queue: what arrives from now on is noted."""
        self._settings = AmqpSettings((amqp_url,), name="demo follow-ups")
        self._log = log
        log.touch()
        with closing(self._connect()) as connection:
            connection.declare([_QUEUE])

    def collect(self) -> None:
        """Note what has arrived since."""
        with closing(self._connect()) as connection, self._log.open("a", encoding="utf-8") as log:
            while (delivery := connection.get(_QUEUE.name)) is not None:
                effect = (delivery.headers or {}).get(EFFECT_HEADER)
                if effect is not None:
                    line = {"effect_id": effect, "webhook_id": read_effect_id(str(effect))[0]}
                    log.write(json.dumps(line) + "\n")
                log.flush()
                connection.acknowledge([delivery])

    def _connect(self) -> AmqpConnection:
        try:
            return AmqpConnection(self._settings)
        except (SourceLostError, SourceRefusedError) as error:
            raise NotReadyError(f"RabbitMQ, for the follow-up messages: {error}") from error
