"""A connection of pika's without a network: its own reading, channels and assembling of content, fed by hand."""

from collections.abc import Callable, Mapping
from typing import Any

from pika.channel import Channel
from pika.connection import Connection

from bridge.amqp_delivery import Arrive, Headers
from contracts.envelope import AmqpFacts

_PROPERTIES = (
    "content_type", "content_encoding", "delivery_mode", "priority", "correlation_id", "reply_to", "expiration",
    "message_id", "timestamp", "type", "user_id", "app_id", "cluster_id",
)  # fmt: skip


class Line(Connection):  # type: ignore[misc]  # pika has no types
    """An open connection, with open channels."""

    def __init__(self, consumers: Mapping[int, Mapping[str, Arrive]]) -> None:
        """Args: consumers: by channel and tag, who takes what pika has read."""
        super().__init__(internal_connection_workflow=False)
        self._set_connection_state(self.CONNECTION_OPEN)
        self.emitted: list[bytes] = []
        for number, arrivals in consumers.items():
            channel = self._channels[number] = Channel(self, number, lambda _: None)
            channel._add_callbacks()
            channel._set_state(channel.OPEN)
            channel._consumers.update({tag: _handing_to(arrive) for tag, arrive in arrivals.items()})

    def channel_of(self, number: int) -> Any:
        return self._channels[number]

    @property
    def left(self) -> bytes:
        """What has come and is not read yet."""
        return bytes(self._frame_buffer)

    def feed(self, data: bytes) -> None:
        """As pika reads."""
        self._on_data_available(data)

    def _adapter_emit_data(self, data: bytes) -> None:
        self.emitted.append(data)

    def _adapter_call_later(self, delay: float, callback: Callable[[], Any]) -> object: ...
    def _adapter_remove_timeout(self, timeout_id: object) -> None: ...
    def _adapter_add_callback_threadsafe(self, callback: Callable[..., Any]) -> None: ...
    def _adapter_connect_stream(self) -> None: ...
    def _adapter_disconnect_stream(self) -> None: ...


def _handing_to(arrive: Arrive) -> Callable[[Any, Any, Any, bytes], None]:
    """What pika calls for each delivery that it has read."""

    def hand(_: Any, method: Any, properties: Any, body: bytes) -> None:
        present = {name: value for name in _PROPERTIES if (value := getattr(properties, name)) is not None}
        facts = AmqpFacts(method.exchange, method.routing_key, method.redelivered, present)
        headers: Headers = properties.headers
        arrive(method.delivery_tag, facts, headers, body)

    return hand
