"""EventBridge as the event bus."""

from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from workers.aws_error import unavailable
from workers.outlet.port import Event, NotSentError


class Client(Protocol):
    """What is needed of boto3's client."""

    def put_events(self, *, Entries: list[Any]) -> Any:  # noqa: N803  # boto3's spelling
        """See boto3."""


class EventBridge:
    """`Events` over one bus."""

    def __init__(self, client: Client, bus: str) -> None:
        """Args: bus: its name."""
        self._client = client
        self._bus = bus

    def put(self, event: Event) -> None:
        """See `Events.put`. The call may succeed while its entry fails (API reference, PutEvents)."""
        entry: Any = {
            "EventBusName": self._bus,
            "Source": event.source,
            "DetailType": event.type,
            "Detail": event.detail,
        }
        try:
            answer = self._client.put_events(Entries=[entry])
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        if answer["FailedEntryCount"]:
            code = next((one["ErrorCode"] for one in answer["Entries"] if "ErrorCode" in one), "unknown")
            raise NotSentError(f"PutEvents: {code}")
