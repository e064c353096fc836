"""json_encode beside json.dumps, unserialize beside phpserialize, in one run: ratios of CPU seconds, medians of rounds.

    python -m tests.bench.php --rounds 7

A notification is what the monolith's publisher sends; an envelope is what Symfony Messenger's PhpSerializer makes of
such a message, without the slashes (which phpserialize does not read). Several are measured: plain; with a quote in one
text, behind which what is between quotes and what is within change places; with one in every text; in Latin-1; of one
field, where little more than Symfony's own objects is read; and of a thousand.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import islice
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


PAYMENT: dict[Any, Any] = NOTIFICATION["object_payload"]["payins"][0]
_PRIVATE: dict[int | str, str] = {name: f"\0{ENVELOPE}\0{name}" for name in ("stamps", "message")}


def envelope(payload: dict[Any, Any]) -> bytes:
    """A Symfony envelope around a message with these fields."""
    stamp = PhpObject("Symfony\\Component\\Messenger\\Stamp\\BusNameStamp", {"busName": "messenger.bus.default"})
    message = PhpObject("App\\Message\\PaymentReceived", payload)
    fields: dict[int | str, Any] = {"stamps": {stamp.class_name: [stamp]}, "message": message}
    return php_serialize(PhpObject(ENVELOPE, fields, _PRIVATE))


def _each_text(change: Callable[[str], str | bytes]) -> dict[Any, Any]:
    return {name: change(value) if isinstance(value, str) else value for name, value in PAYMENT.items()}


ENVELOPES: dict[str, bytes] = {
    "plain": envelope(PAYMENT),
    "one quote": envelope({**PAYMENT, "walletAlias": 'so "called'}),
    "a quoted word": envelope({**PAYMENT, "walletAlias": 'so "called" alias'}),
    "a quote in each text": envelope(_each_text(lambda text: f'{text}"')),
    "not UTF-8": envelope(_each_text(lambda text: text.encode("latin-1"))),
    "one field": envelope({"id": "8513424"}),
    "five fields": envelope(dict(islice(PAYMENT.items(), 5))),
    "a thousand fields": envelope({"payins": [PAYMENT] * 37}),
}


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
    assert json.loads(json_encode(NOTIFICATION)) == NOTIFICATION
    found = [
        compare(
            "json_encode / json.dumps",
            lambda: json_encode(NOTIFICATION),
            lambda: json.dumps(NOTIFICATION, separators=(",", ":")),
            arguments.rounds,
            arguments.times,
        ),
    ]
    for name, data in ENVELOPES.items():
        found.append(
            compare(
                f"unserialize / phpserialize 1.3, {name}",
                partial(php_unserialize, data),
                partial(phpserialize.loads, data, object_hook=phpserialize.phpobject),
                arguments.rounds,
                max(1, arguments.times * len(ENVELOPES["plain"]) // max(len(data), 1000)),
            )
        )
    for one in found:
        times = f"{one['ours_us']:8.1f} µs {one['other_us']:8.1f} µs"
        sys.stdout.write(f"{one['name']:<52} {times}  {1 / one['ratio']:.2f} times as fast\n")
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    _FILE.write_text(json.dumps({"python": sys.version.split()[0], "comparisons": found}, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
