"""Some seeded runs of `make chaos-cutover`: whoever takes part is killed, and nothing is lost or done twice."""

import re
from collections.abc import Iterator

import pytest

from tests.chaos.cutover import FAULTS, POINTS, REPOSITORY, Chaos
from tests.chaos.trouble import DEPOSITED, ROUTE_POINTS, SHIP_POINTS

pytestmark = pytest.mark.timeout(400)
SEEDS = (3, 4)
BY_THE_CLOCK = {"timekeeper.read", "timekeeper.decided"}
"""No run lasts for as long as a side may take to tell; tests/unit/workers/test_expiry.py stops at these."""
RECORDING = {"record.sealed", "record.taken"}
"""A recording is no part of a move; tests/integration/test_record.py kills it there."""


@pytest.fixture(scope="module")
def chaos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chaos]:
    with Chaos(tmp_path_factory.mktemp("chaos")).ready() as ready:
        yield ready


@pytest.mark.parametrize("seed", SEEDS)
def test_authority_moves_and_goes_back_while_programs_are_killed(chaos: Chaos, seed: int) -> None:
    before = chaos.kills.hits().total()

    finding = chaos.run(seed)

    assert chaos.kills.hits().total() > before
    assert {name: finding[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)


def test_every_named_point_is_one_of_those_that_kill() -> None:
    sources = [file for folder in ("bridge", "ops", "workers") for file in (REPOSITORY / folder).rglob("*.py")]
    named = {name for file in sources for name in re.findall(r'"([a-z]+\.[a-z-]+)"', _reached(file.read_text("utf-8")))}

    assert named
    assert named - {*POINTS, *SHIP_POINTS, *ROUTE_POINTS, DEPOSITED} == BY_THE_CLOCK | RECORDING


def _reached(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "point.reach(" in line)
