"""AWS services that refuse for a while: the messages wait, none of them becomes a dead letter."""

from collections.abc import Iterator

import pytest

from contracts import naming
from contracts.registry import FAMILIES
from ops.demo.scene import STACK
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Stage, disagreements, once

MESSAGES = 40
SOME = 3
"""Refusals that somebody has to tell of before the service is well again."""
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


def told(stage: Stage) -> str:
    """What the families' functions and the shipper have logged."""
    functions = (naming.family_function_name(STACK, family.name) for family in FAMILIES)
    return stage.shipper_log() + "".join(stage.logged(function) for function in functions)


@pytest.mark.parametrize(
    ("service", "error", "status", "reason", "seed"),
    [
        ("kms", "ThrottlingException", 400, "KMS: ThrottlingException", 41),
        ("kms", "AccessDeniedException", 400, "KMS: AccessDeniedException", 42),
        ("dynamodb", "InternalServerError", 500, "BatchGetItem: InternalServerError", 43),
        ("sqs", "ServiceUnavailable", 503, "SendMessageBatch: ServiceUnavailable", 44),
    ],
)
def test_nothing_becomes_a_dead_letter_while_a_service_refuses(
    stage: Stage, service: str, error: str, status: int, reason: str, seed: int
) -> None:
    stage.scene.aws.fail(service, error=error, status=status)
    if service == "kms":
        stage.recycle()  # data keys are cached: only new processes ask for one at once

    publisher = stage.begin(MESSAGES, seed=seed)
    eventually(lambda: told(stage).count(reason) >= SOME, SETTLED_WITHIN_S, f"messages wait for {service}")
    assert stage.scene.aws.heal() > 0
    ids = [line["id"] for line in stage.finish(publisher)]

    assert not disagreements(stage.judged(ids))
    assert stage.books(ids) == once(ids)
    assert stage.letters_of(ids) == []
