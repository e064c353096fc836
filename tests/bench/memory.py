"""`make bench-memory`: resident memory of the shipper while messages of a megabyte go through it.

    python -m tests.bench.memory [--seconds 60]

Half of the messages fit into SQS, half go by claim check; the sink is slow for a third of the time, and away for half
of another third, when as much as the budget lets is in hand. Thousands of small messages go before, so that the broker
was granted a large prefetch when the first large one comes.
"""

import argparse
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pika

from contracts import naming
from contracts.registry import CARD_TRANSACTION, FAMILIES, NOTIFICATIONS
from infra.local.process import Child
from tests.chaos.ground import Ground
from tests.rig.aws import Aws

STACK = "memory"
LIMIT_MB = 200
_REPOSITORY = Path(__file__).resolve().parents[2]
_LOOK_S = 0.25
_BODIES = (b"x" * 1_000_000, b"y" * 1_048_576)
_SMALL = 3_000
_SMALL_S = 60.0
_MOST_WAITING = 200
_LATENCY_S = 0.2


@dataclass(frozen=True, slots=True)
class Course:
    """What was seen, in megabytes of resident memory."""

    idle: float
    first_third: float
    """The most that was seen while the sink was quick."""
    second_third: float
    """While it was slow."""
    last_third: float
    """While it was away for half of the time."""
    shipped: int

    @property
    def most(self) -> float:
        """The most of all."""
        return max(self.first_third, self.second_third, self.last_third)


def measure(folder: Path, seconds: float) -> Course:
    """Run the shipper for so long."""
    with Ground(folder / "node") as ground, Aws() as aws:
        ground.prepare(routed=False)
        for family in FAMILIES:
            aws.sqs.create(naming.queue_name(STACK, family.name, ordered=family.ordered))
        for name in (naming.outcome_queue_name(STACK), naming.invalid_queue_name(STACK)):
            aws.sqs.create(name)
        aws.s3.makes_buckets = True
        environment = {
            "PATH": "/usr/bin:/bin",
            **aws.environment(),
            "AMQP_URL": ground.node.amqp_url,
            "STRANGLER_STACK": STACK,
            "STRANGLER_JOURNAL": str(folder / "journal"),
            "STRANGLER_CLAIM_BUCKET": f"{STACK}-claims",
        }
        command = [sys.executable, "-m", "bridge", "ship"]
        with Child("ship", command, environment=environment, folder=_REPOSITORY, log=folder / "ship.log") as child:
            return _watch(child, ground, aws, seconds)


def _watch(child: Child, ground: Ground, aws: Aws, seconds: float) -> Course:
    while '"shipping"' not in child.log.read_text("utf-8"):
        if child.ended:
            raise child.not_ready("ended")
        time.sleep(_LOOK_S)
    idle = resident_mb(child.pid)
    stopping = threading.Event()
    publisher = threading.Thread(target=_publish, args=(ground, stopping))
    publisher.start()
    seen: list[float] = []
    try:
        _await_large(aws, child)
        for third in range(3):
            aws.latency_s = _LATENCY_S if third else 0.0
            if third == 2:
                aws.leave(seconds / 6)
            seen.append(_most(child.pid, seconds / 3))
    finally:
        stopping.set()
        publisher.join()
    shipped = sum(one.stored == "new" for one in aws.sqs.history)
    return Course(idle, seen[0], seen[1], seen[2], shipped - _SMALL)


def _await_large(aws: Aws, child: Child) -> None:
    until = time.monotonic() + _SMALL_S
    while len(aws.sqs.history) <= _SMALL:
        if child.ended or time.monotonic() > until:
            raise child.not_ready(f"{len(aws.sqs.history)} of {_SMALL} small messages shipped")
        time.sleep(_LOOK_S)


def _publish(ground: Ground, stopping: threading.Event) -> None:
    """Keep some messages waiting in the tap, so that the shipper is always busy, and the disk is not."""
    tap = naming.tap_queue_name(CARD_TRANSACTION.name)
    with ground.channel(confirmed=False) as channel:
        for number in range(10**6):
            small = number < _SMALL
            if stopping.is_set():
                return
            while (
                not small
                and number % 20 == 0
                and channel.queue_declare(tap, passive=True).method.message_count > _MOST_WAITING
            ):
                if stopping.wait(0.05):
                    return
            properties = pika.BasicProperties(message_id=f"m{number}", delivery_mode=2)
            key = CARD_TRANSACTION.types[0].origin.routing_key
            channel.basic_publish(
                NOTIFICATIONS, key, (b"" if small else _BODIES[number % 2]) + b"%d" % number, properties
            )


def _most(pid: int, seconds: float) -> float:
    until, most = time.monotonic() + seconds, 0.0
    while time.monotonic() < until:
        most = max(most, resident_mb(pid))
        time.sleep(_LOOK_S)
    return most


def resident_mb(pid: int) -> float:
    """Resident memory of a process and its children, in megabytes (proc(5), VmRSS)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0) / 1000
    return own + sum(map(resident_mb, map(int, children)))


def main() -> int:
    """Measure, print, and fail over the limit."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.memory", description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        course = measure(Path(folder), arguments.seconds)
    sys.stdout.write(
        f"resident, MB: idle {course.idle:.0f}; at most {course.first_third:.0f} with a quick sink, "
        f"{course.second_third:.0f} with a slow one, {course.last_third:.0f} while it is away; "
        f"{course.shipped} messages of a megabyte in {arguments.seconds:.0f} s; limit {LIMIT_MB}\n"
    )
    return 0 if course.most < LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
