"""`make bench-bridge`: our shipper, mq-bridge 1.2.0 and a stock pika consumer that does nothing, in one run.

    python -m tests.bench.bridge [--rounds 5] [--messages 200000] [--profile FILE]

All take the same messages of some 485 bytes from the same broker, in turns; ours and mq-bridge send them to the same
loopback endpoint. Ours is whole: envelope, reconciliation, journal, acknowledgement only of what was accepted. Each
runs as a process of its own. Throughput counts from the first message that arrives to the last one, CPU seconds the
process's whole life. In every round what arrived is held against what was published. Raw rounds are in
var/bench/bridge.json.
"""

import argparse
import contextlib
import json
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pika

from bridge.topology import tap_queue
from contracts.registry import CARD_TRANSACTION, NOTIFICATIONS
from infra.local.process import Child
from infra.local.rabbitmq import RabbitNode
from tests.bench.bridge.field import Filling, Sink, cpu_s, fill, publish, timed_body
from tests.bench.scoreboard.contender import Ours, Seat, own_queues
from tests.bench.scoreboard.rival import PACKAGES, MqBridge, install
from tests.rig.aws import environment_of
from tests.rig.broker import Broker

_FILE = Path("var/bench/bridge.json")
_NOOP = Path(__file__).with_name("noop.py")
_PREFETCH = 2_000
_BATCH = 128
"""Of mq-bridge: its best setting here."""
_LATENCY_MS = 15
_PACED_PER_S = 1_000
_PACED_S = 10
_TAP_LENGTH = 1_000_000
_ROUND_S = 120.0


