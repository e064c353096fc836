"""`make bench-bridge`: our shipper, mq-bridge 1.2.0 and a stock pika consumer that does nothing, in one run.

    python -m tests.bench.bridge [--rounds 5] [--messages 200000] [--profile FILE]

All take the same messages of some 485 bytes from the same broker, in turns; ours and mq-bridge send them to the same
loopback endpoint. Ours is whole: envelope, reconciliation, journal, acknowledgement only of what was accepted. Each
runs as a process of its own, ours and the consumer on the quickest Python of this version that is here. Throughput
counts from the first message that arrives to the last one, CPU seconds the process's whole life. In every round what
arrived is held against what was published. Raw rounds are in var/bench/bridge.json.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pika

from bridge.topology import tap_queue
from contracts.registry import CARD_TRANSACTION, NOTIFICATIONS
from infra.local.process import Child
from infra.local.rabbitmq import RabbitNode
from tests.bench.bridge import python, shovel
from tests.bench.bridge.field import Filling, Sink, cpu_s, fill, publish, timed_body
from tests.bench.bridge.figure import MQ_BRIDGE, NOOP, OURS, Round, all_hold, figures, verdict
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
_ROUND_S = 300.0
_START_S = 30.0
_LOOK_S = 0.05
_CONTENDERS = (OURS, MQ_BRIDGE, NOOP)
_SHOVEL_ROUNDS, _SHOVEL_MESSAGES = 3, 20_000


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
        self.python = python.quickest()
        self.in_c: list[str] | None = None
        """What ours did in C, by its own log."""
        profiling = () if profile is None else ("-m", "cProfile", "-o", str(profile.resolve()))
        launcher = (str(self.python), *profiling, "-m", "bridge", "ship")
        settings = {"STRANGLER_TAP_LENGTH": str(_TAP_LENGTH), "STRANGLER_PREFETCH": str(_PREFETCH)}
        self._ours = Ours(launcher, {**settings, **python.environment_of(self.python)})
        tap = tap_queue(CARD_TRANSACTION, _TAP_LENGTH)
        self._queues: dict[str, tuple[str, dict[str, Any]]] = {
            OURS: (tap.name, dict(tap.arguments())),
            MQ_BRIDGE: ("bench.mq", {}),
            NOOP: ("bench.noop", {}),
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
        if name == NOOP:
            told = self._noop(messages)
            return Round(name, messages, told["wall_s"], told["cpu_s"], 0)
        with self._running(name) as child:
            seen = self._sink.wait(messages, _ROUND_S)
            used_s = cpu_s(child.pid)
            if name == OURS:
                self.in_c = _native(child.log)
            return Round(name, messages, seen["last_at"] - seen["first_at"], used_s, _lost(seen, filling))

    def latency_s(self, name: str) -> list[float]:
        """How long messages take that are published at an even pace, from being published to being accepted."""
        self._fill(name, 0)
        count = _PACED_PER_S * _PACED_S
        if name == NOOP:
            command, environment = self._noop_command(count), self._noop_environment
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
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
        contender = self._ours if name == OURS else QuickMqBridge()
        url = f"{self._sink.url}/000000000000/bench"
        environment = environment_of(self._sink.url)
        with contender.start(Seat(self._node.amqp_url, queue, self._sink.url, url, folder, environment)) as child:
            yield child

    def _noop_command(self, count: int) -> list[str]:
        install()
        return [str(self.python), str(_NOOP), self._node.amqp_url, self._queues[NOOP][0], str(count)]

    @property
    def _noop_environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], **python.environment_of(self.python, rivals=True)}

    def _noop(self, count: int) -> dict[str, Any]:
        command, environment = self._noop_command(count), self._noop_environment
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_ROUND_S, env=environment)
        told: dict[str, Any] = json.loads(done.stdout)
        return told


def _await_start(child: Child) -> None:
    until = time.monotonic() + _START_S
    while '"shipping"' not in child.log.read_text("utf-8"):
        if child.ended or time.monotonic() > until:
            raise child.not_ready("does not ship")
        time.sleep(_LOOK_S)


def _native(log: Path) -> list[str]:
    """What a shipper does in C, as the line of its log says with which it begins."""
    lines = (json.loads(line) for line in log.read_text("utf-8").splitlines())
    return next(list(line["native"]) for line in lines if line["message"] == "shipping")


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
    parser.add_argument("--contender", action="append", choices=_CONTENDERS, help="only these")
    parser.add_argument("--no-router", action="store_true", help="leave the router and RabbitMQ's shovel out")
    parser.add_argument("--profile", type=Path, help="write one of ours (cProfile); it is slower meanwhile")
    arguments = parser.parse_args()
    names = arguments.contender or _CONTENDERS
    folder = Path("var/bench/bridge").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with RabbitNode(folder / "node", prefer="program") as node, Sink() as sink:
        bench = Bench(node, sink, folder, arguments.profile)
        rounds = [_tell(bench.round(name, arguments.messages)) for _ in range(arguments.rounds) for name in names]
        sink.ask(f"delay?{_LATENCY_MS}")
        slow = [
            _tell(bench.round(OURS, arguments.messages), f", {_LATENCY_MS} ms")
            for _ in range(arguments.rounds if OURS in names else 0)
        ]
        sink.ask("delay?0")
        took = {name: _p99_ms(bench.latency_s(name)) for name in names if name != MQ_BRIDGE}
    routed = [] if arguments.no_router else shovel.measure(folder / "shovel", _SHOVEL_ROUNDS, _SHOVEL_MESSAGES)
    sys.stdout.writelines(shovel.lines(routed) if routed else ())
    found = {**figures(rounds, slow, took), **(shovel.figures(routed) if routed else {})}
    for name, figure in found.items():
        sys.stdout.write(f"{name:<24}{figure:>10.2f}  {verdict(name, figure)}\n")
    document = {
        **found,
        "settings": {
            "messages": arguments.messages,
            "rounds": arguments.rounds,
            "prefetch": _PREFETCH,
            "batch": _BATCH,
            "in_c": bench.in_c,
        },
        "versions": {"python": python.told(bench.python), "pika": version("pika"), **PACKAGES},
        "rounds": [asdict(one) for one in rounds],
        "rounds_15ms": [asdict(one) for one in slow],
        "p99_ms": took,
        **(shovel.document(routed) if routed else {}),
    }
    _FILE.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    lost = [*(one.lost for one in (*rounds, *slow)), *(one.lost for one in routed)]
    return 0 if all_hold(found, lost) else 1


def _tell(one: Round, how: str = "") -> Round:
    text = f"{one.contender + how:<14}{one.per_s:>10,.0f}/s{one.per_cpu_s:>10,.0f} a CPU s{one.lost:>4} lost\n"
    sys.stdout.write(text)
    sys.stdout.flush()
    return one


if __name__ == "__main__":
    sys.exit(main())
