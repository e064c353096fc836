"""Our router beside RabbitMQ's own shovel, between the same two queues of one node, both with publisher confirms.

    python -m tests.bench.bridge.shovel [--rounds 3] [--messages 20000] [--profile FILE]

In turns, each finds the monolith's queue of a family full and the one behind it empty, and moves every message. The
router is `python -m bridge route` as it is deployed, its journal on, in the stage in which the monolith alone acts;
its control table and ledger are a stand-in. The shovel is a dynamic one, `on-confirm`, within the node; and once more
as the router does it, over a socket and one message at a time, which tells how much of the distance that is. Whoever
moves, the queue behind is counted a hundred times a second, and held against what was published once all is there.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pika

from bridge.topology import legacy_queue, route_queues
from contracts import naming
from contracts.registry import CARD_TRANSACTION, NOTIFICATIONS
from infra.local.process import Child, LocalProgramError
from infra.local.rabbitmq import RabbitNode
from tests.bench.bridge.field import Filling, cpu_s, digest_of, fill
from tests.bench.bridge.plugin import ShovelNode
from tests.rig.aws import Aws
from tests.rig.broker import Broker

ROUTER, SHOVEL, ONE_BY_ONE = "router", "shovel", "shovel, one by one"
_FILE = Path("var/bench/shovel.json")
_REPOSITORY = Path(__file__).resolve().parents[3]
_STACK = "bench"
_SOURCE = CARD_TRANSACTION.legacy_queue
_TARGET = legacy_queue(CARD_TRANSACTION).name
_COPIES = 100_000
"""The router's default, which queues of copies have to be declared with."""
_PREFETCH = 1_000
"""Of the shovel: its default; 2,000 and 5,000 are no faster here."""
_WITHIN = "amqp://"
"""To the shovel, its own node, without a socket between: faster than with one."""
_LOOK_S = 0.01
_ROUND_S = 600.0
_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class Round:
    """One contender, once."""

    contender: str
    messages: int
    counted: int
    """How many came in `wall_s`: between the first look that found any, and the one that found all."""
    wall_s: float
    cpu_s: float | None
    """Of its process meanwhile; None for the shovel, which is a part of the node."""
    node_cpu_s: float
    """Of the node meanwhile, the shovel included."""
    lost: int
    """How many are too few, or too many, in the queue behind; -1 where as many came and not the same."""

    @property
    def per_s(self) -> float:
        """Messages a second."""
        return self.counted / self.wall_s


@dataclass(frozen=True, slots=True)
class _Look:
    found: int
    at_s: float
    cpu_s: float
    node_cpu_s: float


class ShovelBench:
    """One node, and whoever moves messages between two of its queues."""

    def __init__(self, node: RabbitNode, folder: Path, profile: Path | None = None) -> None:
        """Enable the node's shovel, which restarts it. Raises LocalProgramError where it has none.

        Args:
            node: a program of this machine, and nobody else's.
            folder: for the router's journal and log.
            profile: where to write a profile of the router's loop; it is slower meanwhile.
        """
        self._node, self._folder = node, folder
        self._shovel = ShovelNode(node)
        self._broker = Broker(node.amqp_url)
        profiling = () if profile is None else ("-m", "cProfile", "-o", str(profile.resolve()))
        self._launcher = (sys.executable, *profiling, "-m", "bridge", "route")

    def round(self, name: str, messages: int) -> Round:
        """Fill the one queue, let somebody empty it into the other, and count."""
        self._prepare()
        filling = fill(self._node.amqp_url, [_SOURCE], messages)
        if name == ROUTER:
            with self._routing() as child:
                first, last = self._watch(messages, child)
        else:
            prefetch, uri = (_PREFETCH, _WITHIN) if name == SHOVEL else (1, self._node.amqp_url)
            with self._shovel.shovelling(_SOURCE, _TARGET, prefetch=prefetch, uri=uri):
                first, last = self._watch(messages, None)
        return Round(
            name,
            messages,
            last.found - first.found,
            last.at_s - first.at_s,
            last.cpu_s - first.cpu_s if name == ROUTER else None,
            last.node_cpu_s - first.node_cpu_s,
            self._lost(filling),
        )

    def _prepare(self) -> None:
        queues = [queue.name for queue in route_queues(CARD_TRANSACTION, _COPIES)]
        self._broker.delete(_SOURCE, *queues)
        with self._broker.channel() as channel:
            channel.exchange_declare(NOTIFICATIONS, "direct", durable=True)
            channel.queue_declare(_TARGET, durable=True, arguments=legacy_queue(CARD_TRANSACTION).arguments())
        origin = CARD_TRANSACTION.types[0].origin
        self._broker.declare(
            _SOURCE, CARD_TRANSACTION.legacy_queue_arguments, origin.exchange, origin.routing_key or ""
        )

    @contextlib.contextmanager
    def _routing(self) -> Iterator[Child]:
        folder = self._folder / "router"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with Aws() as aws:
            aws.dynamo.create(naming.control_table_name(_STACK), "pk", "sk")
            aws.dynamo.create(naming.ledger_table_name(_STACK), "pk")
            environment = {
                "PATH": os.environ["PATH"],
                "AMQP_URL": self._node.amqp_url,
                "STRANGLER_STACK": _STACK,
                "STRANGLER_JOURNAL": str(folder / "journal"),
                "STRANGLER_FAMILIES": CARD_TRANSACTION.name,
                **aws.environment(),
            }
            child = Child("router", self._launcher, environment=environment, folder=_REPOSITORY, log=folder / "log")
            try:
                yield child
            finally:
                child.stop(_STOP_S)

    def _watch(self, messages: int, child: Child | None) -> tuple[_Look, _Look]:
        """The first look at the queue behind that found any, and the first that found all."""
        until = time.monotonic() + _ROUND_S
        first: _Look | None = None
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(self._node.amqp_url))) as connection:
            channel = connection.channel()
            while True:
                found = channel.queue_declare(_TARGET, passive=True).method.message_count
                if found >= messages or (found and first is None):
                    used_s = 0.0 if child is None else cpu_s(child.pid)
                    look = _Look(found, time.perf_counter(), used_s, cpu_s(self._shovel.pid))
                    if first is not None:
                        return first, look
                    if found >= messages:
                        raise RuntimeError(f"{messages:,} messages are too few: all of them came between two looks")
                    first = look
                if child is not None and child.ended:
                    raise child.not_ready("ended")
                if time.monotonic() > until:
                    raise RuntimeError(f"{found:,} of {messages:,} messages were moved within {_ROUND_S:.0f} s")
                time.sleep(_LOOK_S)

    def _lost(self, filling: Filling) -> int:
        moved = self._take(_TARGET)
        if len(moved) != filling.count:
            return abs(filling.count - len(moved))
        return 0 if digest_of(moved) == filling.digest else -1

    def _take(self, queue: str) -> list[bytes]:
        bodies: list[bytes] = []
        with contextlib.closing(pika.BlockingConnection(pika.URLParameters(self._node.amqp_url))) as connection:
            for method, _, body in connection.channel().consume(queue, auto_ack=True, inactivity_timeout=1.0):
                if method is None:
                    return bodies
                bodies.append(body)
        return bodies


