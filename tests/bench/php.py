"""json_encode beside json.dumps, unserialize beside phpserialize, in one run: ratios of CPU seconds, medians of rounds.

    python -m tests.bench.php --rounds 7

A notification is what the monolith's publisher sends; an envelope is what Symfony Messenger's PhpSerializer makes of
such a message, without the slashes (which phpserialize does not read).
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phpserialize

from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php.json import json_encode
from contracts.php.value import PhpObject

_FILE = Path("var/bench/php.json")
ENVELOPE = "Symfony\\Component\\Messenger\\Envelope"
NOTIFICATION: dict[Any, Any] = {
    "webhook": "payin.create",
    "webhook_id": "9f1b3f5e-6a57-4c0e-9f0a-2a7d0c2f6a11",
    "webhook_created_at": 17303904123456,
    "object": "payin",
    "object_id": "8513424",
    "object_payload": {
        "payins": [
            {
                "payinId": "8513424", "payinTag": "", "walletId": "1234567", "userId": "7654321",
                "payinStatus": "PENDING", "paymentMethodId": "20", "messageToUser": "Facture n° 12 / été",
                "subtotalItems": "0.00", "amount": "17.01",
                "currency": "EUR", "createdDate": "2024-10-27 02:30:00", "walletEventName": "Compte courant",
                "walletAlias": "alias", "userFirstname": "Zoé", "userLastname": "D'Artagnan", "codeStatus": "140001",
                "informationStatus": "", "refundAmount": None, "ibanFullname": "Zoé d'Artagnan",
                "DbtrIBAN": "FR7630006000011234567890189", "ibanBic": "AGRIFRPP", "forwardUrl": None, "fee": 0.085,
                "net": 16.925, "lines": [1, 2, 3, 4], "isLive": True,
            }
        ]
    },
}  # fmt: skip


def envelope() -> bytes:
    """A Symfony envelope around the notification's payload."""
    stamp = PhpObject("Symfony\\Component\\Messenger\\Stamp\\BusNameStamp", {"busName": "messenger.bus.default"})
    payload = NOTIFICATION["object_payload"]["payins"][0]
    message = PhpObject("App\\Message\\PaymentReceived", payload)
    stamps = {stamp.class_name: [stamp]}
    return php_serialize(PhpObject(ENVELOPE, {"stamps": stamps, "message": message}))


def cpu_s(work: Callable[[], Any], times: int) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def compare(name: str, ours: Callable[[], Any], other: Callable[[], Any], rounds: int, times: int) -> dict[str, Any]:
    """Medians over alternating rounds."""
    pairs = [(cpu_s(ours, times), cpu_s(other, times)) for _ in range(rounds)]
    mine, theirs = (statistics.median(one) for one in zip(*pairs, strict=True))
    return {"name": name, "ours_us": mine * 1e6, "other_us": theirs * 1e6, "ratio": mine / theirs}


def main() -> int:
    """Measure, print a table, and write var/bench/php.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.php")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--times", type=int, default=2000, help="calls in a round")
    arguments = parser.parse_args()
    data = envelope()
    assert json.loads(json_encode(NOTIFICATION)) == NOTIFICATION
    found = [
        compare(
            "json_encode / json.dumps",
            lambda: json_encode(NOTIFICATION),
            lambda: json.dumps(NOTIFICATION, separators=(",", ":")),
            arguments.rounds,
            arguments.times,
        ),
        compare(
            "unserialize / phpserialize 1.3",
            lambda: php_unserialize(data),
            lambda: phpserialize.loads(data, object_hook=phpserialize.phpobject),
            arguments.rounds,
            arguments.times,
        ),
    ]
    for one in found:
        sys.stdout.write(f"{one['name']:<32} {one['ours_us']:8.1f} µs {one['other_us']:8.1f} µs  {one['ratio']:.2f}\n")
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    _FILE.write_text(json.dumps({"python": sys.version.split()[0], "comparisons": found}, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
