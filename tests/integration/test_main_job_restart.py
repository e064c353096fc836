"""Programs that go away in the middle, and come back: nothing is lost, nothing is done twice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.process import Child
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Stage, disagreements, once

MESSAGES, RATE = 120, 40.0
IN_THE_MIDDLE = 20


def await_the_middle(stage: Stage, publisher: Child) -> None:
    eventually(lambda: len(stage.published_so_far()) >= IN_THE_MIDDLE, SETTLED_WITHIN_S, "some messages are published")
    assert not publisher.ended


def assert_nothing_is_lost_or_done_twice(stage: Stage, log: list[dict[str, Any]]) -> None:
    ids = [line["id"] for line in log]
    assert len(ids) == MESSAGES
    assert not disagreements(stage.judged(ids))
    assert stage.books(ids) == once(ids)
    assert stage.letters_of(ids) == []


def test_a_broker_that_is_restarted_in_the_middle_loses_nothing(stage: Stage) -> None:
    publisher = stage.begin(MESSAGES, seed=31, rate=RATE)
    await_the_middle(stage, publisher)

    stage.scene.node.restart()

    assert_nothing_is_lost_or_done_twice(stage, stage.finish(publisher))
    assert '"message": "broker lost"' in stage.shipper_log()


def test_sigterm_drains_the_shipper_and_its_restart_loses_nothing(stage: Stage) -> None:
    publisher = stage.begin(MESSAGES, seed=32, rate=RATE)
    await_the_middle(stage, publisher)

    code = stage.scene.fleet.stop("shipper")
    stopped = json.loads(stage.shipper_log().splitlines()[-1])
    log = stage.finish(publisher)  # the rest is published while nobody ships
    stage.scene.fleet.start("ship")

    assert code == 0
    assert (stopped["message"], stopped["drained"]) == ("stopped", True)
    assert_nothing_is_lost_or_done_twice(stage, log)


@pytest.fixture(autouse=True)
def shipper_runs_again(stage: Stage) -> Iterator[None]:
    yield
    if stage.scene.fleet.ended("shipper"):
        stage.scene.fleet.start("ship")
