"""One run of the bridge under fire: publish, break, wait until all is settled, judge the history and the journals."""

import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

from bridge.delivery_reading import read_deliveries
from bridge.journal_file import database_path
from bridge.reconciliation import reconcile
from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.control_item import write_authority
from contracts.parked import PARKED_TYPE, read_parked
from contracts.registry import FAMILIES
from tests.chaos.allowance import Allowance, allow
from tests.chaos.arrival import find_misfits, ours, read_acceptances, read_delivered
from tests.chaos.bridge_result import Result
from tests.chaos.forked import Command, Forked
from tests.chaos.ground import ROUTED, Ground
from tests.chaos.kill import KillFolder
from tests.chaos.seat import Seat
from tests.chaos.traffic import MARK, UNREADABLE, Post, digest, draw, publish
from tests.chaos.trouble import Event, Trouble
from tests.rig.aws import Aws
from tests.rig.fault import Fault
from tests.rig.history import Accepted, Ended, Published, judge
from tests.rig.proxy import Proxy
from tests.rig.reading import read_accepted
from tests.rig.sqs import Handed

STACK = "chaos"
MESSAGES = 70
PUBLISHED_WITHIN_S = 0.6
SETTLED_WITHIN_S = 90.0
STOPPED_WITHIN_S = 15.0
DRAINED_WITHIN_S = 5
FLAWED_STOPS_WITHIN_S = DRAINED_WITHIN_S + 2.0
_LEGACY = naming.legacy_queue_name(ROUTED.name)
_HOLD = naming.hold_queue_name(ROUTED.name)
_LOST_WITHIN_S = 4.0
"""What a broken bridge has not sent after so long is lost."""
_SEEN_DEAD_S = 0.2
"""A process that has killed itself is seen to have ended within that time."""
_EMPTY_WITHIN_S = 8.0
_ENDS = (naming.OVERSIZE_QUEUE, naming.DROPPED_QUEUE)
"""Queues that nobody takes from."""
_EMPTY_LOOKS = 8
"""The broker gives back what a killed process had in hand a moment after its end."""
_CONNECTED_WITHIN_S = 10.0
_LOOK_S = 0.05


