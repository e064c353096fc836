"""Moving authority with a fleet of fake routers, killed and overtaken at every point. Once more over moto's table."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

from contracts import point
from contracts.authority import AuthorityRecord, Stage
from contracts.liveness import Survivor
from contracts.registry import PAYIN
from contracts.verdict import Verdict
from ops.audit_chain import AuditChain, Entry, NotAsReadError, verify
from ops.authority import AuthorityStore
from ops.catch_up import CatchUp, CaughtUp, Owed
from ops.cutover import Cutover
from ops.errand import Ended, OvertakenError, Patience, Tools, Who
from ops.evidence import Evidence, Judged
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.preflight import Preflight
from ops.state import StateComparison, TableState, UnlikeRow
from ops.waiver import waive_messages
from tests.fakes.clock import FakeClock
from tests.fakes.fleet import FakeFleet, FakeRouter, MemoryAuthority, create_control_table, write_row
from tests.unit.ops.conftest import STACK

AGREES = StateComparison("payin", (TableState("payins", 3, 0, 0, 0),), ())
DIFFERS = StateComparison("payin", (TableState("payins", 3, 1, 0, 0),), (UnlikeRow("payins", "p1", "missing"),))
AGREED = Judged((), {})
POINTS = (
    *("cutover.audited", "cutover.begun", "cutover.confirmed", "cutover.quiesced"),
    *("cutover.verified", "cutover.switched", "cutover.released", "cutover.settled"),
)


class KilledError(BaseException):
    """What a kill -9 is to a unit test."""


class FakeEvidence(Evidence):
    """What a test says of ledger, letters and replays."""

    def __init__(self) -> None:
        self.found = AGREED
        self.later = AGREED
        self.dead: tuple[str, ...] = ()
        self.blind: tuple[Survivor, ...] = ()
        self.running: tuple[str, ...] = ()
        self.sent: tuple[str, ...] = ()

    def judged(self) -> Judged:
        return self.found

    def judged_of(self, message_ids: Any) -> Judged:
        return self.later

    def survivors(self) -> tuple[Survivor, ...]:
        return self.blind

    def letters(self) -> tuple[str, ...]:
        return self.dead

    def replays(self) -> tuple[str, ...]:
        return self.running

    def unanswered(self, record: AuthorityRecord) -> tuple[str, ...]:
        return self.sent


class FakeCatchUp(CatchUp):
    """A monolith that catches up, or does not."""

    def __init__(self) -> None:
        self.left: tuple[str, ...] = ()
        self.left_behind_fence: tuple[str, ...] = ()
        self.loud: tuple[str, ...] = ()
        self.meanwhile: list[Callable[[], None]] = []
        """What others do to the family's record while it runs, one run after the other."""
        self.runs: list[bool] = []

    def owed(self, record: AuthorityRecord) -> tuple[Owed, ...]:
        return ()

    def run(self, record: AuthorityRecord, timeout_s: float, *, settled: bool) -> CaughtUp:
        assert record.authority == "new"
        self.runs.append(settled)
        if self.meanwhile:
            self.meanwhile.pop(0)()
            raise OvertakenError(3)
        return CaughtUp(1, self.left_behind_fence if settled else self.left, self.loud)


@dataclass
class World:
    """A deployment, and operators."""

    store: AuthorityStore
    fleet: FakeFleet
    entries: Callable[[], list[Entry]]
    evidence: FakeEvidence = field(default_factory=FakeEvidence)
    catch_up: FakeCatchUp = field(default_factory=FakeCatchUp)
    states: list[StateComparison] = field(default_factory=list)
    """What comparisons of state find, one after the other; then they agree."""
    told: list[str] = field(default_factory=list)

    def operator(self, name: str = "ada", **patience: float) -> Cutover:
        clock, wait = self.fleet.clock, self.fleet.wait
        preflight = Preflight(PAYIN, self.evidence, self.compare, clock, wait)
        tools = Tools(clock, wait, self.told.append, lambda: f"run-{name}-{len(self.told)}")
        who = Who(name, "because")
        return Cutover("payin", self.store, preflight, self.catch_up, who, Patience(**patience), tools)

    def compare(self, patience_s: float) -> StateComparison:
        return self.states.pop(0) if self.states else AGREES

    @property
    def record(self) -> AuthorityRecord:
        return self.store.standing("payin").record

    @property
    def actions(self) -> list[str]:
        return [one.act.action for one in self.entries()]

    def put(self, stage: Stage) -> None:
        """Bring the family there with whatever it needs."""
        assert self.operator().observe().result == "done"
        if stage == "live":
            assert self.operator().move("live").result == "done"


