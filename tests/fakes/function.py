"""What Lambda hands to a function besides the event."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_EVENTS = Path(__file__).parents[1] / "events"


@dataclass(frozen=True, slots=True)
class FakeLambdaContext:
    """The part of Lambda's context that is read."""

    function_name: str = "strangler-payin"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-west-3:123456789012:function:strangler-payin"
    aws_request_id: str = "52fdfc07-2182-454f-963f-5f0f9a621d72"
    remaining_ms: int = 30_000

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda ends the function."""
        return self.remaining_ms


def event(name: str) -> dict[str, Any]:
    """An event as Lambda delivers it, from `tests/events`."""
    document: dict[str, Any] = json.loads((_EVENTS / f"{name}.json").read_text("utf-8"))
    return document
