from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from bridge.backoff import Backoff
from bridge.board import Board, Doubt
from bridge.delivery_reading import read_deliveries
from bridge.finality import UNKNOWN, Finality
from bridge.journal import ROUTER, Journal
from bridge.journal_file import JournalError
from bridge.lane import Lane
from bridge.observation import observe_router
from bridge.port import Delivery, SourceLostError
from bridge.reconciliation import QueueAccount, Reconciliation, reconcile
from bridge.router import POLL_S, Router
from bridge.snapshot import shortcomings
from bridge.stamp import stamp
from contracts import naming, point
from contracts.authority import AuthorityRecord, abandon, begin, complete, observe, settle, waive
from contracts.registry import PAYIN
from contracts.routing import Decision
from tests.fakes.clock import FakeClock
from tests.fakes.junction import USER, MemoryCrossing, MemoryJunction
from tests.fakes.message import IBAN, NAME, delivery, payin

ORIGIN = PAYIN.legacy_queue
LEGACY = naming.legacy_queue_name("payin")
SHADOW = naming.shadow_queue_name("payin")
SHIP = naming.ship_queue_name("payin")
HOLD = naming.hold_queue_name("payin")
ROUTE_POINTS = ("router.decided", "router.journalled", "router.published", "router.placed", "router.acknowledged")
AT_FIRST = AuthorityRecord("payin")
COPIED = observe(AT_FIRST, copies=True)
FENCED = begin(COPIED, "live", "run")


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Scene:
    """Routers between a broker, a control table and a clock of the test's own."""

    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    crossing: MemoryCrossing = field(default_factory=lambda: MemoryCrossing((PAYIN,)))
    ledger: Mapping[str, Finality] | None = None
    """What doubts are answered by; None while it does not answer."""

    def __post_init__(self) -> None:
        self.crossing.idle = self.clock.advance
        self.boards: list[Board] = []
        self.journals: list[Journal] = []
        self.router = self.start()

    def start(self, journal: str = "first") -> Router:
        """A router, with the journal of that name."""
        board = Board()
        kept = Journal(self.folder / journal)
        router = Router(
            self.crossing.connect,
            (PAYIN,),
            kept,
            board,
            self.clock,
            timedelta(minutes=30),
            lambda: Backoff(first_s=1, most_s=8, uniform=lambda _, most_s: most_s),
        )
        self.boards.append(board)
        self.journals.append(kept)
        router.open()
        return router

    def restart(self, journal: str = "first") -> Router:
        """The process is gone, and another one begins."""
        self.junction.lose()
        self.journals[-1].close()
        self.router = self.start(journal)
        return self.router

    @property
    def board(self) -> Board:
        return self.boards[-1]

    @property
    def junction(self) -> MemoryJunction:
        return self.crossing.junctions[-1]

    def decide(self, record: AuthorityRecord) -> None:
        for board in self.boards:
            board.decide({"payin": record})

    def switch(self, fenced: AuthorityRecord) -> AuthorityRecord:
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        return complete(fenced, "run", now)

    def publish(self, *webhook_ids: str, payin_id: str = "p1", redelivered: bool = False) -> None:
        for webhook_id in webhook_ids:
            one = delivery("payin.create", payin(webhook_id, payin_id))
            self.crossing.deliver(ORIGIN, one, redelivered=redelivered)

    def ids(self, queue: str) -> list[str]:
        """Identities of what waits in a queue of ours."""
        return [str((one.headers or {})["strangler-id"]) for one in self.crossing.waiting[queue]]

    def steps(self, count: int = 4) -> None:
        for _ in range(count):
            self.router.step()
            self.clock.advance(self.router.waits_s())
            if self.ledger is not None:
                doubts = self.board.open_questions()
                self.board.answer({doubt: self.ledger.get(doubt.id, UNKNOWN) for doubt in doubts})

    def step_until(self, reached: Callable[[], bool]) -> None:
        for _ in range(200):
            if reached():
                return
            self.steps(1)
        pytest.fail("never came to it")

    def reconciled(self) -> Reconciliation:
        """What the journals of all routers add up to."""
        folders = sorted(one for one in self.folder.iterdir() if one.is_dir())
        return reconcile([read_deliveries(folder, ROUTER, 0.0) for folder in folders])

    def report(self, router: int = -1) -> dict[str, object]:
        one = self.boards[router].reports()["payin"]
        return {
            name: getattr(one, name) for name in ("state", "confirmed_epoch", "released_epoch", "holding", "doubts")
        }


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    for journal in scene.journals:
        journal.close()


