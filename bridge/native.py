"""What this process does in C, and what in Python, which takes more of the processor: told at its start."""

from collections.abc import Sequence

from bridge import amqp_delivery, entry


def native_parts() -> Sequence[str]:
    """What is done in C; empty where nothing is compiled (`make native`)."""
    parts = {"deliveries": amqp_delivery.IS_NATIVE, "entries": entry.IS_NATIVE}
    return [name for name, is_native in parts.items() if is_native]
