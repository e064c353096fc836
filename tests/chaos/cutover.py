"""`make chaos-cutover`: authority moves and goes back while whoever takes part is killed, at every named point.

    python -m tests.chaos.cutover [--runs 30] [--seed 1]

One deployment, many runs: in each the monolith publishes, a family goes live, its dead letters are replayed, it goes
back; at one point of every program, chosen by the run's seed, that program is killed (kill -9), and started again as a
supervisor or an operator would. The independent audit counts after each run. A run is repeated by its seed.
"""

import argparse
import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from msgspec import structs

from bridge.port import Delivery
from bridge.sqs import SqsSink
from bridge.translator import notification_translator
from contracts import naming
from contracts.envelope import AmqpFacts, Stamp, read_envelope, write_envelope
from contracts.registry import FAMILIES, PAYIN
from infra.local.process import Child
from infra.package import Patch
from ops.audit import LOST, TWICE, read_published
from ops.demo.scene import STACK, Scene
from tests.bug import refuses_validated
from tests.chaos.kill import FOLDER_VARIABLE, KillFolder
from tests.fakes.message import payin
from tests.patience import eventually

FAMILY = "payin"
REPOSITORY = Path(__file__).resolve().parents[2]
ROUTERS = ("router", "router-2")
LAUNCHER = (sys.executable, "-m", "tests.chaos.launch")

MOVE = (
    "cutover.audited", "cutover.begun", "cutover.confirmed", "cutover.quiesced", "cutover.verified",
    "cutover.switched", "cutover.released", "cutover.settled",
)  # fmt: skip
CATCH_UP = ("catchup.published",)
ROUTER = (
    "router.registered", "router.decided", "router.journalled", "router.published", "router.acknowledged",
    "router.fenced", "router.released-one",
)  # fmt: skip
OUTLET = (
    "outlet.opened", "outlet.sent", "outlet.sent.event", "outlet.sent.webhook", "outlet.sent.message", "outlet.noted",
)  # fmt: skip
RETURN = ("return.received", "return.published", "return.deleted")
WORKER = (
    "worker.decided", "worker.committed", "worker.dead-lettered", "worker.held", "letters.sealed", "letters.indexed",
)  # fmt: skip
REPLAY = ("replay.audited", "replay.marked", "replay.sent", "replay.noted", "replay.resolved")
POINTS = (*MOVE, *CATCH_UP, *ROUTER, *OUTLET, *RETURN, *WORKER, *REPLAY)

FAULTS = (*LOST, *TWICE, "unexpected")
_STREAM = ("router.decided", "router.journalled", "router.published", "router.acknowledged", *OUTLET, *RETURN, *WORKER)
"""Points that every message passes: any of several may be the one."""
_TRIES = 8
_SETTLED_WITHIN_S = 180.0
_VISIBILITY_S = "10"
"""A message that a killed function had comes back after this, not after the deployment's three minutes."""


