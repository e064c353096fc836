"""Takes messages with stock pika and does nothing: `python noop.py URL QUEUE COUNT`, in the rivals' environment.

Prints, as JSON, the seconds from the first to the last one, CPU seconds, and how long each message took that says when
it was sent. No bridge with pika can be faster.
"""

import asyncio
import json
import resource
import sys
import time
from typing import Any

import pika
import uvloop  # type: ignore[import-not-found]  # only the rivals' environment has it
from pika.adapters.asyncio_connection import AsyncioConnection

_PREFETCH = 2_000
_ACKED_AT_ONCE = 200


async def main(url: str, queue: str, count: int) -> None:
    """Take so many."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    seen, first_at, took_s = 0, 0.0, list[float]()

    def take(channel: Any, method: Any, _properties: Any, body: bytes) -> None:
        nonlocal seen, first_at
        first_at = first_at or time.perf_counter()
        seen += 1
        if sent_at := body.partition(b'"sentAt":"')[2].partition(b'"')[0]:
            took_s.append(time.time() - float(sent_at))
        if seen % _ACKED_AT_ONCE == 0 or seen == count or sent_at:
            channel.basic_ack(method.delivery_tag, multiple=True)
        if seen == count:
            done.set_result(None)

    def opened(channel: Any) -> None:
        channel.basic_qos(prefetch_count=_PREFETCH)
        channel.basic_consume(queue, take)

    AsyncioConnection(pika.URLParameters(url), on_open_callback=lambda one: one.channel(on_open_callback=opened))
    await done
    wall_s = time.perf_counter() - first_at
    used = resource.getrusage(resource.RUSAGE_SELF)
    await asyncio.sleep(0.2)  # for the last acknowledgement to leave
    print(json.dumps({"wall_s": wall_s, "cpu_s": used.ru_utime + used.ru_stime, "took_s": took_s}))  # noqa: T201


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