@dataclass(frozen=True, slots=True)
class Round:
    """One contender, once."""

    contender: str
    messages: int
    wall_s: float
    cpu_s: float
    lost: int

    @property
    def per_s(self) -> float:
        """Messages a second."""
        return self.messages / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Messages a CPU second."""
        return self.messages / self.cpu_s


class QuickMqBridge(MqBridge):
    """mq-bridge at its best setting for throughput."""

    def _input(self, seat: Seat) -> Any:
        return {"amqp": {"url": seat.amqp_url, "queue": seat.queue, "prefetch_count": _PREFETCH}}


class Bench:
    """One broker, one sink, and whoever is measured between them."""

    def __init__(self, node: RabbitNode, sink: Sink, folder: Path, profile: Path | None = None) -> None:
        """Args: profile: where to write a profile of ours, of the thread that does everything but the calls."""
        self._node, self._sink, self._folder = node, sink, folder
        self._broker = Broker(node.amqp_url)
        profiling = () if profile is None else ("-m", "cProfile", "-o", str(profile.resolve()))
        launcher = (sys.executable, *profiling, "-m", "bridge", "ship")
        self._ours = Ours(launcher, {"STRANGLER_TAP_LENGTH": str(_TAP_LENGTH), "STRANGLER_PREFETCH": str(_PREFETCH)})
        tap = tap_queue(CARD_TRANSACTION, _TAP_LENGTH)
        self._queues: dict[str, tuple[str, dict[str, Any]]] = {
            "ours": (tap.name, dict(tap.arguments())),
            "mq-bridge": ("bench.mq", {}),
            "no-op": ("bench.noop", {}),
        }

    def prepare(self) -> None:
        """Exchange and queues, empty."""
        self._broker.delete(*own_queues(), *(queue for queue, _ in self._queues.values()))
        with self._broker.channel() as channel:
            channel.exchange_declare(NOTIFICATIONS, "direct", durable=True)
            channel.exchange_declare("payouts", "fanout", durable=True)

    def round(self, name: str, messages: int) -> Round:
        """Fill a queue, let one empty it, and count."""
        filling = self._fill(name, messages)
        if name == "no-op":
            told = self._noop(messages)
            return Round(name, messages, told["wall_s"], told["cpu_s"], 0)
        with self._running(name) as child:
            seen = self._sink.wait(messages, _ROUND_S)
            used_s = cpu_s(child.pid)
            return Round(name, messages, seen["last_at"] - seen["first_at"], used_s, _lost(seen, filling))

    def latency_s(self, name: str) -> list[float]:
        """How long messages take that are published at an even pace, from being published to being accepted."""
        self._fill(name, 0)
        count = _PACED_PER_S * _PACED_S
        if name == "no-op":
            command = self._noop_command(count)
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                time.sleep(1.0)
                self._pace(count)
                assert process.stdout is not None
                told: dict[str, list[float]] = json.loads(process.stdout.read())
                return told["took_s"]
        with self._running(name) as child:
            _await_start(child)
            self._pace(count)
            took_s: list[float] = self._sink.wait(count, _ROUND_S)["took_s"]
            return took_s

    def _fill(self, name: str, messages: int) -> Filling:
        self.prepare()
        queue, arguments = self._queues[name]
        routing_key = CARD_TRANSACTION.types[0].origin.routing_key or ""
        self._broker.declare(queue, arguments, NOTIFICATIONS, routing_key)
        self._sink.ask("reset")
        return fill(self._node.amqp_url, [queue], messages)

    def _pace(self, count: int) -> None:
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(self._node.amqp_url))) as connection:
            channel = connection.channel()
            began = time.perf_counter()
            for number in range(count):
                wait_s = began + number / _PACED_PER_S - time.perf_counter()
                if wait_s > 0:
                    time.sleep(wait_s)
                publish(channel, number, timed_body(number))

    @contextlib.contextmanager
    def _running(self, name: str) -> Iterator[Child]:
        folder = self._folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        queue, _ = self._queues[name]
        contender = self._ours if name == "ours" else QuickMqBridge()
        url = f"{self._sink.url}/000000000000/bench"
        environment = environment_of(self._sink.url)
        with contender.start(Seat(self._node.amqp_url, queue, self._sink.url, url, folder, environment)) as child:
            yield child

    def _noop_command(self, count: int) -> list[str]:
        return [str(install()), str(_NOOP), self._node.amqp_url, self._queues["no-op"][0], str(count)]

    def _noop(self, count: int) -> dict[str, Any]:
        done = subprocess.run(self._noop_command(count), check=True, capture_output=True, text=True, timeout=_ROUND_S)
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def _await_start(child: Child) -> None:
    time.sleep(3.0)
    if child.ended:
        raise child.not_ready("ended")


def _lost(seen: dict[str, Any], filling: Filling) -> int:
    """How many are too few, or too many; -1 where as many came and not the same."""
    if seen["entries"] != filling.count:
        return abs(filling.count - int(seen["entries"]))
    return 0 if seen["digest"] == filling.digest else -1


def _p99_ms(took_s: list[float]) -> float:
    return sorted(took_s)[int(len(took_s) * 0.99)] * 1000


def main() -> int:
    """Measure, print a table, and write var/bench/bridge.json; 1 where a bar is missed or something was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bridge")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=200_000, help="a round")
    parser.add_argument("--contender", action="append", choices=["ours", "mq-bridge", "no-op"], help="only these")
    parser.add_argument("--profile", type=Path, help="write one of ours (cProfile); it is slower meanwhile")
    arguments = parser.parse_args()
    names = arguments.contender or ["ours", "mq-bridge", "no-op"]
    folder = Path("var/bench/bridge").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with RabbitNode(folder / "node", prefer="program") as node, Sink() as sink:
        bench = Bench(node, sink, folder, arguments.profile)
        rounds = [bench.round(name, arguments.messages) for _ in range(arguments.rounds) for name in names]
        sink.ask(f"delay?{_LATENCY_MS}")
        slow = [bench.round("ours", arguments.messages) for _ in range(arguments.rounds)] if "ours" in names else []
        sink.ask("delay?0")
        took = {name: _p99_ms(bench.latency_s(name)) for name in names if name != "mq-bridge"}
    found = _figures(rounds, slow, took)
    for one in (*rounds, *slow):
        kind = one.contender if one in rounds else f"{one.contender}, {_LATENCY_MS} ms"
        sys.stdout.write(f"{kind:<14}{one.per_s:>10,.0f}/s{one.per_cpu_s:>10,.0f} a CPU s{one.lost:>4} lost\n")
    for name, figure in found.items():
        sys.stdout.write(f"{name:<24}{figure:>10.2f}\n")
    document = {
        **found,
        "settings": {
            "messages": arguments.messages,
            "rounds": arguments.rounds,
            "prefetch": _PREFETCH,
            "batch": _BATCH,
        },
        "versions": {"python": platform.python_version(), "pika": version("pika"), **PACKAGES},
        "rounds": [asdict(one) for one in rounds],
        "rounds_15ms": [asdict(one) for one in slow],
        "p99_ms": took,
    }
    _FILE.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return 1 if any(one.lost for one in (*rounds, *slow)) else 0


def _figures(rounds: list[Round], slow: list[Round], took: dict[str, float]) -> dict[str, float]:
    names = {one.contender for one in rounds}
    wall = {name: statistics.median(one.per_s for one in rounds if one.contender == name) for name in names}
    cpu = {name: statistics.median(one.per_cpu_s for one in rounds if one.contender == name) for name in names}
    found: dict[str, float] = {}
    if {"ours", "mq-bridge"} <= wall.keys():
        found["vs_mq_bridge_cpu"] = cpu["ours"] / cpu["mq-bridge"]
        found["vs_mq_bridge_wall"] = wall["ours"] / wall["mq-bridge"]
    if {"ours", "no-op"} <= wall.keys():
        found["vs_noop_wall"] = wall["ours"] / wall["no-op"]
    if slow:
        found["latency_15ms_ratio"] = statistics.median(one.per_s for one in slow) / wall["ours"]
    if {"ours", "no-op"} <= took.keys():
        found["p99_ms_at_1000"] = took["ours"] - took["no-op"]
    return found


if __name__ == "__main__":
    sys.exit(main())
