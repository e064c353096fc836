"""The end of every schedule: whatever was killed is started, AWS answers, operators carry the move on or undo it.

From any state that must lead to a family at rest, every message done exactly once on exactly one side, copies
processed, and nothing left anywhere.
"""

from tests.model import cutover
from tests.model.world import World

ROUNDS = 40
PATIENCE = 12
"""After so many rounds behind a fence a move is undone."""


def heal(world: World, *, undo: bool) -> None:
    """Run the healthy system to its end. Raises ViolationError where it does not come to one."""
    for router in world.routers:
        router.aws = True
        if not router.alive:
            router.start()
    world.php.crash()
    for round_ in range(ROUNDS):
        for router in world.routers:
            router.turn()
        world.php.turn()
        world.new.turn()
        record = world.record
        if record.phase == "fenced":
            if undo or round_ > PATIENCE or record.target is None:
                run(world, cutover.abort(world))
            else:
                run(world, cutover.move(world, record.target, "last"))
        elif record.phase == "releasing":
            run(world, cutover.release(world))
        elif open_replays := {*world.replays, *world.new.letters}:
            for id_ in sorted(open_replays):
                run(world, cutover.replay(world, id_))
        elif is_at_rest(world):
            break
    ensure_done(world)


def run(world: World, steps: cutover.Steps) -> None:
    """An operator whom nobody interrupts; routers speak every second."""
    for _ in steps:
        for router in world.routers:
            if router.alive:
                router.report()


def is_at_rest(world: World) -> bool:
    """Whether nothing is left to do."""
    return not any(left_over(world).values())


def left_over(world: World) -> dict[str, list[int]]:
    """Ids by where they still are."""
    places = {name: [copy.message.id for copy in queue] for name, queue in world.broker.queues.items()}
    places |= {f"group {key}": [copy.message.id for copy in group] for key, group in world.new.groups.items()}
    places["returns"] = [copy.message.id for copy in world.new.returns]
    places["letters"] = list(world.new.letters)
    places["routers"] = [one.copy.message.id for router in world.routers for one in router.pipeline]
    places["journals"] = [
        id_ for router in world.routers for id_, entry in router.journal.items() if entry.is_unsettled
    ]
    return places


def ensure_done(world: World) -> None:
    left = {place: ids for place, ids in left_over(world).items() if ids}
    world.ensure(world.record.phase == "steady", f"stays {world.record.phase}, with {left}")
    world.ensure(not left, f"never done: {left}")
    not_done = [message.id for message in world.published if message.id not in world.effects]
    world.ensure(not not_done, f"no effects: {not_done}")
    for message in world.published:
        entry = world.ledger.entry(message.id)
        side = world.effects[message.id]
        world.ensure(
            entry.control if side == "legacy" else entry.candidate == "done", f"{message.id}: not in the ledger"
        )