class Chaos:
    """One deployment under fire."""

    def __init__(self, folder: Path) -> None:
        self.kills = KillFolder(folder / "kills")
        self._bug = folder / "bug"
        self.scene = Scene(folder / "scene", [self._hooked(), refuses_validated(self._bug)])
        self._logs: list[Path] = []
        self._times: list[float] = []
        self._stopping = threading.Event()
        self._watch = threading.Thread(target=self._supervise, daemon=True)

    @contextlib.contextmanager
    def ready(self) -> Iterator["Chaos"]:
        """The deployment with its router in place and every family in shadow."""
        with self.scene as scene:
            scene.environment[FOLDER_VARIABLE] = str(self.kills.folder)
            self._shorten_visibility()
            scene.monolith.leave()
            scene.fleet.stop("shipper")
            for name in ROUTERS:
                scene.fleet.start("route", self._settings(name), name=name, launcher=LAUNCHER)
            scene.monolith.consume(routed=True)
            for family in FAMILIES:
                self.operate("cutover", "shadow", family.name, "--execute", "--reason", "chaos")
            scene.fleet.start("ship", {"STRANGLER_TAP": "none"})
            scene.fleet.start("return", launcher=LAUNCHER)
            self._watch.start()
            try:
                yield self
            finally:
                self._stopping.set()
                self._watch.join()

    def run(self, seed: int) -> dict[str, Any]:
        """One move and back; returns the audit's finding over all runs so far. Raises AssertionError where it fails."""
        random = Random(seed)
        self._times = [time.monotonic()]
        publisher = self._publish(60, seed)
        self._arm(random, seed, MOVE, ROUTER)
        self.operate_until_done("cutover", "live", FAMILY, "--execute", "--reason", f"chaos {seed}")
        self._finish(publisher)
        self._passed()
        self._arm(random, seed, OUTLET, RETURN, WORKER)
        self._bug.touch()
        self._send_stale(seed)
        self._finish(self._publish(40, seed + 10_000))
        self._settled()
        self._bug.unlink()
        self._passed()
        self._replay(random, seed)
        self._passed()
        publisher = self._publish(40, seed + 20_000)
        self._arm(random, seed, (*MOVE[::-1], *CATCH_UP), ROUTER[::-1])
        self.operate_until_done("cutover", "back", FAMILY, "--execute", "--reason", f"chaos {seed}")
        self._finish(publisher)
        self.kills.disarm()
        self._settled()
        self._passed()
        return self.scene.final_audit(*self._logs)

    @property
    def lasted(self) -> str:
        """How long each part of the last run took, in seconds."""
        names = ("live", "act", "replay", "back")
        return ", ".join(
            f"{name} {end - begin:.0f}" for name, begin, end in zip(names, self._times, self._times[1:], strict=False)
        )

    def _passed(self) -> None:
        self._times.append(time.monotonic())

    def operate(self, *arguments: str, ends_with: Sequence[int] = (0,)) -> str:
        """Run a command of the operator that nobody kills; its standard output."""
        done = self.scene.operate(*arguments)
        assert done.returncode in ends_with, f"{' '.join(arguments)}: {done.returncode}: {done.stderr[-3000:]}"
        return done.stdout

    def operate_until_done(self, *arguments: str) -> None:
        """Run a command until it ends well, as an operator does whose terminal is gone now and then."""
        for _ in range(_TRIES):
            done = self.scene.operate(*arguments, launcher=LAUNCHER)
            if done.returncode == 0:
                return
            time.sleep(1)
        raise AssertionError(f"{' '.join(arguments)} never ended well: {done.returncode}: {done.stderr[-3000:]}")

    def _replay(self, random: Random, seed: int) -> None:
        plan = self.scene.places.folder / f"replay-{seed}.json"
        refused = sum(item.get("candidate_ending", {}).get("S") == "rejected" for item in self._entries().values())
        eventually(lambda: self._letters() == refused, _SETTLED_WITHIN_S, f"{refused} letters are indexed")
        if not refused:
            return
        self._arm(random, seed, REPLAY)
        self.operate("replay", "plan", "--file", str(plan), "--family", FAMILY, "--reason", "chaos: mended")
        self.operate_until_done("replay", "run", str(plan), "--execute")
        eventually(lambda: self._letters() == 0, _SETTLED_WITHIN_S, "no letter is left")

    def _letters(self) -> int:
        return len(json.loads(self.operate("dlq", "list", "--family", FAMILY, "-o", "json", ends_with=(0, 1))))

    def _arm(self, random: Random, seed: int, *groups: Sequence[str]) -> None:
        self.kills.disarm()
        for group in groups:
            point = group[seed % len(group)]
            self.kills.arm(point, random.choice((0, 1, 3)) if point in _STREAM else 0)
            if point == "router.registered":
                self.kills.arm("router.acknowledged")  # which makes it start again, and register

    def _publish(self, messages: int, seed: int) -> Child:
        log = self.scene.places.folder / f"published-{seed}.ndjson"
        self._logs.append(log)
        return self.scene.publish(messages, seed, 25.0, log)

    def _finish(self, publisher: Child) -> None:
        eventually(lambda: publisher.ended, _SETTLED_WITHIN_S, "the publisher ends")
        assert publisher.code == 0, publisher.log.read_text("utf-8")

    def _settled(self) -> None:
        """Wait until every published message is judged, and nothing that is to leave waits."""

        def settled() -> bool:
            published = read_published(*self._logs)
            items = self._entries()
            judged = all("verdict" in items.get(one, {}) for one in published)
            due = any(item.get("comparison", {}).get("S") == "due" for item in items.values())
            waiting = any(item.get("outlet", {}).get("S") in ("pending", "waiting") for item in items.values())
            return judged and not due and not waiting

        eventually(settled, _SETTLED_WITHIN_S, "everything is judged, and every effect has left")

    def _entries(self) -> dict[str, Any]:
        """The ledger's entries, without what is sealed in them."""
        client: Any = self.scene.session().client("dynamodb")
        pages = client.get_paginator("scan").paginate(
            TableName=naming.ledger_table_name(STACK),
            ConsistentRead=True,
            ProjectionExpression="pk, verdict, comparison, candidate_ending, #outlet",
            ExpressionAttributeNames={"#outlet": "outlet"},
        )
        return {item["pk"]["S"]: item for page in pages for item in page["Items"]}

    def _send_stale(self, seed: int) -> None:
        """A message with a stale stamp, as a redrive by hand leaves one: it is held, and stamped anew."""
        message_id, key = f"stale-{seed}", f"late-{seed}"
        facts = AmqpFacts("notifications", "payin.create", redelivered=False, properties={"message_id": message_id})
        entry = notification_translator(PAYIN, time.time)(Delivery("", payin(message_id, key), facts, {}, tag=0))
        envelope = write_envelope(structs.replace(read_envelope(entry.envelope), stamp=Stamp("new", 0)))
        queue = naming.queue_name(STACK, FAMILY, ordered=PAYIN.ordered)
        SqsSink(self.scene.session().client("sqs")).send(queue, [structs.replace(entry, envelope=envelope)])
        log = self.scene.places.folder / f"published-stale-{seed}.ndjson"
        log.write_text(json.dumps({"id": message_id, "type": "payin.create", "key": key}) + "\n", "utf-8")
        self._logs.append(log)

    def _shorten_visibility(self) -> None:
        client: Any = self.scene.session().client("sqs")
        for url in client.list_queues()["QueueUrls"]:
            client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": _VISIBILITY_S})

    def _hooked(self) -> Patch:
        """Lets the functions die at points too: their package knows nothing of tests."""
        old = "_hook: Callable[[str], None] | None = None\n"
        folder = str(self.kills.folder)
        new = (
            f"import pathlib, sys\nsys.path.append({str(REPOSITORY)!r})\n"
            f"from tests.chaos.kill import KillFolder\n_hook = KillFolder(pathlib.Path({folder!r})).reach\n"
        )
        return Patch("contracts/point.py", old, new)

    def _supervise(self) -> None:
        """Start again what was killed."""
        while not self._stopping.wait(0.2):
            for name in ROUTERS:
                if self.scene.fleet.ended(name):
                    self.scene.fleet.launch("route", self._settings(name), name=name, launcher=LAUNCHER)
            if self.scene.fleet.ended("returner"):
                self.scene.fleet.launch("return", launcher=LAUNCHER)

    def _settings(self, router: str) -> dict[str, str]:
        """A journal of its own for each router: one of them is active, the other stands by."""
        return {"STRANGLER_JOURNAL": str(self.scene.places.folder / router)}


