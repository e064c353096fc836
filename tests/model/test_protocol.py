from collections import Counter

import pytest

from tests.model.broker import Copy
from tests.model.flaw import Flaw
from tests.model.protocol import explore
from tests.model.world import ViolationError, World

SEED = 7


def test_no_schedule_loses_doubles_or_reorders_a_message_and_each_comes_to_its_end() -> None:
    tally: Counter[str] = Counter()
    explore(300, seed_=SEED, flaws=(), tally=tally)
    reached = {
        "legacy, steady",
        "shadow, fenced",
        "shadow, releasing",
        "live, releasing",
        "live, fenced",
        "live, steady",
    }
    assert reached <= tally.keys()


# The others take more schedules than fit here: `make model` sees them caught.
@pytest.mark.parametrize(
    "flaw",
    [Flaw.EARLY_POSITION, Flaw.OVERTAKING, Flaw.NO_CATCH_UP, Flaw.STUCK_DOUBT],
    ids=lambda flaw: flaw.name,
)
def test_a_planted_flaw_is_caught(flaw: Flaw) -> None:
    with pytest.raises(ViolationError):
        explore(500, seed_=SEED, flaws=(flaw,), tally=Counter())


def test_that_the_monolith_has_caught_up_does_not_hide_that_it_is_to_act_on_what_new_has_acted_on() -> None:
    world = World()
    for _ in range(2):
        world.publish("k")
    for message in world.published:
        world.new.aggregate("k").ids.append(message.id)
        world.had_effects(message, "new")
        world.broker.queues["legacy"].append(Copy(message, muted=True))
    world.php.turn()
    world.repeat(1)  # its sender publishes it again: nobody can keep that from the monolith
    world.broker.queues["legacy"].append(Copy(world.published[1]))
    world.php.turn()
    world.broker.queues["legacy"].append(Copy(world.published[0]))
    with pytest.raises(ViolationError, match="un-muted"):
        world.php.turn()


def test_the_same_seed_runs_the_same_schedules() -> None:
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    explore(20, seed_=SEED, flaws=(), tally=first)
    explore(20, seed_=SEED, flaws=(), tally=second)
    assert first == second
