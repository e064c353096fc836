from collections.abc import Callable, Mapping
from typing import Any

def bind(
    facts: Callable[[Any, Any, bool, dict[str, Any]], object],
    origin: Callable[[bytes, dict[bytes, Any]], tuple[Any, Any]],
    common_table: Callable[[bytes], Mapping[Any, Any] | None],
    large_table: Callable[[bytes], Mapping[Any, Any] | None],
    common_bytes: int,
    leave: tuple[type[Exception], ...],
    names: tuple[str, ...],
    kinds: bytes,
    /,
) -> Callable[[bytes, int, int, dict[int, Any]], int]:
    """A `take_deliveries` that makes of them what it is given here.

    Args:
        facts: makes the facts of exchange, routing key, whether it was delivered before, and properties.
        origin: reads exchange and routing key, and keeps them among those of the consumer.
        common_table: reads a table, with its length, of as many bytes as are common.
        large_table: reads a larger one.
        common_bytes: how many those are.
        leave: what they raise of a delivery that is left to pika; anything else comes out.
        names: of the properties, in the order of their flags.
        kinds: of each: a text, a table, an octet or a time.
    """