def main() -> int:
    """Run, print one line a run and the hits of every point; 0 if nothing was lost or done twice and each point hit."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.cutover", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others follow")
    parser.add_argument("--folder", type=Path, help="where logs stay; a temporary one by default")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = arguments.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        chaos = stack.enter_context(Chaos(folder).ready())
        failed = False
        for seed in range(arguments.seed, arguments.seed + arguments.runs):
            finding = chaos.run(seed)
            figures = {name: finding[name] for name in FAULTS}
            failed = failed or any(figures.values())
            counted = ", ".join(f"{name} {count}" for name, count in figures.items())
            sys.stdout.write(f"seed {seed}: {finding['published']} published, {counted}; seconds: {chaos.lasted}\n")
            sys.stdout.flush()
        hits = chaos.kills.hits()
    lost = sum(finding[name] for name in FAULTS if name.endswith("lost"))
    twice = sum(finding[name] for name in FAULTS if name.endswith("twice"))
    sys.stdout.write(f"lost {lost}, twice {twice}\n")
    for point in POINTS:
        sys.stdout.write(f"{point:<24} {hits[point]:>3} kills\n")
    missed = [point for point in POINTS if not hits[point]]
    sys.stdout.write(f"points never hit: {', '.join(missed) or 'none'}\n")
    return 1 if failed or missed else 0


if __name__ == "__main__":
    sys.exit(main())