@pytest.fixture
def killed_at() -> Callable[[str], None]:
    """Ends the process at a point, once."""

    def arm(name: str) -> None:
        def kill(reached: str) -> None:
            if reached == name:
                point.hook(None)
                raise Killed

        point.hook(kill)

    return arm


@pytest.fixture(autouse=True)
def _no_point_is_left() -> Iterator[None]:
    yield
    point.hook(None)


@pytest.mark.parametrize(
    ("record", "queues"), [(AT_FIRST, (LEGACY,)), (COPIED, (LEGACY, SHADOW)), (replace(COPIED, stage="live"), (SHIP,))]
)
def test_a_message_goes_where_its_family_is_decided_to_go(
    scene: Scene, record: AuthorityRecord, queues: tuple[str, ...]
) -> None:
    scene.decide(record)
    scene.publish("w1", "w2")
    scene.steps()
    assert [queue for queue in (LEGACY, SHADOW, SHIP, HOLD) if scene.ids(queue)] == list(queues)
    assert scene.ids(queues[0]) == ["w1", "w2"]
    assert scene.crossing.bodies(ORIGIN) == []


def test_until_anything_is_known_every_message_is_held(scene: Scene) -> None:
    scene.publish("w1", "w2")
    scene.steps()
    assert scene.ids(HOLD) == ["w1", "w2"]
    scene.decide(COPIED)
    scene.publish("w3")
    scene.step_until(lambda: len(scene.ids(LEGACY)) == 3)
    assert scene.ids(LEGACY) == scene.ids(SHADOW) == ["w1", "w2", "w3"]


def test_a_message_is_published_before_it_is_acknowledged_and_written_down_before_both(scene: Scene) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    reached: list[str] = []
    point.hook(reached.append)
    scene.publish("w1")
    scene.steps(1)
    assert reached == [
        *("router.decided", "router.journalled", "router.published"),
        *("router.placed", "router.acknowledged"),
    ]
    assert scene.crossing.log == ["publish legacy", "acknowledge"]


@pytest.mark.parametrize("name", ROUTE_POINTS)
@pytest.mark.parametrize("journal", ["first", "second"])
def test_a_router_that_is_killed_loses_nothing_and_sends_nothing_elsewhere(
    scene: Scene, name: str, journal: str, killed_at: Callable[[str], None]
) -> None:
    scene.decide(COPIED)
    scene.steps()
    scene.publish("w1", "w2")
    killed_at(name)
    with pytest.raises(Killed):
        scene.steps()
    scene.restart(journal)
    scene.ledger = {}
    scene.decide(COPIED)
    scene.publish("w3")
    scene.step_until(lambda: "w3" in scene.ids(SHADOW))
    assert list(dict.fromkeys(scene.ids(LEGACY))) == ["w1", "w2", "w3"]
    assert scene.ids(LEGACY) == scene.ids(SHADOW)
    assert not scene.ids(SHIP) + scene.ids(HOLD)
    found = scene.reconciled()
    assert found.missing == ()
    assert sum(one.legacy for one in found.queues) >= 3, "from the queue itself, or by way of the hold queue"


@pytest.mark.parametrize(
    ("record", "place"), [(COPIED, "legacy"), (replace(COPIED, stage="live"), "new"), (FENCED, "held")]
)
def test_every_delivery_is_written_down_with_where_it_went(scene: Scene, record: AuthorityRecord, place: str) -> None:
    scene.decide(record)
    scene.publish("w1")
    scene.crossing.deliver(ORIGIN, delivery("payin.create", b"not json"))
    scene.steps(12)
    (account,) = [one for one in scene.reconciled().queues if one.queue == ORIGIN]
    wanted = Counter({place: 1}) + Counter({"legacy": 1})  # what nobody can read is the monolith's
    assert account == QueueAccount(ORIGIN, **wanted)