@pytest.fixture
def world() -> Iterator[World]:
    clock = FakeClock()
    store = MemoryAuthority(lambda: datetime.fromtimestamp(clock.now(), UTC))
    yield populated(World(store, FakeFleet(store, store.speak, clock), lambda: store.entries))
    point.hook(None)


@pytest.fixture
def stored(aws: None) -> Iterator[World]:
    """The same over the database."""
    client, clock = boto3.client("dynamodb"), FakeClock()
    create_control_table(client, STACK)
    chain = AuditChain(client, STACK, lambda: datetime.fromtimestamp(clock.now(), UTC))
    store = AuthorityStore(client, STACK, chain)
    fleet = FakeFleet(store, partial(write_row, client, STACK), clock)
    yield populated(World(store, fleet, lambda: list(chain.entries())))
    point.hook(None)


def populated(world: World) -> World:
    world.fleet.add("a")
    world.fleet.add("b", state="standby")
    return world


def against(ended: Ended) -> list[str]:
    return [one.against for one in ended.objections]


def act_at(where: str, act: Callable[[], None]) -> None:
    """Do something once, when a point is reached."""

    def reached(name: str) -> None:
        if name == where:
            point.hook(None)
            act()

    point.hook(reached)


def kill() -> None:
    raise KilledError


def test_a_family_goes_from_legacy_to_shadow_to_live_and_back(world: World) -> None:
    assert world.record == AuthorityRecord("payin")
    assert world.operator().observe().result == "done"
    assert (world.record.stage, world.record.epoch, world.record.stamp_epoch) == ("shadow", 1, 0)

    ended = world.operator().move("live")
    assert (ended.result, ended.objections) == ("done", ())
    live = world.record
    assert (live.stage, live.epoch, live.stamp_epoch, live.phase, live.run) == ("live", 2, 2, "steady", None)
    assert live.moved_at is not None

    assert world.operator().move("shadow").result == "done"
    assert (world.record.stage, world.record.stamp_epoch) == ("shadow", 3)
    assert world.catch_up.runs == [False, True]
    assert world.actions == [
        "shadow: observe",
        *("live: begin", "live: fence", "live: switch", "settle"),
        *("back: begin", "back: fence", "back: switch", "settle"),
    ]
    assert verify(world.entries()) is None


def test_the_record_says_who_changed_it_last_when_and_why(world: World) -> None:
    world.put("shadow")
    standing = world.store.standing("payin")
    assert (standing.operator, standing.reason, standing.written) == ("ada", "because", True)
    assert standing.changed_at is not None


def test_what_is_so_already_changes_nothing(world: World) -> None:
    world.put("live")
    before = world.actions
    assert world.operator().move("live").result == "nothing"
    assert world.operator().abort().result == "nothing"
    assert world.actions == before


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (lambda w: never_judged(w.evidence), ["pending"]),
        (lambda w: setattr(w.evidence, "found", Judged((), {Verdict.MISMATCH: ("m1", "m2")})), ["differing"]),
        (lambda w: setattr(w.evidence, "found", Judged((), {Verdict.NOT_COMPARABLE: ("m1",)})), ["differing"]),
        (lambda w: setattr(w.evidence, "dead", ("l1",)), ["letters"]),
        (lambda w: setattr(w.evidence, "running", ("r1",)), ["replay"]),
        (lambda w: setattr(w.evidence, "sent", ("l1",)), ["replay"]),
        (lambda w: w.states.append(DIFFERS), ["state"]),
        (lambda w: w.fleet.add("c", tap=True), ["tap"]),
        (lambda w: w.fleet.add("c", doubts=2), ["doubts"]),
        (lambda w: w.fleet.add("c", state="stopped", unsettled=1), ["stopped router"]),
        (lambda w: w.fleet.clock.advance(12), ["no router"]),
        (lambda w: w.fleet.clock.advance(20), ["no router", "silent router", "silent router"]),
    ],
)  # fmt: skip
def test_whatever_stands_against_going_live_is_named_and_nothing_begins(
    world: World, trouble: Callable[[World], Any], expected: list[str]
) -> None:
    world.put("shadow")
    before = world.actions, world.record
    trouble(world)
    ended = world.operator().move("live")
    assert (ended.result, against(ended)) == ("refused", expected)
    assert (world.actions, world.record) == before


