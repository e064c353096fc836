"""Our shipper in every case of `tests.bench.scoreboard`: what the comparison says of it stays true."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.rabbitmq import RabbitNode
from tests.bench.scoreboard.board import play
from tests.bench.scoreboard.case import Case
from tests.bench.scoreboard.contender import Ours
from tests.bench.scoreboard.suite import CASES

OUTAGE_S = 5.0


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitNode]:
    """A node for all cases; one of them restarts it."""
    with RabbitNode(tmp_path_factory.mktemp("scoreboard"), prefer="program") as node:
        yield node


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_shipper_passes(case: Case, node: RabbitNode, tmp_path: Path) -> None:
    row = play(case, Ours(), node, tmp_path / "stand", outage_s=OUTAGE_S)

    assert row.passed, f"{case.passes}: {row.note}"


def test_there_are_sixteen_cases() -> None:
    assert len({case.name for case in CASES}) == 16
