"""The schedules: hypothesis chooses what happens next, among everything that can."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.model import cutover
from tests.model.healing import heal, run
from tests.model.world import World

if TYPE_CHECKING:
    from collections.abc import Collection

    from contracts.authority import Stage
    from tests.model.flaw import Flaw
    from tests.model.router import Router

STEPS = 30
MESSAGES = 12
"""More would hide what few can show."""

either = st.integers(0, 1)
few = st.integers(0, 3)


class Protocol(RuleBasedStateMachine):
    """Any order of steps, crashes and operators."""

    flaws: ClassVar[Collection[Flaw]] = ()
    tally: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.tally["schedules"] += 1
        self.world = World(self.flaws)
        self.operators: list[cutover.Steps | None] = [None, None]
        self.runs = 0
        self.undo = False

    @initialize(stage=st.sampled_from(("legacy", "shadow", "live")), undo=st.booleans())
    def begin(self, *, stage: Stage, undo: bool) -> None:
        self.undo = undo
        if stage != "legacy":
            run(self.world, cutover.observe(self.world, copies=True))
        if stage == "live":
            self.move_goes_well(turns=3, which="all")

    # The monolith

    @precondition(lambda self: len(self.world.published) < MESSAGES)
    @rule(keys=st.sampled_from(("k", "kk", "kl", "lkk")))
    def publish(self, keys: str) -> None:
        for key in keys:
            self.world.publish(key)

    @precondition(lambda self: len(self.world.published) < MESSAGES)
    @rule()
    def publish_poison(self) -> None:
        self.world.publish("k", poison=True)

    @precondition(lambda self: self.world.published)
    @rule(place=few)
    def publish_again(self, place: int) -> None:
        self.world.repeat(-1 - place)

    @rule(minutes=st.sampled_from((1, 20, 70)))
    def wait(self, minutes: int) -> None:
        self.world.wait(minutes)

    @precondition(lambda self: self.world.php.has_work())
    @rule(step=st.sampled_from(("process", "process", "acknowledge", "crash", "tell", "turn")))
    def monolith(self, step: str) -> None:
        getattr(self.world.php, step)()

    # Routers

    def active(self) -> Router | None:
        return next((router for router in self.world.routers if router.active), None)

    @rule(router=either, step=st.sampled_from(("connect", "poll", "settle", "report", "turn", "turn")))
    def router(self, router: int, step: str) -> None:
        if self.world.routers[router].alive:
            getattr(self.world.routers[router], step)()

    @precondition(lambda self: self.active() and self.world.broker.queues["old"])
    @rule(most=st.integers(1, 3), then=st.sampled_from(("nothing", "send", "flush", "is lost", "is lost")), arrived=few)
    def take(self, most: int, then: str, arrived: int) -> None:
        router = self.active()
        assert router is not None
        router.take(most)
        if then == "flush":
            router.flush()
        elif then != "nothing":
            router.write_journal()
            router.send()
        if then == "is lost":
            router.lose_connection(arrived)
            (router if arrived else self.world.routers[0]).connect()

    @precondition(lambda self: self.active())
    @rule(most=st.integers(1, 3), sends=st.booleans())
    def drain(self, *, most: int, sends: bool) -> None:
        router = self.active()
        assert router is not None
        router.drain(most)
        if sends:
            router.write_journal()
            router.send()

    @precondition(lambda self: any(router.pipeline for router in self.world.routers))
    @rule(step=st.sampled_from(("write_journal", "send", "accept", "acknowledge", "flush")))
    def publishing(self, step: str) -> None:
        router = self.active()
        assert router is not None
        getattr(router, step)()

    @precondition(lambda self: self.active())
    @rule(arrived=few, dies=st.booleans(), other=st.booleans())
    def active_is_lost(self, *, arrived: int, dies: bool, other: bool) -> None:
        router = self.active()
        assert router is not None
        (router.crash if dies else router.lose_connection)(arrived)
        heir = next(one for one in self.world.routers if (one is router) is not other)
        if heir.alive:
            heir.connect()

    @rule(router=either)
    def router_dies_or_starts(self, router: int) -> None:
        one = self.world.routers[router]
        if one.alive:
            one.crash(0)
        else:
            one.start()

    @rule(router=either)
    def aws_goes_or_comes(self, router: int) -> None:
        self.world.routers[router].aws = not self.world.routers[router].aws

    # The new side

    @precondition(lambda self: self.world.broker.queues["ship"] or self.world.broker.queues["shadow"])
    @rule(acknowledges=st.booleans())
    def ship(self, *, acknowledges: bool) -> None:
        self.world.new.ship("ship", acknowledges=acknowledges)
        self.world.new.ship("shadow", acknowledges=acknowledges)

    @precondition(lambda self: any(self.world.new.groups.values()))
    @rule(key=st.sampled_from("kl"))
    def load(self, key: str) -> None:
        self.world.new.load(key)

    @precondition(lambda self: self.world.new.attempts)
    @rule(place=either, hangs=st.booleans())
    def commit(self, *, place: int, hangs: bool) -> None:
        if hangs:
            self.world.new.time_out()
        else:
            self.world.new.commit(place)

    @rule()
    def new_side(self) -> None:
        self.world.new.turn()

    @precondition(lambda self: self.world.new.returns)
    @rule()
    def give_back(self) -> None:
        self.world.new.give_back()

    # Operators

    @rule(operator=either, choice=st.integers(0, 5))
    def operator_begins(self, operator: int, choice: int) -> None:
        self.operators[operator] = self.choose(choice)

    @precondition(lambda self: any(self.operators))
    @rule(operator=either, steps=st.integers(1, 6))
    def operator_goes_on(self, operator: int, steps: int) -> None:
        running = self.operators[operator] or self.operators[1 - operator]
        for _ in range(steps):
            if running is not None and next(running, "ended") == "ended":
                running = None

    @rule(choice=st.integers(0, 5))
    def operator_in_one_go(self, choice: int) -> None:
        run(self.world, self.choose(choice))

    @precondition(lambda self: self.world.new.letters)
    @rule()
    def replay(self) -> None:
        run(self.world, cutover.replay(self.world, min(self.world.new.letters)))

    @rule(first=st.integers(0, 2), second=st.integers(0, 2), steps=st.integers(1, 4), turns=st.booleans())
    def operator_is_overtaken(self, *, first: int, second: int, steps: int, turns: bool) -> None:
        slow = self.choose(first)
        for _ in range(steps):
            next(slow, None)
        run(self.world, self.choose(second))
        if turns:
            self.all_goes_well("routers")
        run(self.world, slow)

    @rule()
    def routers_speak(self) -> None:
        for router in self.world.routers:
            if router.alive:
                router.poll()
                router.report()

    @rule(which=st.sampled_from(("all", "routers", "sides")))
    def all_goes_well(self, which: str) -> None:
        for router in self.world.routers:
            if router.alive and which != "sides":
                router.turn()
        if which != "routers":
            self.world.php.turn()
            self.world.new.turn()

    @rule(turns=st.integers(1, 3), which=st.sampled_from(("all", "all", "routers")))
    def move_goes_well(self, turns: int, which: str) -> None:
        run(self.world, self.choose(0))
        for _ in range(turns):
            self.all_goes_well(which)
            run(self.world, self.choose(0, begins=False))

    def choose(self, choice: int, *, begins: bool = True) -> cutover.Steps:
        """An operator's steps: those that the record, and what else there is, suggest, the likeliest first."""
        self.runs += 1
        world, record, name = self.world, self.world.record, f"run {self.runs}"
        offers: list[cutover.Steps] = []
        if record.target is not None:
            offers = [cutover.move(world, record.target, name), cutover.abort(world)]
        elif record.phase == "releasing":
            offers = [cutover.release(world)]
        elif begins and record.stage == "live":
            offers = [cutover.move(world, "shadow", name), cutover.move(world, "legacy", name)]
        elif begins and record.stage == "shadow":
            offers = [cutover.move(world, "live", name), cutover.observe(world, copies=False)]
        elif begins:
            offers = [cutover.observe(world, copies=True)]
        offers += [cutover.replay(world, id_) for id_ in sorted(world.new.letters)[:1]]
        return offers[choice % len(offers)] if offers else iter(())

    def check_invariants(self, *arguments: object, **named: object) -> None:
        """After every step."""
        self.tally["steps"] += 1
        self.world.ensure_none_lost()

    def teardown(self) -> None:
        heal(self.world, undo=self.undo)
        self.tally.update(self.world.seen)


def explore(schedules: int, *, seed_: int, flaws: Collection[Flaw], tally: Counter[str], shrink: bool = False) -> None:
    """Run so many schedules; the same seed runs the same ones. Raises ViolationError.

    Args:
        schedules: how many; hypothesis tries a few more where one ends early.
        seed_: of the choice.
        flaws: what to plant.
        tally: counts `schedules`, `steps`, and in how many schedules what was reached.
        shrink: whether to look for the shortest schedule that shows a violation; it is in the error's notes.
    """
    machine = type("Protocol", (Protocol,), {"flaws": frozenset(flaws), "tally": tally})
    chosen = settings(
        max_examples=schedules,
        stateful_step_count=STEPS,
        phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
        report_multiple_bugs=False,
    )
    run_state_machine_as_test(seed(seed_)(machine), settings=chosen)