def never_judged(evidence: FakeEvidence) -> None:
    evidence.found = evidence.later = Judged(("m1",), {})


@pytest.mark.parametrize("passing", [{"tap": True}, {"doubts": 3}])
def test_what_passes_at_a_router_while_we_wait_stands_against_nothing(world: World, passing: dict[str, Any]) -> None:
    world.put("shadow")
    router = world.fleet.routers["a"]
    world.fleet.say(router, **passing)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            world.fleet.say(router, tap=False, doubts=0)
        FakeFleet.wait(world.fleet, seconds)

    world.fleet.wait = wait  # type: ignore[method-assign]
    assert world.operator().move("live").result == "done"
    assert sum(waits[:3]) < Patience().preflight_s


def test_a_message_that_is_judged_while_we_wait_stands_against_nothing(world: World) -> None:
    world.put("shadow")
    world.evidence.found = Judged(("m1",), {})
    assert world.operator().move("live").result == "done"


def test_a_message_that_is_judged_as_differing_while_we_wait_is_seen(world: World) -> None:
    world.put("shadow")
    world.evidence.found = Judged(("m1",), {})
    world.evidence.later = Judged((), {Verdict.MISMATCH: ("m1",)})
    ended = world.operator().move("live")
    assert (ended.result, against(ended), ended.objections[0].ids) == ("refused", ["differing"], ("m1",))


def test_a_family_does_not_go_live_from_legacy(world: World) -> None:
    ended = world.operator().move("live")
    assert (ended.result, against(ended)) == ("refused", ["stage"])


def test_shadow_needs_a_router_that_works(world: World) -> None:
    world.fleet.clock.advance(60)
    ended = world.operator().observe()
    assert (ended.result, against(ended)) == ("refused", ["no router"])
    assert world.record.stage == "legacy"


def test_shadow_says_when_routers_do_not_take_it_up(world: World) -> None:
    world.fleet.routers["a"].deaf = True
    ended = world.operator().observe()
    assert (ended.result, against(ended)) == ("unfinished", ["not confirmed"])


def silence(router: FakeRouter) -> None:
    router.dead = True


def deafen(router: FakeRouter) -> None:
    router.deaf = True


@pytest.mark.parametrize(("how", "expected"), [(silence, "silent router"), (deafen, "not confirmed")])
def test_a_router_that_does_not_confirm_undoes_the_move(
    world: World, how: Callable[[FakeRouter], None], expected: str
) -> None:
    world.put("shadow")
    standby = world.fleet.routers["b"]
    act_at("cutover.begun", lambda: how(standby))
    ended = world.operator(release_s=5).move("live")
    # Undone and settled: to release, the active router's word is enough.
    assert (ended.result, against(ended)) == ("undone", [expected])
    assert (world.record.stage, world.record.phase, world.record.stamp_epoch) == ("shadow", "steady", 0)


def test_a_release_waits_for_the_active_router(world: World) -> None:
    world.put("shadow")
    active = world.fleet.routers["a"]
    act_at("cutover.switched", lambda: deafen(active))
    ended = world.operator(release_s=5).move("live")
    assert (ended.result, against(ended)) == ("unfinished", ["not confirmed"])
    assert (world.record.stage, world.record.phase) == ("live", "releasing")
    active.deaf = False
    assert world.operator().abort().result == "done"
    assert (world.record.stage, world.record.phase) == ("live", "steady")


def test_a_router_that_dies_for_good_behind_the_switch_does_not_keep_the_family_in_release(world: World) -> None:
    world.put("shadow")

    def take_over() -> None:
        silence(world.fleet.routers["a"])
        world.fleet.say(world.fleet.routers["b"], state="active")

    act_at("cutover.switched", take_over)
    assert world.operator().move("live").result == "done"
    assert (world.record.stage, world.record.phase) == ("live", "steady")
    world.fleet.wait(20)
    assert against(world.operator().move("shadow")) == ["silent router"]  # it stands against the next move, as ever


