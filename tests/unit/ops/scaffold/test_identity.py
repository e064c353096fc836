from collections.abc import Mapping
from typing import Any

import orjson

from ops.scaffold.identity import Read, business_keys, identities


def read(form: Mapping[str, Any], **properties: Any) -> Read:
    return Read(orjson.dumps(form), properties, form)


def test_the_messages_own_id_in_the_body_is_its_identity() -> None:
    reads = [read({"object_id": n, "webhook_id": f"w{n}", "sum": n}, message_id=f"w{n}") for n in range(30)]
    assert [(one.source, one.name) for one in identities([*reads, reads[0]])] == [
        ("body", "webhook_id"),
        ("property", "message_id"),
        ("body", "object_id"),
    ]


def test_what_changes_over_redeliveries_is_no_identity() -> None:
    form = {"object_id": 1}
    assert [one.name for one in identities([read(form, message_id="a"), read(form, message_id="b")])] == ["object_id"]


def test_what_comes_with_other_bytes_is_no_identity() -> None:
    reads = [read({"id": "same", "n": n}, message_id=str(n)) for n in range(3)]
    assert [one.name for one in identities(reads)] == ["message_id"]


def test_one_conflict_in_thousands_does_not_disqualify() -> None:
    reads = [read({"id": str(n), "n": n}) for n in range(3000)]
    assert [one.name for one in identities([*reads, read({"id": "7", "n": 8})])] == ["id"]


def test_what_some_messages_lack_is_no_identity() -> None:
    assert identities([read({"id": "1"}), read({"n": 1})]) == []


def test_the_id_of_what_the_family_is_called_by_is_the_business_key() -> None:
    reads = [read({"id": n, "walletId": n % 2, "payoutId": n % 3, "status": "A"}) for n in range(9)]
    assert [one.name for one in business_keys(reads, "id", "payout")] == ["payoutId", "walletId"]


def test_an_id_that_repeats_goes_before_one_that_does_not() -> None:
    reads = [read({"id": n, "batchId": n, "walletId": n % 2}) for n in range(9)]
    assert [one.name for one in business_keys(reads, "id", "payout")] == ["walletId", "batchId"]


def test_an_id_that_some_messages_lack_goes_last() -> None:
    reads = [read({"id": n, "walletId": n} | ({"payoutId": 1} if n else {})) for n in range(9)]
    assert [one.name for one in business_keys(reads, "id", "payout")] == ["walletId", "payoutId"]
