"""AWS services that refuse for a while: the messages wait, none of them becomes a dead letter."""

from collections.abc import Callable, Iterator

import pytest

from contracts import naming
from contracts.registry import FAMILIES
from ops.demo.scene import STACK
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Stage, disagreements, once

MESSAGES = 40
OUTCOMES_RETURN_S = "2"


@pytest.fixture(autouse=True)
def outcomes_return_soon(stage: Stage) -> Iterator[None]:
    """What the control function could not note comes back after its queue's timeout: not after three minutes here."""
    url = stage.sqs.get_queue_url(QueueName=naming.outcome_queue_name(STACK))["QueueUrl"]
    before = stage.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    stage.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": OUTCOMES_RETURN_S})
    yield
    stage.scene.aws.heal()
    stage.sqs.set_queue_attributes(QueueUrl=url, Attributes=before)


def put_off(stage: Stage) -> int:
    """How many messages the workers have put off so far."""
    functions = [naming.family_function_name(STACK, family.name) for family in FAMILIES]
    return sum(stage.logged(function).count("tried again later") for function in functions)


def pauses(stage: Stage) -> int:
    """How often the shipper has paused so far."""
    return stage.shipper_log().count('"message": "sending pauses"')


@pytest.mark.parametrize(
    ("service", "error", "status", "evidence", "seed"),
    [
        ("kms", "ThrottlingException", 400, put_off, 41),
        ("kms", "AccessDeniedException", 400, put_off, 42),
        ("dynamodb", "InternalServerError", 500, put_off, 43),
        ("sqs", "ServiceUnavailable", 503, pauses, 44),
    ],
)
def test_nothing_becomes_a_dead_letter_while_a_service_refuses(
    stage: Stage, service: str, error: str, status: int, evidence: Callable[[Stage], int], seed: int
) -> None:
    before = evidence(stage)
    stage.scene.aws.fail(service, error=error, status=status)
    if service == "kms":
        stage.recycle()  # data keys are cached: only new processes ask for one at once

    publisher = stage.begin(MESSAGES, seed=seed)
    eventually(lambda: evidence(stage) > before, SETTLED_WITHIN_S, f"messages wait for {service}")
    assert stage.scene.aws.heal() > 0
    ids = [line["id"] for line in stage.finish(publisher)]

    assert not disagreements(stage.judged(ids))
    assert stage.books(ids) == once(ids)
    assert stage.letters_of(ids) == []