def test_messages_that_do_not_become_final_undo_the_move_and_are_named(world: World) -> None:
    world.put("shadow")
    stuck = world.fleet.add("c", unsettled=2, unsettled_sample=("m1", "m2"))
    stuck.settles = lambda unsettled: unsettled
    ended = world.operator().move("live")
    assert (ended.result, against(ended), ended.objections[0].ids) == ("undone", ["not final"], ("m1", "m2"))
    assert (world.record.stage, world.record.phase, world.record.stamp_epoch) == ("shadow", "steady", 0)
    assert world.actions[-2:] == ["live: abandon", "settle"]
    stuck.settles = lambda _: 0
    assert world.operator().move("live").result == "done"


def test_what_differs_behind_the_fence_undoes_the_move(world: World) -> None:
    world.put("shadow")
    act_at("cutover.quiesced", lambda: setattr(world.evidence, "found", Judged((), {Verdict.MISMATCH: ("m1",)})))
    ended = world.operator().move("live")
    assert (ended.result, against(ended)) == ("undone", ["differing"])
    assert world.record.authority == "legacy"


def test_state_that_differs_behind_the_fence_undoes_the_move(world: World) -> None:
    world.put("shadow")
    world.states = [AGREES, DIFFERS]
    ended = world.operator().move("live")
    assert (ended.result, against(ended), ended.objections[0].ids) == ("undone", ["state"], ("payins/p1",))


def test_a_monolith_that_does_not_answer_does_not_keep_messages_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("shadow")

    def fail(patience_s: float) -> StateComparison:
        if patience_s == 0:
            raise CommandError(ExitCode.FAILED, "the monolith's export ended with 1")
        return AGREES

    monkeypatch.setattr(world, "compare", fail)
    ended = world.operator().move("live")
    assert (ended.result, against(ended)) == ("undone", ["state"])
    assert world.record.phase == "steady"


def test_back_is_refused_before_its_fence_while_the_monolith_does_not_catch_up(world: World) -> None:
    world.put("live")
    world.catch_up.left = ("m9",)
    ended = world.operator().move("shadow")
    assert (ended.result, against(ended), ended.objections[0].ids) == ("refused", ["catch-up"], ("m9",))
    assert (world.record.stage, world.record.phase) == ("live", "steady")


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (lambda w: setattr(w.catch_up, "left_behind_fence", ("m9",)), "catch-up"),
        (lambda w: w.states.append(DIFFERS), "state"),
    ],
)
def test_back_is_undone_where_the_monolith_is_not_where_the_new_side_is(
    world: World, trouble: Callable[[World], Any], expected: str
) -> None:
    world.put("live")
    trouble(world)
    ended = world.operator().move("shadow")
    assert (ended.result, against(ended)) == ("undone", [expected])
    assert (world.record.stage, world.record.phase, world.record.stamp_epoch) == ("live", "steady", 2)


@pytest.mark.parametrize("kind", ["running", "sent"])
@pytest.mark.parametrize(("begins", "target"), [("shadow", "live"), ("live", "shadow")])
@pytest.mark.parametrize("where", ["cutover.begun", "cutover.quiesced", "cutover.verified"])
def test_a_replay_that_may_still_be_processed_behind_the_fence_undoes_the_move(
    world: World, kind: str, begins: Stage, target: Stage, where: str
) -> None:
    world.put(begins)
    caught_up = list(world.catch_up.runs)
    act_at(where, lambda: setattr(world.evidence, kind, ("r1",)))
    ended = world.operator().move(target)
    assert (ended.result, against(ended), ended.objections[0].ids) == ("undone", ["replay"], ("r1",))
    assert (world.record.stage, world.record.phase) == (begins, "steady")
    if target == "shadow" and where != "cutover.verified":
        # Before the monolith catches up: what a replay did after that would be missing there.
        assert world.catch_up.runs == [*caught_up, False]


def test_a_replay_under_way_refuses_going_back_before_its_fence(world: World) -> None:
    world.put("live")
    world.evidence.sent = ("l1",)
    ended = world.operator().move("shadow")
    assert (ended.result, against(ended), ended.objections[0].ids) == ("refused", ["replay"], ("l1",))


