"""Real servers and programs, started once for all tests that can share them."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from contracts.amqp_value import untag_table
from ops.demo.scene import Scene
from tests.misfit import Misfits, key_of, make_misfits
from tests.patience import eventually
from tests.stage import CASE_HEADER, Stage, printed

SEED_OF_SCENARIO = 21
SEED_OF_MISFITS = 22
_ALL_SEEN_WITHIN_S = 60.0


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """RabbitMQ, the embedded AWS with the deployment, the monolith's consumers and the shipper."""
    with Scene(tmp_path_factory.mktemp("scene")) as scene:
        yield Stage(scene)


@pytest.fixture(scope="session")
def scenario(stage: Stage) -> list[dict[str, Any]]:
    """The publisher's log of sixty notifications, some delivered twice, one update before its create; all judged."""
    return stage.perform(60, seed=SEED_OF_SCENARIO)


@pytest.fixture(scope="session")
def misfits(stage: Stage, php: Sequence[str]) -> Misfits:
    """Messages that are wrong in every way, published at once; every one has been seen where it ends."""
    made = make_misfits(printed(php, 120, SEED_OF_MISFITS), stage.scene.node.user)
    for first, type_name in (("id taken: first", "payin.create"), ("card id taken: first", "cardtransaction.create")):
        stage.account_for(made[first].id, type_name, key_of(made[first]))
    stage.post(made.posts)
    # Of two messages with one id, one is processed.
    expected = len(made.all) - 2

    def seen() -> bool:
        return len(parked_cases(stage)) + len(lettered_cases(stage)) >= expected

    with contextlib.suppress(pytest.fail.Exception):  # the tests tell which is missing
        eventually(seen, _ALL_SEEN_WITHIN_S, f"{expected} bad messages are put aside")
    return made


def parked_cases(stage: Stage) -> set[str]:
    tables = (untag_table(one.headers or {}) for one in stage.parked())
    return {table[CASE_HEADER] for table in tables if CASE_HEADER in table}


def lettered_cases(stage: Stage) -> set[str]:
    tables = (untag_table(letter.envelope.amqp.headers or {}) for letter in stage.letters())
    return {table[CASE_HEADER] for table in tables if CASE_HEADER in table}