def test_what_a_router_cannot_give_anywhere_is_in_hand_and_given_back_with_its_connection(scene: Scene) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    scene.crossing.deleted.add(LEGACY)
    scene.publish("w1")
    scene.steps(1)
    assert [one.in_hand for one in scene.reconciled().queues] == [1]
    scene.junction.lose()
    scene.steps(1)
    assert [one.why for one in scene.reconciled().missing] == ["given back, and has not come again"]
    scene.ledger = {}
    scene.step_until(lambda: scene.ids(LEGACY) == ["w1"])
    assert scene.reconciled().missing == ()


def test_a_redelivered_message_goes_again_where_it_went_though_authority_has_moved(
    scene: Scene, killed_at: Callable[[str], None]
) -> None:
    scene.decide(COPIED)
    scene.publish("w1")
    killed_at("router.published")
    with pytest.raises(Killed):
        scene.steps()
    scene.restart()
    moved = settle(scene.switch(FENCED), "run")
    scene.decide(moved)
    scene.publish("w2")
    scene.step_until(lambda: scene.report()["doubts"] == 1)
    assert scene.ids(SHIP) == []
    scene.board.answer({Doubt("payin", "w1", moved.epoch, moved.stamp_epoch): Finality(control_final=True)})
    scene.step_until(lambda: scene.ids(SHIP) == ["w2"])
    assert scene.ids(LEGACY) == ["w1", "w1"]


def test_a_message_that_its_sender_publishes_again_is_decided_anew(scene: Scene) -> None:
    scene.decide(COPIED)
    scene.publish("w1")
    scene.step_until(lambda: scene.ids(LEGACY) == ["w1"])
    scene.decide(replace(COPIED, stage="live", epoch=5, stamp_epoch=5))
    scene.publish("w1")
    scene.step_until(lambda: scene.ids(SHIP) == ["w1"])


def test_behind_a_fence_messages_are_held_and_the_fence_is_confirmed(scene: Scene) -> None:
    scene.decide(COPIED)
    scene.publish("w1")
    scene.steps()
    assert scene.report()["confirmed_epoch"] == -1
    scene.decide(FENCED)
    scene.publish("w2")
    scene.steps()
    assert (scene.ids(LEGACY), scene.ids(HOLD)) == (["w1"], ["w2"])
    assert scene.report() == {
        "state": "active", "confirmed_epoch": FENCED.epoch, "released_epoch": -1, "holding": True, "doubts": 0
    }  # fmt: skip


