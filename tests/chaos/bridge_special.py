"""Runs with a trouble of their own: the broker restarts, one message in 16,000 fails, the sink is away for a minute."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from random import Random

from contracts import naming
from tests.chaos.bridge_result import Result
from tests.chaos.bridge_run import Run
from tests.chaos.ground import Ground
from tests.chaos.traffic import draw as draw_posts
from tests.chaos.traffic import publish
from tests.chaos.trouble import Event, SinkFault, Trouble, draw
from tests.rig.fault import Fault

ONE_IN = 16_000
"""AWS's own rate of InternalError per entry (github.com/aws/aws-sdk-java, issue 2562)."""
SPECIAL = ("broker restart", "one in 16,000", "sink away for long")


class _RestartRun(Run):
    """The broker is stopped in good order and started again while the bridge has messages in hand."""

    def _perform(self) -> None:
        super()._perform()
        restart = threading.Thread(target=self._ground.node.restart)
        restart.start()
        while restart.is_alive():
            self._supervise()
            time.sleep(0.05)
        restart.join()
        self._events["broker restart"] += 1


def restart_run(ground: Ground, seed: int, folder: Path) -> Result:
    """A run by its seed, with the broker restarted when all is published and little of it is settled."""
    plain = draw(seed)
    slow = SinkFault(Fault.SLOW, times=20, skip=0, seconds=0.3)
    trouble = Trouble(seed, plain.routed, plain.shippers, plain.kills, (slow,), (), plain.heartbeat_s)
    return _RestartRun(ground, trouble, folder).play()


class _BulkRun(Run):
    """Publishes without waiting for each confirm; the broker has all of it before the bridge has to have it."""

    def _publish(self) -> None:
        with self._ground.channel(confirmed=False) as channel:
            self._published += publish(channel, self._posts)
            channel.queue_declare(naming.INVALID_MESSAGE_QUEUE, passive=True)  # answered after all before it


def one_in_many(ground: Ground, folder: Path) -> Result:
    """More than 16,000 messages, of which one is answered InternalError."""
    fault = SinkFault(Fault.ENTRY_INTERNAL, times=1, skip=ONE_IN)
    posts = draw_posts(Random(ONE_IN), ONE_IN + 500)
    trouble = Trouble(0, routed=False, shippers=1, kills=(), faults=(fault,), events=())
    run = _BulkRun(ground, trouble, folder, posts=posts)
    result = run.play()
    return _noted(result, SPECIAL[1], result.hits.get(Fault.ENTRY_INTERNAL.value, 0))


def sink_away(ground: Ground, folder: Path, away_s: float) -> Result:
    """The sink is away for long: nothing is put aside for it, and all of it arrives."""
    away = Event(0.2, "sink away", away_s)
    trouble = Trouble(0, routed=False, shippers=1, kills=(), faults=(), events=(away,))
    result = Run(ground, trouble, folder).play()
    poison = 2  # what every run has: one that cannot be read, one that SQS refuses
    aside = sum(result.finding.set_aside.values())
    wrong = () if aside == poison else (f"{aside} put aside instead of {poison}",)
    return _noted(result, SPECIAL[2], 1, *wrong)


def _noted(result: Result, name: str, hits: int, *unexpected: str) -> Result:
    return replace(result, hits={**result.hits, name: hits}, unexpected=(*result.unexpected, *unexpected))
