from typing import get_args

import pytest

from bridge.aws_code import MEANINGS
from bridge.pause import Pause, classify


@pytest.mark.parametrize(
    ("reason", "pause"),
    [
        ("GetQueueUrl: AWS.SimpleQueueService.NonExistentQueue (there is no such queue)", "absent"),
        ("GetQueueUrl: NonExistentQueue (there is no such queue in this account and region)", "absent"),
        ("SendMessageBatch: ExpiredToken (the credentials have expired)", "credentials"),
        ("SendMessageBatch: AccessDenied (the role may not do this)", "denied"),
        ("SendMessageBatch: KMS.DisabledException (the queue's key is disabled)", "key"),
        ("SendMessageBatch: ThrottlingException", "throttled"),
        ("EndpointConnectionError", "unreachable"),
        ("SendMessageBatch: UnreadableAnswer (no answer of AWS: a proxy, or another endpoint)", "unreachable"),
        ("GetQueueUrl: 502", "unreachable"),
        ("502 of 503 entries not accepted: not in the answer", "not-accepted"),
        ("1 of 1 entries not accepted: KMS.ThrottlingException", "key"),
        ("10 of 10 entries not accepted: KmsThrottled, RequestThrottled", "key"),
        ("3 of 3 entries not accepted: not in the answer", "not-accepted"),
        ("", "not-accepted"),
    ],
)
def test_a_reason_is_one_of_a_few_words(reason: str, pause: Pause) -> None:
    assert classify(reason) == pause
    assert pause in get_args(Pause)


def test_every_answer_that_is_explained_in_the_log_has_a_class_of_its_own() -> None:
    assert [code for code in MEANINGS if classify(f"SendMessageBatch: {code}") == "not-accepted"] == []
