"""The demo's second act: the router takes over, a family goes live, fails, is mended, is replayed, and goes back.

Everything that an operator would do is done by the operator's own commands, while the monolith goes on publishing.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts import naming
from contracts.registry import FAMILIES
from infra.local.process import Child, NotReadyError
from infra.package import Patch
from ops.audit import LOST, TWICE, read_monolith, read_published, read_records
from ops.demo.scene import STACK, Scene
from ops.demo.watch import watch
from ops.exit_code import ExitCode
from ops.ledger import Ledger
from ops.session import dynamodb_client

FAMILY = "payin"
"""The family that moves."""

_LOOKS = 10
_LOOK_AGAIN_S = 1.0
_TOLD = 2000
"""Characters of what a failed command has said that are passed on: what stands against a move is on its stdout."""
_RATE = 15.0
"""Messages a second while authority moves: slow enough that every step meets some."""
_TRAFFIC = {"take-over": (180, 101), "live": (150, 102), "after": (60, 113), "back": (90, 104)}
"""Messages and seed of each stretch; `after` begins when the switch is done."""

_REFUSES_CANCELED = Patch(
    "workers/logic/payin.py",
    "    amount = to_float(payin.amount)\n",
    "    if payin.payinStatus == 'CANCELED':\n"
    "        from workers.logic.decision import RejectedMessageError\n"
    "        raise RejectedMessageError('status')\n"
    "    amount = to_float(payin.amount)\n",
)
"""What a hurried deployment breaks: cancelled payins are refused."""


@dataclass(frozen=True, slots=True)
class Move:
    """What the second act has shown."""

    family: str
    legacy_after_switch: int
    """Messages published after the switch that the monolith processed before authority went back."""
    new_after_switch: int
    """The same, processed by the new side."""
    lost: int
    twice: int
    back_ok: bool
    replayed: int
    audit: dict[str, Any]

    @property
    def succeeded(self) -> bool:
        """Nothing lost or twice, and each side acted when it was its turn."""
        moved = not self.legacy_after_switch and self.new_after_switch > 0
        return (
            moved and self.back_ok and self.replayed > 0 and not (self.lost or self.twice or self.audit["unexpected"])
        )

    def document(self) -> dict[str, Any]:
        """As it is written to `summary.json`, under `cutover`."""
        names = ("family", "legacy_after_switch", "new_after_switch", "lost", "twice", "back_ok")
        return {name: getattr(self, name) for name in names}


def move(scene: Scene, tell: Callable[[str], None]) -> Move:
    """Play the second act. Raises NotReadyError where a command of the operator fails."""
    act = _Act(scene, tell)
    act.take_over()
    act.go_live()
    replayed = act.break_and_mend()
    legacy_after, new_after = act.acted("after")
    back_ok = act.go_back()
    finding = scene.final_audit(scene.places.published, *act.logs)
    return Move(
        FAMILY,
        legacy_after,
        new_after,
        sum(finding[name] for name in LOST),
        sum(finding[name] for name in TWICE),
        back_ok,
        replayed,
        finding,
    )


class _Act:
    """The steps, in their order."""

    def __init__(self, scene: Scene, tell: Callable[[str], None]) -> None:
        self._scene = scene
        self._tell = tell
        self._ledger = Ledger(dynamodb_client(STACK), STACK)
        self.logs: list[Path] = []

    def take_over(self) -> None:
        """From tap to intercept, without a gap: see docs/cut-over.md."""
        publisher = self._publish("take-over")
        self._scene.monolith.leave()
        self._scene.fleet.start("route")
        self._scene.monolith.consume(routed=True)
        for family in FAMILIES:
            self._operate("cutover", "shadow", family.name, *_EXECUTE)
        self._scene.fleet.stop("shipper")
        self._scene.fleet.start("ship", {"STRANGLER_TAP": "none"})
        self._scene.fleet.start("return")
        self._tell("the router stands before the monolith; every family is in shadow")
        self._settle(publisher)

    def go_live(self) -> None:
        """Move authority to the new side while messages arrive."""
        publisher = self._publish("live")
        self._operate("cutover", "live", FAMILY, *_EXECUTE)
        self._tell(f"{FAMILY} is live: the new side alone processes it")
        self._settle(publisher)

    def break_and_mend(self) -> int:
        """Deploy a bug, find the dead letters, mend, replay; returns how many messages were replayed."""
        self._scene.replace_code(FAMILY, [_REFUSES_CANCELED])
        self._settle(self._publish("after", rate=0))
        letters = self._letters(sum(self._rejected(one) for one in self._published("after")))
        self._tell(f"a bug was deployed: {letters} dead letters")
        self._scene.replace_code(FAMILY, [])
        plan = str(self._scene.places.folder / "replay.json")
        self._operate("replay", "plan", "--file", plan, "--family", FAMILY, "--reason", "the demo's bug is mended")
        self._operate("replay", "run", plan, "--execute")
        left = self._letters(0)
        self._tell(f"the bug is mended: {letters - left} of them replayed")
        return letters - left

    def _letters(self, expected: int) -> int:
        """How many of the family's letters are open; waits some time for as many as are expected."""
        for _ in range(_LOOKS):
            listed = json.loads(self._operate("dlq", "list", "--family", FAMILY, "-o", "json", attention=True))
            if len(listed) == expected:
                break
            time.sleep(_LOOK_AGAIN_S)
        return len(listed)

    def _rejected(self, message_id: str) -> bool:
        entry = self._ledger.entry(message_id)
        return entry is not None and entry.candidate_ending == "rejected"

    def acted(self, stretch: str) -> tuple[int, int]:
        """How many of the family's messages of a stretch each side has in its journal: the monolith, the new side."""
        ids = self._published(stretch)
        client: Any = self._scene.session().client("dynamodb")
        legacy = read_monolith(self._scene.places.database).journal
        new = read_records(client, naming.records_table_name(STACK)).journal
        return sum(legacy[one] > 0 for one in ids), sum(new[one] > 0 for one in ids)

    def go_back(self) -> bool:
        """Move authority back: the monolith catches up first. Whether it acts again, and both sides agree."""
        publisher = self._publish("back")
        self._operate("cutover", "back", FAMILY, *_EXECUTE)
        self._tell(f"{FAMILY} is back: the monolith has caught up and acts again")
        self._settle(publisher)
        legacy, new = self.acted("back")
        shown = json.loads(self._operate("cutover", "show", FAMILY, "-o", "json"))
        return legacy == new > 0 and _stage(shown) == "shadow"

    def _published(self, stretch: str) -> frozenset[str]:
        """Ids of the family's messages."""
        published = read_published(self._log(stretch))
        return frozenset(one for one, (type_name, _) in published.items() if type_name.startswith(f"{FAMILY}."))

    def _settle(self, publisher: Child) -> None:
        """Wait until all that was published is judged."""
        logs = (self._scene.places.published, *self.logs)
        watch(self._ledger, logs, self._scene.places.database, lambda: not publisher.ended)
        if publisher.code != 0:
            raise publisher.not_ready("was stopped")

    def _publish(self, stretch: str, rate: float = _RATE) -> Child:
        messages, seed = _TRAFFIC[stretch]
        log = self._log(stretch)
        self.logs.append(log)
        return self._scene.publish(messages, seed, rate, log)

    def _log(self, stretch: str) -> Path:
        return self._scene.places.folder / f"published-{stretch}.ndjson"

    def _operate(self, *arguments: str, attention: bool = False) -> str:
        """Run a command; its standard output. Args: attention: whether it may find something that needs a look."""
        done = self._scene.operate(*arguments)
        if done.returncode not in ((ExitCode.OK, ExitCode.ATTENTION) if attention else (ExitCode.OK,)):
            told = "\n".join(text.strip()[-_TOLD:] for text in (done.stdout, done.stderr) if text.strip())
            raise NotReadyError(f"{_words(arguments)} ended with {done.returncode}: {told}")
        return done.stdout


_EXECUTE = ("--execute", "--reason", "strangler demo")


def _stage(shown: Any) -> str:
    record = shown[0] if isinstance(shown, list) else shown
    return str(record.get("stage"))


def _words(arguments: Sequence[str]) -> str:
    return " ".join(("strangler", *arguments))
