"""What is the same for whoever is measured: a broker with messages in it, the sink, and the clock of a process."""

import contextlib
import hashlib
import json
import os
import random
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pika

from contracts.registry import CARD_TRANSACTION, NOTIFICATIONS
from tests.bench.scoreboard.rival import install

_SINK = Path(__file__).with_name("sink.py")
_LOOK_S = 0.02
_SEED = 1
_BODY = (
    '{"webhook":"payin.create","webhook_id":"%s","object":"payin","object_id":"%s","object_payload":{"payins":[{"payin'
    'Id":"%s","walletId":"%s","amount":"%s","currency":"EUR","payinDate":"2021-10-22 16:20:00","DebtorIBAN":"FR76300060'
    '00011234567890189","DebtorName":"Jérémy Dûpont","messageToUser":"facture %s / réf","codeStatus":"140005",'
    '"informationStatus":""}]},"object_payload_signature":"zhdYWI1dfIbYpG2b/9YTCO0kZ2nSxoQSQo0XpG3rhQ0="%s}'
)


def bodies(count: int) -> Iterator[bytes]:
    """Notifications of some 485 bytes, the same ones each time."""
    dice = random.Random(_SEED)
    for number in range(count):
        amount = f"{dice.randint(0, 99_999)}.{dice.randint(0, 99):02}"
        identity = uuid.UUID(int=dice.getrandbits(128))
        yield (_BODY % (identity, number, number, number % 997, amount, number, "")).encode()


def digest_of(sent: Sequence[bytes]) -> str:
    """As the sink tells it."""
    return hashlib.sha256(
        b"".join(sorted(hashlib.md5(one, usedforsecurity=False).digest() for one in sent))
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class Filling:
    """What waits in a queue."""

    count: int
    digest: str


def fill(url: str, queues: Sequence[str], count: int) -> Filling:
    """Publish so many persistent messages to the exchange, and wait until they lie in each of the queues."""
    sent = list(bodies(count))
    with contextlib.closing(pika.BlockingConnection(pika.URLParameters(url))) as connection:
        channel = connection.channel()
        for number, body in enumerate(sent):
            publish(channel, number, body)
        for queue in queues:
            until = time.monotonic() + 60
            while channel.queue_declare(queue, passive=True).method.message_count < count:
                if time.monotonic() > until:
                    raise RuntimeError(f"{queue} does not fill")
                time.sleep(_LOOK_S)
    return Filling(count, digest_of(sent))


def publish(channel: Any, number: int, body: bytes) -> None:
    """Publish one message as the monolith does."""
    properties = pika.BasicProperties(
        message_id=str(uuid.UUID(int=number)),
        content_type="application/json",
        delivery_mode=2,
        type="payin.create",
        headers={"x-tenant": f"t{number % 7}"},
    )
    channel.basic_publish(NOTIFICATIONS, CARD_TRANSACTION.types[0].origin.routing_key, body, properties)


def timed_body(number: int) -> bytes:
    """A notification that says when it was sent, in seconds since the epoch."""
    sent_at = f',"sentAt":"{time.time():.6f}"'
    return (_BODY % (uuid.uuid4(), number, number, number % 997, "12.50", number, sent_at)).encode()


class Sink:
    """The endpoint, in a process of its own."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([str(install()), str(_SINK)], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, what: str) -> dict[str, Any]:
        """`stats`, `reset` or `delay?MS`."""
        with urllib.request.urlopen(f"{self.url}/{what}", timeout=30) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def wait(self, count: int, within_s: float) -> dict[str, Any]:
        """What came in, once so many entries have. Raises RuntimeError."""
        until = time.monotonic() + within_s
        while (seen := self.ask("stats?count")["entries"]) < count:
            if time.monotonic() > until:
                raise RuntimeError(f"{seen:,} of {count:,} entries came within {within_s:.0f} s")
            time.sleep(_LOOK_S)
        return self.ask("stats")


def cpu_s(pid: int) -> float:
    """CPU seconds of a process with all its threads, and of its children (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu_s, map(int, children)))