def measure(folder: Path, rounds: int, messages: int, profile: Path | None = None) -> list[Round]:
    """All in turns on a node of their own; raises LocalProgramError where RabbitMQ has no shovel.

    Args:
        folder: for the node, the router's journal and its log.
        rounds: of each.
        messages: a round.
        profile: where to write a profile of the router's loop; it is slower meanwhile.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with RabbitNode(folder / "node", prefer="program") as node:
        bench = ShovelBench(node, folder, profile)
        return [bench.round(name, messages) for _ in range(rounds) for name in (ROUTER, SHOVEL, ONE_BY_ONE)]


def figures(rounds: Sequence[Round]) -> dict[str, float]:
    """Messages a second of the router, divided by those of the shovel; of medians."""
    per_s = {
        name: statistics.median(one.per_s for one in rounds if one.contender == name)
        for name in {one.contender for one in rounds}
    }
    if not {ROUTER, SHOVEL, ONE_BY_ONE} <= per_s.keys():
        return {}
    return {
        "router_vs_shovel": per_s[ROUTER] / per_s[SHOVEL],
        "router_vs_shovel_one_by_one": per_s[ROUTER] / per_s[ONE_BY_ONE],
    }


def lines(rounds: Sequence[Round]) -> Iterator[str]:
    """A line for each round."""
    for one in rounds:
        own = "-" if one.cpu_s is None else f"{one.cpu_s / one.counted * 1e6:,.0f}"
        node = f"{one.node_cpu_s / one.counted * 1e6:,.0f}"
        yield f"{one.contender:<20}{one.per_s:>8,.0f}/s{own:>7} us CPU, the node{node:>6} us{one.lost:>4} lost\n"


def document(rounds: Sequence[Round]) -> dict[str, Any]:
    """The figures with what they were made of."""
    settings = {"shovel_prefetch": _PREFETCH, "shovel_uri": _WITHIN, "ack_mode": "on-confirm"}
    return {**figures(rounds), "shovel_settings": settings, "shovel_rounds": [asdict(one) for one in rounds]}


def main() -> int:
    """Measure, print a table, and write var/bench/shovel.json; 1 where something was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bridge.shovel")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=20_000, help="a round")
    parser.add_argument("--profile", type=Path, help="write one of the router (cProfile); it is slower meanwhile")
    arguments = parser.parse_args()
    folder = _FILE.parent.resolve() / "shovel"
    try:
        rounds = measure(folder, arguments.rounds, arguments.messages, arguments.profile)
    except LocalProgramError as error:
        sys.exit(str(error))
    sys.stdout.writelines(lines(rounds))
    sys.stdout.writelines(f"{name:<28}{figure:>8.3f}\n" for name, figure in figures(rounds).items())
    _FILE.write_text(json.dumps(document(rounds), indent=2) + "\n", "utf-8")
    return 1 if any(one.lost for one in rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
