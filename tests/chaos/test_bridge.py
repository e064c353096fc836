"""Some seeded runs of `make chaos`, and broken bridges that have to be caught."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.bridge import FLAWED_SEEDS
from tests.chaos.bridge_run import Run
from tests.chaos.bridge_special import restart_run
from tests.chaos.flaw import FLAWS
from tests.chaos.ground import Ground
from tests.chaos.trouble import draw

SEEDS = (3, 8, 10, 32)
"""Two shippers; a large message; a router before it; one that is frozen until another has its messages."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with Ground(tmp_path_factory.mktemp("ground")) as ground:
        yield ground


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_breaks_nothing_is_lost_or_out_of_order_and_the_journals_add_up(
    ground: Ground, seed: int, tmp_path: Path
) -> None:
    result = Run(ground, draw(seed), tmp_path / "run").play()
    assert result.good, result.as_text()
    assert result.hits


def test_a_broker_that_is_restarted_has_everything_again(ground: Ground, tmp_path: Path) -> None:
    result = restart_run(ground, 2, tmp_path / "run")
    assert result.good, result.as_text()


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_broken_bridge_is_caught(ground: Ground, flaw: str, tmp_path: Path) -> None:
    for seed in range(1, 1 + FLAWED_SEEDS):
        result = Run(ground, draw(seed), tmp_path / "run", flaw).play()
        if FLAWS[flaw].shows in result.wrong:
            break
    assert FLAWS[flaw].shows in result.wrong
    assert not result.good


def test_the_same_seed_is_the_same_trouble() -> None:
    assert all(draw(seed) == draw(seed) for seed in range(50))
    assert len({draw(seed).as_text() for seed in range(50)}) == 50
