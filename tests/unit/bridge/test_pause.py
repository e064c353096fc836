from typing import get_args

import pytest

from bridge.pause import Pause, classify
from bridge.sqs import _MEANINGS


@pytest.mark.parametrize(
    ("reason", "pause"),
    [
        ("GetQueueUrl: AWS.SimpleQueueService.NonExistentQueue (there is no such queue)", "absent"),
        ("GetQueueUrl: NonExistentQueue (there is no such queue in this account and region)", "absent"),
        ("SendMessageBatch: ExpiredToken (the credentials have expired)", "credentials"),
        ("SendMessageBatch: AccessDenied (the role may not send to this queue)", "denied"),
        ("SendMessageBatch: KMS.DisabledException (the queue's key is disabled)", "key"),
        ("SendMessageBatch: ThrottlingException", "throttled"),
        ("EndpointConnectionError", "unreachable"),
        ("10 of 10 entries not accepted: KmsThrottled, RequestThrottled", "key"),
        ("3 of 3 entries not accepted: not in the answer", "not-accepted"),
        ("", "not-accepted"),
    ],
)
def test_a_reason_is_one_of_a_few_words(reason: str, pause: Pause) -> None:
    assert classify(reason) == pause
    assert pause in get_args(Pause)


def test_every_answer_that_is_explained_in_the_log_has_a_class_of_its_own() -> None:
    assert [code for code in _MEANINGS if classify(f"SendMessageBatch: {code}") == "not-accepted"] == []
