"""Gaps of MiniStack that only show when two things happen at once; the others are tested in tests/integration."""

import threading
import uuid

import pytest
from ministack.services import sqs

from infra.local import ministack_shim

PATIENT_S = 10.0
MOMENT_S = 0.2


class HeldReceipts(set[str]):
    """Receipt handles that stop whoever looks one up, until let go."""

    def __init__(self, *receipts: str) -> None:
        super().__init__(receipts)
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def __contains__(self, receipt: object) -> bool:
        self.reached.set()
        assert self.let_go.wait(PATIENT_S)
        return super().__contains__(receipt)


@pytest.fixture
def mended(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_queues_lock", "_expire_retained", "_dlq_sweep", "_collect_msgs"):
        monkeypatch.setattr(sqs, name, getattr(sqs, name))  # put back at the end
    monkeypatch.setattr(sqs, "_HANDLERS", dict(sqs._HANDLERS))
    ministack_shim.serialise_queues()


@pytest.mark.usefixtures("mended")
def test_a_message_sent_while_another_is_deleted_is_not_lost() -> None:
    url = sqs._HANDLERS["CreateQueue"]({"QueueName": f"q-{uuid.uuid4().hex}"}, "")["QueueUrl"]
    sqs._HANDLERS["SendMessage"]({"QueueUrl": url, "MessageBody": "first"}, "")
    (first,) = sqs._receive_messages_for_esm(url, 1)
    receipts = HeldReceipts(first["receipt_handle"])

    deleting = threading.Thread(target=sqs._delete_messages_for_esm, args=(url, receipts))
    sending = threading.Thread(
        target=sqs._HANDLERS["SendMessage"], args=({"QueueUrl": url, "MessageBody": "second"}, "")
    )
    deleting.start()
    assert receipts.reached.wait(PATIENT_S)
    sending.start()
    sending.join(MOMENT_S)  # unmended, it is through by now, into a list that is about to be replaced
    receipts.let_go.set()
    deleting.join(PATIENT_S)
    sending.join(PATIENT_S)

    assert [message["body"] for message in sqs._get_q(url)["messages"]] == ["second"]


def test_the_shim_knows_the_version_that_it_mends() -> None:
    assert ministack_shim.VERSION == "1.5.33", "look at every gap again before it is started with another version"