class Run:
    """One run on a swept ground."""

    def __init__(
        self,
        ground: Ground,
        trouble: Trouble,
        folder: Path,
        flaw: str | None = None,
        posts: Sequence[Post] | None = None,
    ) -> None:
        self._ground = ground
        self._trouble = trouble
        self._folder = folder
        self._flaw = flaw
        random = Random(trouble.seed)
        self._posts = posts or draw(random, MESSAGES, large=trouble.large, ordered_only=trouble.routed)
        self._published: list[Published] = []
        self._seats: list[Seat] = []
        self._events: Counter[str] = Counter()
        self._unexpected: list[str] = []
        self._left_at: list[float] = []
        """When the sink went away, breaking its connections: seconds, monotonic."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self._kills = KillFolder(folder / "kills")

    def play(self) -> Result:
        """From an empty broker to the result."""
        began = time.monotonic()
        self._ground.prepare(routed=self._trouble.routed)
        with Aws() as self._aws, Proxy(self._ground.node.port) as self._proxy:
            self._furnish()
            try:
                self._start_all()
                self._perform()
                settled = self._settle()
                self._stop_all()
            finally:
                for seat in self._seats:
                    seat.process.kill()
            return self._judge(settled=settled, seconds=time.monotonic() - began)

    def _furnish(self) -> None:
        for family in FAMILIES:
            self._aws.sqs.create(naming.queue_name(STACK, family.name, ordered=family.ordered))
        for name in (naming.outcome_queue_name(STACK), naming.invalid_queue_name(STACK)):
            self._aws.sqs.create(name)
        self._aws.s3.makes_buckets = True
        tables = naming.control_table_name(STACK), naming.ledger_table_name(STACK)
        self._aws.dynamo.create(tables[0], "pk", "sk")
        self._aws.dynamo.create(tables[1], "pk")
        record = AuthorityRecord(ROUTED.name, "live", epoch=1, stamp_epoch=1)
        item = {
            name: {"N": str(value)} if isinstance(value, int) else {"S": value}
            for name, value in write_authority(record).items()
        }
        self._aws.dynamo.put(tables[0], item)
        self._aws.faults.arm(Fault.ENTRY_REFUSED, marked=lambda entry: MARK in entry.body)
        for one in self._trouble.faults:
            self._aws.faults.arm(one.fault, times=one.times, skip=one.skip, seconds=one.seconds)
        for point, passes in self._trouble.kills:
            self._kills.arm(point, passes)

    def _start_all(self) -> None:
        commands: dict[str, Command] = {f"ship-{number}": "ship" for number in range(self._trouble.shippers)}
        if self._trouble.routed:
            commands = {"route": "route", **commands}
        for name, command in commands.items():
            self._seats.append(Seat(name, command, partial(self._start, command, name)))

    def _start(self, command: Command, name: str) -> Forked:
        environment = {
            **self._aws.environment(),
            "AMQP_URL": self._proxy.through(self._ground.node.amqp_url),
            "STRANGLER_STACK": STACK,
            "STRANGLER_JOURNAL": str(self._folder / name),
            "STRANGLER_TAP": "none" if self._trouble.routed else "all",
            "STRANGLER_FAMILIES": ROUTED.name,
            "STRANGLER_HEARTBEAT_S": str(self._trouble.heartbeat_s),
            "STRANGLER_DRAIN_S": str(DRAINED_WITHIN_S),
            "STRANGLER_CLAIM_BUCKET": f"{STACK}-claims",
        }
        return Forked(command, environment, self._folder / f"{name}.log", self._kills.folder, self._flaw)

    def _perform(self) -> None:
        """Publish on a thread of its own, and let things go wrong meanwhile."""
        publisher = threading.Thread(target=self._publish)
        publisher.start()
        began = time.monotonic()
        events = list(self._trouble.events)
        undone: list[tuple[float, Event]] = []
        while events or undone or publisher.is_alive():
            now = time.monotonic() - began
            while events and events[0].at_s <= now:
                event = events.pop(0)
                self._begin(event)
                undone.append((time.monotonic() - began + event.for_s, event))
            for one in [one for one in undone if one[0] <= now or self._over(one[1])]:
                self._end(one[1])
                undone.remove(one)
            self._supervise()
            time.sleep(0.01)
        publisher.join()

    def _publish(self) -> None:
        pause_s = PUBLISHED_WITHIN_S / len(self._posts)
        with self._ground.channel() as channel:
            for one in publish(channel, self._posts):
                self._published.append(one)
                time.sleep(pause_s)

    def _begin(self, event: Event) -> None:
        self._events[event.action] += 1
        shipper = next(seat for seat in self._seats if seat.command == "ship")
        match event.action:
            case "cut":
                self._proxy.cut()
            case "long half-open":
                self._await_call()
                self._proxy.abandon()
                if not self._proxy.dead:
                    self._unexpected.append("no line to abandon")
            case "half-open":
                self._proxy.freeze(swallow=True)
            case "refuse":
                self._proxy.refuse()
                self._proxy.cut()
            case "sink away":
                self._aws.leave()
                self._left_at.append(time.monotonic())
            case "sigterm":
                shipper.process.tell_to_stop()
            case "kill":
                shipper.process.kill()
            case "freeze" | "long freeze":
                shipper.process.freeze()

    def _end(self, event: Event) -> None:
        match event.action:
            case "half-open":
                self._proxy.thaw()
            case "long half-open" if self._proxy.dead:
                self._unexpected.append(f"a dead line was held for {event.for_s:g} s")
                self._proxy.cut()
            case "refuse":
                self._proxy.accept()
            case "sink away":
                self._aws.come_back()
            case "freeze" | "long freeze":
                for seat in self._seats:
                    seat.process.thaw()
            case _:
                pass

    def _await_call(self) -> None:
        """Until the bridge sends: it is connected, and has messages in hand."""
        until = time.monotonic() + _CONNECTED_WITHIN_S
        while not self._aws.sqs.history and time.monotonic() < until:
            self._supervise()
            time.sleep(0.01)

    def _over(self, event: Event) -> bool:
        """Whether there is nothing to wait for: every dead line was found to be one."""
        return event.action == "long half-open" and not self._proxy.dead

    def _supervise(self) -> None:
        for seat in self._seats:
            seat.supervise()

    def _settle(self) -> bool:
        """Wait until everything published is accepted or put aside, and say whether it ever was."""
        wanted = {one.digest for one in self._published}
        until = time.monotonic() + (_LOST_WITHIN_S if self._flaw else SETTLED_WITHIN_S)
        while time.monotonic() < until:
            self._supervise()
            aside = {one.digest for one in self._parked()}
            taken = {one.digest for one in self._accepted()}
            if wanted <= aside | taken:
                return True
            time.sleep(_LOOK_S)
        return False

    def _stop_all(self) -> None:
        self._kills.disarm()
        if not self._flaw:
            self._revive()
        for seat in self._seats:
            seat.tell_to_stop()
        for seat in self._seats:
            seat.stop(FLAWED_STOPS_WITHIN_S if self._flaw else STOPPED_WITHIN_S)

    def _revive(self) -> None:
        """Who was killed once everything had its place, but was not acknowledged, has that to do still, undisturbed."""
        for one in self._trouble.faults:
            if one.fault is not Fault.ENTRY_REFUSED:
                self._aws.faults.disarm(one.fault)
        time.sleep(_SEEN_DEAD_S)
        until, empty = time.monotonic() + _EMPTY_WITHIN_S, 0
        while empty < _EMPTY_LOOKS and time.monotonic() < until:
            self._supervise()
            time.sleep(_LOOK_S)
            empty = 0 if self._ground.waiting(but=(_LEGACY, _HOLD, *_ENDS)) else empty + 1
        if empty < _EMPTY_LOOKS:
            self._unexpected.append(f"not empty within {_EMPTY_WITHIN_S:g} s")

    def _accepted(self) -> Sequence[Accepted]:
        return read_accepted(self._messages(), self._aws.s3.objects)

    def _messages(self) -> Sequence[Handed]:
        return ours(self._aws.sqs.history)

    def _parked(self) -> Sequence[Ended]:
        return [
            Ended(naming.INVALID_MESSAGE_QUEUE, digest(read_parked(one.body).body))
            for one in self._aws.sqs.history
            if one.attributes.get("type") == PARKED_TYPE and one.stored != "no"
        ]

    def _judge(self, *, settled: bool, seconds: float) -> Result:
        # A held message that was released when the router was killed lies in the hold queue once more, until the ledger
        # has told what became of it: it would be sent again, under its id. That is no second place.
        accepted = {one.digest for one in self._accepted()}
        left = [one for one in self._ground.left() if not (one.queue == _HOLD and one.digest in accepted)]
        finding = judge(self._published, self._accepted(), [*self._parked(), *left])
        hits = Counter(self._aws.faults.hits) + self._kills.hits() + self._events
        # What nobody can read is the monolith's, whoever has authority.
        unreadable = {digest(one.body) for one in self._posts if one.id == UNREADABLE}
        stay = [one.queue for one in left if not (one.queue == _LEGACY and one.digest in unreadable)]
        unexpected = [*self._unexpected, *(one for seat in self._seats for one in seat.complaints)]
        unexpected += (f"left in {queue}" for queue in sorted(set(stay)))
        if finding.twice and not set(finding.twice) <= {"refused"}:
            unexpected.append(f"in two places: {', '.join(finding.twice)}")
        for seat in self._seats:
            text = seat.process.log.read_text("utf-8") if seat.process.log.exists() else ""
            if "Traceback" in text:
                unexpected.append(f"a traceback in {seat.process.log}")
        journals = [
            read_deliveries(folder, kind, 0.0) for kind in ("shipper", "router") for folder in self._folders(kind)
        ]
        return Result(
            self._trouble,
            finding,
            reconcile(journals),
            self._allow(),
            hits,
            settled,
            seconds,
            hung=tuple(seat.name for seat in self._seats if seat.process.hung),
            misfits=find_misfits(STACK, self._messages()),
            unexpected=tuple(unexpected),
        )

    def _folders(self, kind: str) -> Sequence[Path]:
        folders = (self._folder / seat.name for seat in self._seats)
        return [one for one in folders if database_path(one, kind).exists()]

    def _allow(self) -> Allowance:
        delivered = [one for folder in self._folders("shipper") for one in read_delivered(folder)]
        kills = sum(code == -signal.SIGKILL for seat in self._seats for code in seat.codes)
        acceptances = read_acceptances(self._messages(), self._aws.s3.objects, self._left_at)
        return allow(self._published, acceptances, delivered, kills=kills, routed=self._trouble.routed)
