"""What SQS took is read back to the legacy bytes, whatever way they were carried."""

import time

import pytest

from bridge.port import Entry
from tests.fakes.message import card_transaction, payin, translated
from tests.rig.history import Accepted
from tests.rig.reading import UNREADABLE, digest, read_accepted
from tests.rig.s3 import Object
from tests.rig.sqs import Handed, Stored


def handed(entry: Entry, *, stored: Stored = "new", queue: str = "q", envelope: str | None = None) -> Handed:
    attributes = {"id": entry.id, "envelope": entry.envelope if envelope is None else envelope}
    return Handed(
        0, 1, queue, "0", entry.body, attributes, entry.group, entry.deduplication, stored, "accepted", time.monotonic()
    )


@pytest.mark.parametrize("body", [card_transaction(), b"", b"\x00\xff"])
def test_a_body_is_read_back_to_its_bytes(body: bytes) -> None:
    entry = translated("cardtransaction.create", body, message_id="m1")
    assert read_accepted([handed(entry)]) == [Accepted("m1", digest(body), None)]


def test_what_was_not_taken_or_went_elsewhere_is_left_out() -> None:
    entry = translated("payin.create", payin("w1"))
    history = [handed(entry, stored="no"), handed(entry, queue="other"), handed(entry, stored="duplicate")]
    assert read_accepted(history, queue="q") == [
        Accepted("w1", digest(payin("w1")), entry.deduplication, swallowed=True)
    ]


def test_a_claim_check_is_read_back_to_what_lies_in_s3() -> None:
    entry = translated("payin.create", payin("w1"))
    objects = {("claims", "w1-bytes"): Object(b"large", {}, 0.0)}
    found = read_accepted([handed(entry, envelope='{"claim":"w1-bytes"}')], objects)
    assert [one.digest for one in found] == [digest(b"large")]


def test_what_cannot_be_read_is_told_so() -> None:
    entry = translated("payin.create", payin("w1"))
    assert read_accepted([handed(entry, envelope="{")])[0].digest == UNREADABLE
