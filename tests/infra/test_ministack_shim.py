"""Gaps of MiniStack that only show when two things happen at once; the others are tested in tests/integration."""

import threading
import uuid
from typing import Any

import pytest
from ministack.services import sqs

from infra.local import ministack_shim

PATIENT_S = 10.0
MOMENT_S = 0.2


class HeldQueue(dict[str, Any]):
    """A queue that stops whoever is about to replace its list of messages, until let go."""

    def __init__(self, queue: dict[str, Any]) -> None:
        super().__init__(queue)
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def __setitem__(self, name: str, value: object) -> None:
        if name == "messages":
            self.reached.set()
            assert self.let_go.wait(PATIENT_S)
        super().__setitem__(name, value)


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
    queue = HeldQueue(sqs._get_q(url))
    sqs._queues[url] = queue

    deleting = threading.Thread(target=sqs._delete_messages_for_esm, args=(url, {first["receipt_handle"]}))
    sending = threading.Thread(
        target=sqs._HANDLERS["SendMessage"], args=({"QueueUrl": url, "MessageBody": "second"}, "")
    )
    deleting.start()
    assert queue.reached.wait(PATIENT_S)
    sending.start()
    sending.join(MOMENT_S)  # unmended, it is through by now, into a list that is about to be replaced
    queue.let_go.set()
    deleting.join(PATIENT_S)
    sending.join(PATIENT_S)

    assert [message["body"] for message in queue["messages"]] == ["second"]


def test_another_version_is_not_mended_blindly(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ministack_shim, "VERSION", "0.0.1")
    monkeypatch.setattr("sys.argv", ["ministack_shim", "--fd", "9"])
    with pytest.raises(SystemExit):
        ministack_shim.main()
    assert "those of 0.0.1" in capfd.readouterr().err
