"""What both are given: payments as the monolith publishes them, as the bridge sends them, as SQS hands them to Lambda.

Four of five messages are new payments; each fifth is an update of one that came some batches before.
"""

import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from bridge.port import Delivery
from bridge.translator import notification_translator
from contracts.envelope import AmqpFacts, Stamp, read_envelope, write_envelope
from contracts.registry import NOTIFICATIONS, PAYIN

SQS_BATCH = 10
"""As in our template, and Lambda's default."""
_BEFORE = 49
_SENT_AT_MS = 1_795_255_200_123
_TICKS = 17_952_551_000_000
_NAMES = ("Zoé Planted-Dupont", "Jérémy Dûpont", "Anna O'Hara", "Łukasz Nowak")


@dataclass(frozen=True, slots=True)
class Messages:
    """So many messages, other ones for each run."""

    run: int
    count: int
    stamp: Stamp

    @property
    def ids(self) -> list[str]:
        """In their order."""
        return [self._id(number) for number in range(self.count)]

    @property
    def payments(self) -> int:
        """How many different ones they are about."""
        return sum(not _updates(number) for number in range(self.count))

    def batches(self) -> Iterator[dict[str, Any]]:
        """Events for a function that is fed by a FIFO queue."""
        translate = notification_translator(PAYIN, lambda: _SENT_AT_MS / 1000)
        records = []
        for number in range(self.count):
            body = self._body(number)
            facts = AmqpFacts(
                NOTIFICATIONS,
                "payin.update" if _updates(number) else "payin.create",
                redelivered=False,
                properties={"content_type": "application/json", "delivery_mode": 2, "message_id": self._id(number)},
            )
            entry = translate(Delivery("bench", body, facts, {"x-sender": "monolith"}, number))
            envelope = write_envelope(structs.replace(read_envelope(entry.envelope), stamp=self.stamp))
            records.append(_record(number, body.decode(), entry.id, entry.type, envelope, str(self._payment(number))))
            if len(records) == SQS_BATCH or number == self.count - 1:
                yield {"Records": records}
                records = []

    def _id(self, number: int) -> str:
        return str(uuid.UUID(int=(self.run << 64) + number))

    def _payment(self, number: int) -> int:
        return self.run * 1_000_000 + (number - _BEFORE if _updates(number) else number)

    def _body(self, number: int) -> bytes:
        dice = random.Random(self._payment(number))
        payin = {
            "payinId": str(self._payment(number)),
            "walletId": str(dice.randint(100_000_000, 999_999_999)),
            "userId": str(dice.randint(100_000_000, 999_999_999)),
            "payinStatus": "VALIDATED" if _updates(number) else "PENDING",
            "paymentMethodId": dice.choice(("20", "27")),
            "messageToUser": f"facture {number} / réf",
            "subtotalItems": "12.00",
            "amount": f"{dice.randint(0, 99_999)}.{dice.randint(0, 99):02}",
            "currency": "EUR",
            "createdDate": "2024-12-14 22:16:48",
            "codeStatus": "140001",
            "ibanFullname": dice.choice(_NAMES),
            "DbtrIBAN": f"FR76{dice.randrange(10**23):023}",
            "payinDate": "2024-10-27",
        }
        document = {
            "webhook": "payin.update" if _updates(number) else "payin.create",
            "webhook_id": self._id(number),
            "webhook_created_at": _TICKS + number,
            "object": "payin",
            "object_id": str(self._payment(number)),
            "object_payload": {"payins": [payin]},
            "object_payload_signature": "zhdYWI1dfIbYpG2b/9YTCO0kZ2nSxoQSQo0XpG3rhQ0=",
        }
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _updates(number: int) -> bool:
    return number % 5 == 4 and number >= _BEFORE


def _record(number: int, body: str, identity: str, kind: str, envelope: str, group: str) -> dict[str, Any]:
    """One record (Lambda developer guide, "Using Lambda with Amazon SQS", FIFO)."""
    attributes = {"envelope": envelope, "id": identity, "type": kind}
    return {
        "messageId": str(uuid.uuid5(uuid.NAMESPACE_OID, identity)),
        "receiptHandle": hashlib.sha512(identity.encode()).hexdigest(),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SequenceNumber": f"{1_885_000_996_528_114_000 + number}",
            "MessageGroupId": group,
            "SentTimestamp": str(_SENT_AT_MS),
            "SenderId": "AROAZ3EXXAMPLE:shipper-1",
            "MessageDeduplicationId": hashlib.sha256(identity.encode()).hexdigest(),
            "ApproximateFirstReceiveTimestamp": str(_SENT_AT_MS + 27),
        },
        "messageAttributes": {
            name: {"stringValue": value, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
            for name, value in attributes.items()
        },
        "md5OfMessageAttributes": hashlib.md5(envelope.encode(), usedforsecurity=False).hexdigest(),
        "md5OfBody": hashlib.md5(body.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:strangler-payin.fifo",
        "awsRegion": "eu-west-1",
    }
