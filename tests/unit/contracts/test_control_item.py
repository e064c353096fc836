from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from contracts.authority import AuthorityRecord, Waiver
from contracts.control_item import (
    MalformedItemError,
    RouterRow,
    authority_key,
    flatten,
    read_authority,
    read_router,
    read_time,
    router_key,
    write_authority,
    write_router,
    write_time,
)

AT = datetime(2026, 11, 21, 10, 0, 0, 123000, tzinfo=UTC)
FULL = AuthorityRecord("payin", "shadow", 7, 5, "fenced", "live", "run-1", AT)
ROW = RouterRow(
    "payin", "router-1", "active", AT, AT, "host", 7, 5, 7,
    holding=True, held=3, unsettled=12, unsettled_sample=("w1", "w2"), doubts=1, tap=True, legacy_backlog=4,
)  # fmt: skip


WAIVED = replace(FULL, waived=frozenset({Waiver("w1", AT), Waiver("w2", AT + timedelta(seconds=1))}))


@pytest.mark.parametrize("record", [FULL, WAIVED, AuthorityRecord("payin")])
def test_a_record_that_was_written_is_read_again(record: AuthorityRecord) -> None:
    item = write_authority(record)
    assert read_authority("payin", item) == record
    assert {name: item[name] for name in ("pk", "sk")} == authority_key("payin")


def test_the_same_waivers_are_the_same_text_in_whatever_order() -> None:
    # Writes are conditional on the text as it was read.
    item = write_authority(WAIVED)
    assert item["waived"] == '{"w1":"2026-11-21T10:00:00.123Z","w2":"2026-11-21T10:00:01.123Z"}'
    assert write_authority(read_authority("payin", item)) == item
    assert "waived" not in write_authority(FULL)


def test_a_record_that_was_never_written_is_the_default() -> None:
    assert read_authority("payin", None) == AuthorityRecord("payin")


def test_what_others_add_to_a_record_and_numbers_of_boto3_are_taken() -> None:
    item: dict[str, Any] = {**write_authority(FULL), "operator": "somebody", "epoch": Decimal(7)}
    assert read_authority("payin", item) == FULL


@pytest.mark.parametrize("phase", ["fenced", "releasing"])
def test_a_move_that_has_no_name_is_refused(phase: Any) -> None:
    with pytest.raises(MalformedItemError, match="run"):
        read_authority("payin", write_authority(replace(FULL, phase=phase, run=None)))


def test_an_item_is_flat_without_what_is_neither_text_nor_integer() -> None:
    item: dict[str, Any] = {
        "text": {"S": "7"}, "empty": {"S": ""}, "number": {"N": "-7"}, "whole": {"N": "7.0"}, "part": {"N": "1.5"},
        "no": {"N": "x"}, "infinite": {"N": "Infinity"}, "nan": {"N": "NaN"}, "flag": {"BOOL": True},
        "null": {"NULL": True}, "bytes": {"B": b"7"}, "texts": {"SS": ["7"]}, "list": {"L": []}, "map": {"M": {}},
        "nothing": {},
    }  # fmt: skip
    assert flatten(item) == {"text": "7", "empty": "", "number": -7, "whole": 7}


def test_a_row_of_an_older_router_counts_as_the_brokers_default_timeout() -> None:
    item = write_router(replace(ROW, delivery_timeout_s=60))
    assert read_router(item).delivery_timeout_s == 60
    del item["delivery_timeout_s"]
    assert read_router(item).delivery_timeout_s == 1800


def test_a_row_that_was_written_is_read_again() -> None:
    item = write_router(ROW)
    assert read_router(item) == ROW
    assert {name: item[name] for name in ("pk", "sk")} == router_key("payin", "router-1")
    assert all(isinstance(value, str | int) for value in item.values())


def test_no_more_than_a_few_ids_are_named() -> None:
    row = RouterRow("payin", "r", "stopped", AT, AT, unsettled_sample=tuple(str(n) for n in range(30)))
    assert len(read_router(write_router(row)).unsettled_sample) == 10


def test_times_sort_as_texts_whatever_their_zone() -> None:
    later = (AT + timedelta(milliseconds=1)).astimezone(timezone(timedelta(hours=-5)))
    assert write_time(AT) == "2026-11-21T10:00:00.123Z"
    assert write_time(AT) < write_time(later)
    assert read_time("at", write_time(later)) == later


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pk", "authority#payout"), ("stage", "canary"), ("stage", None), ("phase", "moving"), ("epoch", "7"),
        ("epoch", True), ("epoch", Decimal("7.5")), ("target", "nowhere"), ("target", 1), ("moved_at", "yesterday"),
        ("moved_at", "2026-11-21T10:00:00"), ("waived", 1), ("waived", "{"), ("waived", "[]"), ("waived", '{"w1":1}'),
        ("waived", '{"w1":"yesterday"}'),
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_refused_by_the_name_of_its_attribute(name: str, value: object) -> None:
    with pytest.raises(MalformedItemError, match=name):
        read_authority("payin", {**write_authority(FULL), name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pk", "authority#payin"), ("state", "asleep"), ("seen_at", ""), ("held", None), ("unsettled_sample", "["),
        ("unsettled_sample", "[1]"), ("holding", 1),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_refused_by_the_name_of_its_attribute(name: str, value: object) -> None:
    with pytest.raises(MalformedItemError, match=name):
        read_router({**write_router(ROW), name: value})