def test_replays_that_nobody_can_tell_of_do_not_keep_messages_held(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("live")

    def fail() -> tuple[str, ...]:
        raise CommandError(ExitCode.UNREACHABLE, "AWS does not answer")

    act_at("cutover.verified", lambda: monkeypatch.setattr(world.evidence, "replays", fail))
    ended = world.operator().move("shadow")
    assert (ended.result, world.record.stage, world.record.phase) == ("undone", "live", "steady")


def test_a_waiver_behind_the_fence_is_taken_up_and_the_move_goes_on(world: World) -> None:
    world.put("shadow")
    stuck = world.fleet.add("c", unsettled=1, unsettled_sample=("m1",))
    stuck.settles = lambda unsettled: 0 if world.record.waived else unsettled
    act_at("cutover.confirmed", lambda: waive(world, "bob", "m1"))
    assert world.operator().move("live").result == "done"
    assert (world.record.stage, world.record.waived) == ("live", frozenset())
    assert world.actions.count("waive") == world.actions.count("live: fence") == 1


def waive(world: World, who: str, *ids: str) -> None:
    waive_messages(world.store, "payin", ids, Who(who, "lost"), world.fleet.now)


def waived(world: World) -> set[str]:
    return {one.id for one in world.record.waived}


def test_only_what_a_router_names_is_waived(world: World) -> None:
    world.fleet.add("c", unsettled=12, unsettled_sample=("m1", "m2"))
    before = world.actions
    with pytest.raises(CommandError, match=r"no router names m3 as not final; .* oldest 10 only"):
        waive(world, "ada", "m1", "m3")
    assert (waived(world), world.actions) == (set(), before)
    waive(world, "ada", "m1")
    entry = world.entries()[-1]
    assert (waived(world), entry.act.detail["ids"], entry.act.operator) == ({"m1"}, ["m1"], "ada")


def test_too_many_waivers_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("contracts.authority.WAIVED_AT_MOST", 1)
    world.fleet.add("c", unsettled=2, unsettled_sample=("m1", "m2"))
    with pytest.raises(CommandError, match="2 messages would be waived, 1 may be; nothing was waived"):
        waive(world, "ada", "m1", "m2")


def test_two_operators_who_waive_at_once_lose_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("shadow")
    world.fleet.add("c", unsettled=4, unsettled_sample=("m1", "m2", "m3", "m4"))
    waive(world, "ada", "m1")
    change = world.store.change

    def overtaken(*change_of: Any) -> Any:
        monkeypatch.setattr(world.store, "change", change)
        waive(world, "bob", "m2", "m3")
        return change(*change_of)

    monkeypatch.setattr(world.store, "change", overtaken)
    waive(world, "ada", "m3", "m4")
    assert waived(world) == {"m1", "m2", "m3", "m4"}
    assert world.actions.count("waive") == 3
    assert verify(world.entries()) is None


def test_a_step_that_was_read_before_a_waiver_does_not_undo_it(world: World) -> None:
    world.put("shadow")
    world.fleet.add("c", unsettled=2, unsettled_sample=("m1", "m2"))
    for one in ("m1", "m2"):
        read = world.store.standing("payin")
        waive(world, "bob", one)
        with pytest.raises(NotAsReadError):
            world.store.change(read, read.record, Who("ada", "late").act("x", "payin", {}), world.fleet.now())
    assert waived(world) == {"m1", "m2"}


def test_a_judge_that_was_shown_to_be_blind_stands_against_going_live(world: World) -> None:
    world.put("shadow")
    world.evidence.blind = (Survivor("payin.create", "one cent", "row:payins.net", 3),)
    ended = world.operator().move("live")
    assert ended.result == "refused"
    (objection,) = ended.objections
    assert (objection.against, objection.ids) == ("void", ("one cent in row:payins.net of payin.create",))
    assert world.record.stage == "shadow"


def test_dead_letters_verdicts_and_a_blind_judge_do_not_stand_in_the_way_back(world: World) -> None:
    world.put("live")
    world.evidence.blind = (Survivor("payin.create", "one cent", "row:payins.net", 3),)
    world.evidence.dead = ("l1",)
    world.evidence.found = Judged(("m1",), {Verdict.MISMATCH: ("m2",)})
    assert world.operator().move("shadow").result == "done"


@pytest.mark.parametrize("where", POINTS)
@pytest.mark.parametrize(("begins", "target"), [("shadow", "live"), ("live", "shadow")])
def test_whoever_is_killed_anywhere_is_carried_on_by_another(
    world: World, where: str, begins: Stage, target: Stage
) -> None:
    world.put(begins)
    act_at(where, kill)
    with pytest.raises(KilledError):
        world.operator("ada").move(target)
    ended = world.operator("bob").move(target)
    assert ended.result == ("nothing" if where == "cutover.settled" else "done")
    assert (world.record.stage, world.record.phase, world.record.run) == (target, "steady", None)
    verb = "live" if target == "live" else "back"
    assert world.actions.count(f"{verb}: switch") == 1
    assert verify(world.entries()) is None


@pytest.mark.parametrize("where", POINTS[:5])
def test_whoever_is_killed_before_the_switch_is_undone_by_abort(world: World, where: str) -> None:
    world.put("shadow")
    act_at(where, kill)
    with pytest.raises(KilledError):
        world.operator("ada").move("live")
    assert world.operator("bob").abort().result == ("nothing" if where == "cutover.audited" else "done")
    assert (world.record.stage, world.record.phase, world.record.stamp_epoch) == ("shadow", "steady", 0)


@pytest.mark.parametrize("where", ["cutover.switched", "cutover.released"])
def test_abort_ends_what_has_switched_and_does_not_undo_it(world: World, where: str) -> None:
    world.put("shadow")
    act_at(where, kill)
    with pytest.raises(KilledError):
        world.operator("ada").move("live")
    assert world.operator("bob").abort().result == "done"
    assert (world.record.stage, world.record.phase) == ("live", "steady")


@pytest.mark.parametrize("where", POINTS)
@pytest.mark.parametrize(("begins", "target"), [("shadow", "live"), ("live", "shadow")])
def test_two_operators_at_once_do_what_one_does(world: World, where: str, begins: Stage, target: Stage) -> None:
    world.put(begins)
    ends: list[Ended] = []
    act_at(where, lambda: ends.append(world.operator("bob").move(target)))
    ends.append(world.operator("ada").move(target))
    assert {one.result for one in ends} <= {"done", "nothing"}
    assert (world.record.stage, world.record.phase) == (target, "steady")
    verb = "live" if target == "live" else "back"
    assert world.actions.count(f"{verb}: switch") == 1
    assert verify(world.entries()) is None


@pytest.mark.parametrize("where", POINTS[1:5])
def test_who_waits_is_told_when_somebody_else_has_undone_it(world: World, where: str) -> None:
    world.put("shadow")
    ends: list[Ended] = []
    act_at(where, lambda: ends.append(world.operator("bob").abort()))
    ended = world.operator("ada").move("live")
    assert ends[0].result == "done"
    assert (ended.result, against(ended)) == ("undone", ["under way"])
    assert world.record.stage == "shadow"


def test_a_move_that_leads_elsewhere_is_not_carried_on(world: World) -> None:
    world.put("shadow")
    act_at("cutover.begun", kill)
    with pytest.raises(KilledError):
        world.operator("ada").move("live")
    ended = world.operator("bob").move("shadow")
    assert (ended.result, against(ended)) == ("refused", ["under way"])
    assert world.record.phase == "fenced"


def test_what_was_undone_and_not_released_is_released_and_begun_anew_by_the_same_command(world: World) -> None:
    world.put("shadow")
    act_at("cutover.begun", lambda: silence(world.fleet.routers["a"]))
    assert world.operator(release_s=1).move("live").result == "unfinished"
    world.fleet.routers["a"].dead = False
    assert world.operator().move("live").result == "done"
    assert world.record.stage == "live"


def test_a_step_that_cannot_be_audited_is_not_taken(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("shadow")
    before = world.record

    def refuse(*_: Any) -> None:
        raise CommandError(ExitCode.REFUSED, "AWS denies this")

    monkeypatch.setattr(world.store, "audit", refuse)
    with pytest.raises(CommandError):
        world.operator().move("live")
    assert world.record == before


def test_what_was_quiet_and_is_not_any_more_when_all_is_compared_is_waited_for(world: World) -> None:
    world.put("shadow")
    router = world.fleet.routers["a"]
    act_at("cutover.verified", lambda: world.fleet.say(router, unsettled=3))
    assert world.operator().move("live").result == "done"
    assert router.row.unsettled == 0


def test_waiting_says_what_for(world: World) -> None:
    world.put("shadow")
    world.fleet.add("c", unsettled=3, unsettled_sample=("m1",))
    world.operator().move("live")
    assert any("router c: 2 messages not final where they went (m1)" in line for line in world.told)
    assert any("switched, new has authority from epoch 2" in line for line in world.told)


def test_a_family_that_is_not_live_has_nothing_to_catch_up(world: World) -> None:
    world.put("shadow")
    published, objections = world.operator().catch_up()
    assert (published, [one.against for one in objections]) == (0, ["stage"])


def test_catching_up_while_live_is_audited_and_moves_nothing(world: World) -> None:
    world.put("live")
    before = world.record
    assert world.operator().catch_up() == (1, ())
    assert world.record == before
    assert world.actions[-1] == "catch-up: publish"
    assert world.catch_up.runs == [False]


def test_who_is_overtaken_while_catching_up_is_told(world: World) -> None:
    world.put("live")
    world.catch_up.meanwhile = [lambda: None]
    published, objections = world.operator().catch_up()
    assert (published, [one.against for one in objections]) == (3, ["under way"])


def test_back_goes_on_from_where_somebody_else_has_taken_the_family_meanwhile(world: World) -> None:
    world.put("live")
    world.catch_up.meanwhile = [lambda: None, lambda: None]
    assert world.operator().move("shadow").result == "done"
    assert world.record.stage == "shadow"
    assert world.catch_up.runs == [False, False, False, True]


def test_a_monolith_that_cannot_mute_keeps_authority_from_going_back(world: World) -> None:
    world.put("live")
    world.catch_up.loud = ("m9",)
    ended = world.operator().move("shadow")
    assert (ended.result, world.record.phase) == ("refused", "steady")
    (objection,) = ended.objections
    assert (objection.against, objection.ids) == ("catch-up", ("m9",))
    assert "Update the recorder on every host" in objection.text


def test_a_lost_router_is_forgotten_unless_it_has_spoken(world: World) -> None:
    row = world.fleet.routers["b"].row
    world.store.forget(row, Who("ada", "disk lost").act("forget router", "payin", {}))
    assert [one.row.router for one in world.store.routers("payin", world.fleet.now())] == ["a"]
    assert world.actions[-1] == "forget router"


@pytest.mark.parametrize("where", ["cutover.begun", "cutover.verified", "cutover.switched"])
def test_over_the_database_too_whoever_is_killed_is_carried_on_by_another(stored: World, where: str) -> None:
    test_whoever_is_killed_anywhere_is_carried_on_by_another(stored, where, "shadow", "live")


def test_over_the_database_too_two_operators_at_once_do_what_one_does(stored: World) -> None:
    test_two_operators_at_once_do_what_one_does(stored, "cutover.verified", "shadow", "live")


def test_over_the_database_too_two_who_waive_at_once_lose_nothing(
    stored: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_two_operators_who_waive_at_once_lose_nothing(stored, monkeypatch)


def test_over_the_database_too_no_step_undoes_a_waiver(stored: World) -> None:
    test_a_step_that_was_read_before_a_waiver_does_not_undo_it(stored)


def test_over_the_database_too_a_waiver_ends_with_the_move(stored: World) -> None:
    test_a_waiver_behind_the_fence_is_taken_up_and_the_move_goes_on(stored)


def test_over_the_database_too_a_family_goes_there_and_back(stored: World) -> None:
    test_a_family_goes_from_legacy_to_shadow_to_live_and_back(stored)


def test_over_the_database_too_the_record_says_who_changed_it(stored: World) -> None:
    test_the_record_says_who_changed_it_last_when_and_why(stored)
    test_a_lost_router_is_forgotten_unless_it_has_spoken(stored)


def test_over_the_database_too_who_read_an_older_record_writes_nothing(stored: World) -> None:
    before = stored.store.standing("payin")
    stored.put("shadow")
    with pytest.raises(NotAsReadError):
        stored.store.change(before, before.record, Who("bob", "late").act("x", "payin", {}), stored.fleet.now())
    read = stored.store.standing("payin")
    assert stored.operator().move("live").result == "done"
    entries = len(stored.entries())
    with pytest.raises(NotAsReadError):
        stored.store.change(read, read.record, Who("bob", "late").act("x", "payin", {}), stored.fleet.now())
    with pytest.raises(NotAsReadError):
        stored.store.forget(
            replace(stored.fleet.routers["b"].row, seen_at=stored.fleet.now() - timedelta(hours=1)),
            Who("bob", "late").act("x", "payin", {}),
        )
    assert len(stored.entries()) == entries