def test_a_fence_is_not_confirmed_while_a_message_from_before_it_is_in_hand(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.decide(COPIED)
    scene.steps()
    scene.crossing.deleted |= {LEGACY, SHADOW}
    monkeypatch.setattr(scene.junction, "restore", lambda _: None)
    scene.publish("w1")
    scene.steps(1)
    scene.decide(FENCED)
    scene.steps(3)
    assert scene.report()["confirmed_epoch"] == -1
    scene.crossing.deleted.clear()
    scene.step_until(lambda: scene.report()["confirmed_epoch"] == FENCED.epoch)
    assert scene.ids(LEGACY) == ["w1"]


def test_a_fence_is_not_confirmed_while_something_may_come_again(scene: Scene) -> None:
    scene.decide(FENCED)
    scene.publish("w1", redelivered=True)
    confirmed: list[object] = []
    point.hook(lambda name: confirmed.append(list(scene.ids(HOLD))) if name == "router.fenced" else None)
    scene.steps()
    assert confirmed == [["w1"]]


def test_what_is_held_goes_first_and_in_order_to_the_side_that_has_authority_then(scene: Scene) -> None:
    scene.decide(FENCED)
    scene.publish("w1", "w2")
    scene.steps()
    scene.decide(scene.switch(FENCED))
    scene.publish("w3")
    scene.step_until(lambda: len(scene.ids(SHIP)) == 3)
    assert scene.ids(SHIP) == ["w1", "w2", "w3"]
    assert [(one.headers or {})["strangler-epoch"] for one in scene.crossing.waiting[SHIP]] == [FENCED.epoch] * 3
    assert scene.report()["released_epoch"] == FENCED.epoch
    assert scene.report()["holding"] is False


def test_after_an_abort_what_was_held_goes_where_it_would_have_gone(scene: Scene) -> None:
    scene.decide(FENCED)
    scene.publish("w1")
    scene.steps()
    scene.decide(abandon(FENCED, "run"))
    scene.step_until(lambda: scene.report()["released_epoch"] == FENCED.epoch)
    assert scene.ids(LEGACY) == scene.ids(SHADOW) == ["w1"]


def test_a_held_message_whose_router_is_killed_while_releasing_goes_the_same_way_again(
    scene: Scene, killed_at: Callable[[str], None]
) -> None:
    scene.decide(FENCED)
    scene.publish("w1", "w2")
    scene.steps()
    moved = scene.switch(FENCED)
    scene.decide(moved)
    killed_at("router.released-one")
    with pytest.raises(Killed):
        scene.steps()
    scene.restart()
    scene.decide(moved)
    scene.step_until(lambda: scene.report()["released_epoch"] == moved.epoch)
    assert scene.ids(SHIP) == ["w1", "w1", "w2"]
    assert not scene.ids(LEGACY)


def test_another_router_goes_on_releasing_by_what_the_ledger_tells(
    scene: Scene, killed_at: Callable[[str], None]
) -> None:
    scene.decide(FENCED)
    scene.publish("w1", "w2", "w3")
    scene.steps()
    moved = scene.switch(FENCED)
    scene.decide(moved)
    killed_at("router.released-one")
    with pytest.raises(Killed):
        scene.steps()
    scene.restart("second")
    scene.decide(moved)
    scene.step_until(lambda: len(scene.board.open_questions()) == 3)
    answers = {"w1": Finality(candidate="new"), "w2": Finality(control_final=True), "w3": UNKNOWN}

    def answer() -> bool:
        scene.board.answer({doubt: answers[doubt.id] for doubt in scene.board.open_questions()})
        return scene.report()["holding"] is False

    scene.step_until(answer)
    assert scene.ids(SHIP) == ["w1", "w1", "w3"]
    assert scene.ids(LEGACY) == ["w2"]


def test_a_message_in_doubt_keeps_only_its_own_key_back(scene: Scene) -> None:
    scene.decide(FENCED)
    scene.publish("w1", redelivered=True)
    scene.publish("w2")
    scene.publish("w3", payin_id="p2")
    scene.steps()
    moved = scene.switch(FENCED)
    scene.decide(moved)
    scene.publish("w4", payin_id="p2")
    scene.publish("w5")
    scene.step_until(lambda: scene.ids(SHIP) == ["w3", "w4"])
    assert scene.report()["doubts"] == 1
    assert scene.report()["released_epoch"] == -1
    assert scene.board.open_questions() == [Doubt("payin", "w1", moved.epoch, moved.stamp_epoch)]
    scene.board.answer({Doubt("payin", "w1", moved.epoch, moved.stamp_epoch): UNKNOWN})
    scene.step_until(lambda: scene.report()["released_epoch"] == FENCED.epoch)
    assert scene.ids(SHIP) == ["w3", "w4", "w1", "w2", "w5"]


def test_a_waiver_leaves_doubts_as_they_are(tmp_path: Path) -> None:
    """A row that says of no doubts in between would let a move switch."""
    journal, record = Journal(tmp_path), begin(observe(AuthorityRecord("payin"), copies=True), "live", "run")
    lane = Lane(PAYIN, Backoff(), timedelta(minutes=30), journal, Board())
    lane.adopt(record)
    lane.doubts = 1
    waived = waive(record, ["w1"], datetime(2026, 11, 21, tzinfo=UTC))
    lane.adopt(waived)
    assert (lane.record, lane.doubts) == (waived, 1)
    lane.adopt(abandon(waived, "run"))
    assert lane.doubts == 0
    journal.close()


def test_a_redelivered_message_long_after_a_move_goes_by_what_is_decided(scene: Scene) -> None:
    moved = settle(scene.switch(FENCED), "run")
    scene.clock.advance(1801)
    scene.decide(moved)
    scene.steps()
    scene.publish("w1", redelivered=True)
    scene.step_until(lambda: scene.ids(SHIP) == ["w1"])
    assert scene.board.open_questions() == []


def test_redelivered_messages_that_a_router_finds_at_its_start_wait_for_the_ledger_and_go_in_order(
    scene: Scene,
) -> None:
    moved = settle(scene.switch(FENCED), "run")
    scene.clock.advance(1801)
    scene.decide(moved)
    ids = [f"w{n}" for n in range(250)]
    scene.publish(*ids, redelivered=True)
    scene.step_until(lambda: len(scene.board.open_questions()) == len(ids))
    assert scene.ids(SHIP) == scene.ids(LEGACY) == []
    scene.ledger = {"w7": Finality(control_final=True)}
    scene.step_until(lambda: scene.report()["holding"] is False)
    assert scene.ids(SHIP) == [one for one in ids if one != "w7"]
    assert scene.ids(LEGACY) == ["w7"]
    assert scene.report()["doubts"] == 0


def test_a_redelivered_message_that_is_held_when_authority_goes_back_stays_with_who_has_it(scene: Scene) -> None:
    """The move to new is long past when it is held; no doubt would send it to the monolith, which acts on it then."""
    live = settle(scene.switch(FENCED), "run")
    scene.clock.advance(1801)
    scene.decide(live)
    scene.publish("w1", redelivered=True)
    scene.step_until(lambda: scene.report()["doubts"] == 1)
    fenced = begin(live, "shadow", "back")
    scene.decide(fenced)
    scene.steps()
    scene.ledger = {"w1": Finality(control_final=True, candidate="new")}
    scene.decide(complete(fenced, "back", datetime.fromtimestamp(scene.clock.now(), UTC)))
    scene.step_until(lambda: scene.report()["holding"] is False)
    assert scene.ids(SHIP) == ["w1"]
    assert scene.ids(LEGACY) == scene.ids(SHADOW) == []


def test_a_message_that_the_new_side_hands_back_is_in_doubt_and_then_stamped_anew(scene: Scene) -> None:
    record = replace(COPIED, epoch=7, stamp_epoch=7)
    scene.decide(record)
    scene.steps()
    one = delivery("payin.create", payin("w1"))
    message = stamp(one, "payin", Decision("hold", 3, doubtful=True), id="w1", own_user=USER)
    scene.crossing.publish(message)
    scene.step_until(lambda: scene.report()["doubts"] == 1)
    scene.board.answer({Doubt("payin", "w1", 7, 7): UNKNOWN})
    scene.step_until(lambda: scene.report()["holding"] is False)
    assert scene.ids(LEGACY) == scene.ids(SHADOW) == ["w1"]


@pytest.mark.parametrize("record", [None, AT_FIRST, FENCED, replace(COPIED, stage="live")])
def test_what_nobody_can_read_goes_to_the_monolith_unchanged_and_a_copy_aside(
    scene: Scene, record: AuthorityRecord | None
) -> None:
    if record is not None:
        scene.decide(record)
    one = delivery("payin.create", b"\xff not json", headers={"x": 1})
    scene.crossing.deliver(ORIGIN, one)
    scene.crossing.deliver(ORIGIN, structs.replace(one, facts=structs.replace(one.facts, routing_key="payin.delete")))
    scene.step_until(lambda: len(scene.crossing.bodies(LEGACY)) == 2)
    assert [cause.split(":")[0] for _, cause in scene.crossing.invalid] == ["unreadable", "unknown-type"]
    assert scene.crossing.bodies(HOLD) == []
    headers = scene.crossing.waiting[LEGACY][0].headers or {}
    assert (headers["x"], headers["strangler-route"], headers["strangler-family"]) == (1, "legacy", "payin")
    assert scene.journals[0].balance() == {}


def test_what_lies_in_the_hold_queue_without_a_stamp_is_put_aside(scene: Scene) -> None:
    scene.decide(AT_FIRST)
    scene.crossing.deliver(HOLD, delivery("payin.create", payin("w1")))
    scene.step_until(lambda: not scene.crossing.bodies(HOLD))
    scene.steps()
    assert [cause for _, cause in scene.crossing.invalid] == ["stamp-missing"]


def test_a_message_that_no_queue_takes_is_kept_and_tried_again(scene: Scene) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    scene.crossing.deleted.add(LEGACY)
    scene.publish("w1")
    scene.steps(1)
    assert "acknowledge" not in scene.crossing.log
    before = scene.clock.seconds
    scene.step_until(lambda: scene.ids(LEGACY) == ["w1"])
    assert scene.clock.seconds - before >= 1 - POLL_S, "a pause first"
    assert scene.router.counts["paused"] == 1


def test_without_its_journal_nothing_is_published(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    full = True

    def record(*arguments: object) -> None:
        if full:
            raise JournalError("the disk is full, says the test")
        written(*arguments)  # type: ignore[arg-type]

    written = scene.journals[0].record
    monkeypatch.setattr(scene.journals[0], "record", record)
    scene.publish("w1", "w2")
    scene.steps(3)
    assert scene.crossing.log == []
    full = False
    scene.step_until(lambda: scene.ids(LEGACY) == ["w1", "w2"])


def test_while_another_one_consumes_the_queue_a_router_stands_by_and_confirms_trivially(scene: Scene) -> None:
    scene.crossing.foreign.add(ORIGIN)
    scene.restart()
    scene.decide(FENCED)
    scene.publish("w1")
    scene.steps(10)
    assert (scene.report()["state"], scene.report()["confirmed_epoch"]) == ("standby", FENCED.epoch)
    assert scene.crossing.bodies(HOLD) == []
    scene.decide(scene.switch(FENCED))
    scene.steps(10)
    assert scene.report()["released_epoch"] == FENCED.epoch


def test_a_router_that_stood_by_takes_over_and_confirms_only_what_it_has_done_itself(scene: Scene) -> None:
    scene.decide(FENCED)
    scene.publish("w1")
    scene.steps()
    first = scene.junction
    second = scene.start("second")
    scene.decide(FENCED)
    for _ in range(6):
        second.step()
    assert (scene.report()["state"], scene.report()["confirmed_epoch"]) == ("standby", FENCED.epoch)
    scene.publish("w2")
    first.lose()
    fenced: list[list[str]] = []
    point.hook(lambda name: fenced.append(scene.ids(HOLD)) if name == "router.fenced" else None)
    for _ in range(6):
        second.step()
    assert scene.report() == {
        "state": "active", "confirmed_epoch": FENCED.epoch, "released_epoch": -1, "holding": True, "doubts": 0
    }  # fmt: skip
    assert fenced == [["w1", "w2"]]


@pytest.mark.parametrize("breaks_before", ["publish", "acknowledge", "poll", "take_held", "depth"])
def test_a_lost_connection_is_opened_again_and_nothing_is_lost(scene: Scene, breaks_before: str) -> None:
    scene.ledger = {}
    scene.decide(COPIED)
    scene.steps()
    scene.publish("w1", "w2")
    scene.junction.lose_before = breaks_before
    scene.step_until(lambda: scene.router.counts["reconnected"] == 1)
    scene.step_until(lambda: scene.report()["holding"] is False and not scene.crossing.bodies(ORIGIN))
    assert list(dict.fromkeys(scene.ids(LEGACY))) == ["w1", "w2"]
    assert scene.ids(LEGACY) == scene.ids(SHADOW)


def test_without_a_connection_a_router_neither_is_active_nor_confirms(scene: Scene) -> None:
    scene.decide(COPIED)
    scene.steps()
    scene.crossing.unreachable = 3
    scene.junction.lose()
    scene.steps(1)
    scene.decide(FENCED)
    scene.steps(2)
    assert (scene.report()["state"], scene.report()["confirmed_epoch"]) == ("standby", -1)


def test_at_the_start_a_lost_broker_is_told_at_once(scene: Scene) -> None:
    scene.crossing.unreachable = 1
    with pytest.raises(SourceLostError):
        scene.restart()


def test_draining_finishes_what_is_in_hand_and_takes_nothing_new(scene: Scene) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    scene.crossing.deleted.add(LEGACY)
    scene.publish("w1")
    scene.steps(1)
    scene.publish("w2")
    assert scene.router.in_flight == 1
    assert scene.router.drain(20)
    assert scene.ids(LEGACY) == ["w1"]
    assert len(scene.crossing.bodies(ORIGIN)) == 1
    assert scene.junction.lost


def test_draining_ends_at_its_deadline_and_gives_back_what_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    monkeypatch.setattr(scene.junction, "restore", lambda _: None)
    scene.crossing.deleted.add(LEGACY)
    scene.publish("w1")
    scene.steps(1)
    assert not scene.router.drain(20)
    assert scene.crossing.bodies(ORIGIN) == [payin("w1")]


def test_what_waits_behind_held_messages_stays_in_the_monoliths_queue(scene: Scene) -> None:
    scene.decide(FENCED)
    scene.publish(*(f"w{n}" for n in range(250)))
    scene.steps()
    scene.decide(scene.switch(FENCED))
    scene.publish("w250")
    scene.steps(1)
    assert "w250" not in scene.ids(HOLD)
    scene.step_until(lambda: len(scene.ids(SHIP)) == 251)
    assert scene.ids(SHIP) == [f"w{n}" for n in range(251)]


def test_logs_say_why_and_never_what(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    scene.decide(AT_FIRST)
    scene.steps()
    scene.crossing.deleted.add(LEGACY)
    scene.crossing.deliver(ORIGIN, delivery("payin.create", payin()[:-1]))
    scene.publish("w1")
    scene.step_until(lambda: len(scene.crossing.bodies(LEGACY)) == 2)
    scene.junction.lose()
    scene.steps(1)
    said = {record.message for record in caplog.records}
    assert {"active", "routing pauses", "copied to the Invalid Message Channel", "broker lost"} <= said
    told = " ".join(str(vars(record)) for record in caplog.records)
    assert not [value for value in (NAME, IBAN, "Planted") if value in told]


def test_a_delivery_is_one_of_this_family_only(scene: Scene) -> None:
    scene.decide(replace(COPIED, stage="live"))
    other = delivery("balance.update", payin("w1"))
    scene.crossing.deliver(ORIGIN, Delivery(ORIGIN, other.body, other.facts, None, 0))
    scene.step_until(lambda: len(scene.crossing.bodies(LEGACY)) == 1)
    assert [cause.split(":")[0] for _, cause in scene.crossing.invalid] == ["unknown-type"]


def test_a_look_at_a_router_says_what_is_decided_and_why_it_pauses(scene: Scene) -> None:
    scene.steps()
    seen = observe_router(scene.router, dict, scene.clock.monotonic())
    assert [one.reason for one in shortcomings(seen, seen.at)] == ["no-decision"]
    scene.decide(AT_FIRST)
    scene.steps()
    seen = observe_router(scene.router, lambda: {"payin": 3}, scene.clock.monotonic())
    (family,) = seen.families
    assert (family.active, family.epoch, family.unsettled, family.paused) == (True, AT_FIRST.epoch, 3, None)
    assert list(shortcomings(seen, seen.at)) == []


def test_a_family_that_cannot_go_on_is_not_ready_until_it_does(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.decide(AT_FIRST)
    scene.steps()
    with monkeypatch.context() as broken:

        def fail(*_: object) -> None:
            raise JournalError("disk full")

        broken.setattr(scene.journals[-1], "record", fail)
        scene.publish("w1")
        scene.steps()
        scene.clock.advance(70)
        scene.steps()
        seen = observe_router(scene.router, dict, scene.clock.monotonic())
        assert [(one.reason, one.where, one.paused) for one in shortcomings(seen, seen.at)] == [
            ("family-paused", "payin", "journal")
        ]
    scene.clock.advance(70)
    scene.steps()
    seen = observe_router(scene.router, dict, scene.clock.monotonic())
    assert list(shortcomings(seen, seen.at)) == []
