"""The audit's arithmetic: what was published against what either side has stored, and nothing else."""

import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ops.audit import (
    Finding,
    Side,
    audit,
    main,
    read_ledger,
    read_monolith,
    read_published,
    read_received,
    read_records,
)

PUBLISHED = {
    "m-1": ("payin.create", "p-1"),
    "m-2": ("payin.update", "p-1"),
    "m-3": ("payout.update", "o-1"),
    "m-4": ("cardtransaction.create", "c-1"),
    "m-5": ("balance.update", "w-1"),
    "m-6": ("balance.update", "w-1"),
}
ROWS = [("payins", "p-1"), ("payouts", "o-1"), ("card_transactions", "c-1"), ("balances", "w-1")]
EVERYTHING = frozenset(PUBLISHED)


def good() -> Side:
    return Side(Counter(list(PUBLISHED)), Counter(ROWS))


def found(legacy: Side | None = None, new: Side | None = None, ledger: frozenset[str] = EVERYTHING) -> Finding:
    return audit(PUBLISHED, {"legacy": legacy or good(), "new": new or good()}, dict.fromkeys(ledger, "legacy"))


def figures(finding: Finding) -> tuple[int, int, int]:
    return finding.lost, finding.processed_twice, finding.unexpected


def on_either_side(change: Callable[[Side], object]) -> list[Finding]:
    legacy, new = good(), good()
    change(legacy)
    change(new)
    return [found(legacy=legacy), found(new=new)]


def test_one_journal_line_a_message_and_one_row_a_key_is_clean() -> None:
    finding = found()

    assert finding.clean
    assert (finding.published, finding.ledger, figures(finding)) == (6, 6, (0, 0, 0))


def test_nothing_published_and_nothing_stored_is_clean() -> None:
    nothing = Side(Counter(), Counter())

    assert audit({}, {"legacy": nothing, "new": nothing}, {}).clean


def test_a_missing_journal_line_is_a_lost_message() -> None:
    for finding in on_either_side(lambda side: side.journal.pop("m-2")):
        assert (figures(finding), finding.lost_sample) == ((1, 0, 0), ("m-2",))
        assert not finding.clean


def test_a_journal_line_counted_to_zero_is_missing() -> None:
    for finding in on_either_side(lambda side: side.journal.subtract(["m-2"])):
        assert finding.lost_sample == ("m-2",)


def test_a_doubled_journal_line_is_a_message_processed_twice() -> None:
    for finding in on_either_side(lambda side: side.journal.update(["m-3"])):
        assert (figures(finding), finding.processed_twice_sample) == ((0, 1, 0), ("m-3",))
        assert not finding.clean


def test_a_missing_row_is_a_lost_message() -> None:
    for finding in on_either_side(lambda side: side.rows.pop(("payouts", "o-1"))):
        assert (figures(finding), finding.lost_sample) == ((1, 0, 0), ("m-3",))


def test_a_doubled_row_is_a_message_processed_twice() -> None:
    for finding in on_either_side(lambda side: side.rows.update([("card_transactions", "c-1")])):
        assert (figures(finding), finding.processed_twice_sample) == ((0, 1, 0), ("m-4",))


def test_one_message_lost_on_both_sides_and_in_the_ledger_is_one() -> None:
    side = Side(good().journal - Counter(["m-1"]), good().rows)

    assert figures(found(side, side, EVERYTHING - {"m-1"})) == (1, 0, 0)


def test_what_the_ledger_does_not_know_as_done_is_lost() -> None:
    finding = found(ledger=EVERYTHING - {"m-5"})

    assert (finding.ledger, figures(finding), finding.lost_sample) == (5, (1, 0, 0), ("m-5",))


def test_a_line_of_a_message_that_nobody_published_is_unexpected() -> None:
    legacy, new = on_either_side(lambda side: side.journal.update(["m-9"]))

    assert (figures(legacy), legacy.unexpected_sample) == ((0, 0, 1), ("legacy:journal/m-9",))
    assert (figures(new), new.unexpected_sample) == ((0, 0, 1), ("new:journal/m-9",))
    assert not legacy.clean


def test_a_row_and_a_ledger_entry_from_nowhere_are_unexpected() -> None:
    _, new = on_either_side(lambda side: side.rows.update([("payins", "p-9")]))
    finding = found(ledger=EVERYTHING | {"m-9"})

    assert new.unexpected_sample == ("new:payins/p-9",)
    assert (figures(finding), finding.unexpected_sample, finding.ledger) == ((0, 0, 1), ("ledger:m-9",), 6)


def test_a_row_in_the_wrong_table_is_lost_and_unexpected() -> None:
    rows = Counter([("payouts", "p-1"), *ROWS[1:]])

    finding = found(new=Side(good().journal, rows))

    # Of a key's messages the last one stands for its row.
    assert (figures(finding), finding.lost_sample) == ((1, 0, 1), ("m-2",))


def test_a_key_that_was_written_more_often_than_it_has_messages_was_processed_twice() -> None:
    side = Side(good().journal, good().rows, {("payin", "p-1"): 3, ("balance", "w-1"): 2, ("payout", "o-1"): 1})

    finding = found(new=side)

    assert figures(finding) == (0, 1, 0), "the second time left the same rows, but another version"
    assert finding.processed_twice_sample == ("new:payin/p-1: 3 writes for 2 messages",)


def test_a_loss_does_not_make_up_for_a_double() -> None:
    side = Side(good().journal - Counter(["m-1"]) + Counter(["m-2"]), good().rows)

    assert figures(found(new=side)) == (1, 1, 0)


def test_samples_are_sorted_and_short() -> None:
    published = {f"m-{number:02}": ("payout.update", f"o-{number:02}") for number in range(30)}
    nothing = Side(Counter(), Counter())

    finding = audit(published, {"legacy": nothing}, {})

    assert finding.lost == 30
    assert finding.lost_sample == tuple(f"m-{number:02}" for number in range(10))


def test_an_unknown_type_in_the_publishers_log_is_an_error() -> None:
    with pytest.raises(KeyError):
        audit({"m-1": ("payin.cancel", "p-1")}, {}, {})


def test_the_publishers_log_is_read_by_line(tmp_path: Path) -> None:
    log = tmp_path / "published.ndjson"
    log.write_text('{"id":"m-1","type":"payin.create","key":"p-1","copies":2}\n\n', "utf-8")

    assert read_published(log) == {"m-1": ("payin.create", "p-1")}


TABLES = {"payins": "payin_id", "payouts": "payout_id", "card_transactions": "card_transaction_id"}


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """As the monolith's, without keys, so that rows can be doubled."""
    place = tmp_path / "monolith.sqlite"
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("CREATE TABLE journal (webhook_id TEXT, stale INTEGER)")
        connection.execute("CREATE TABLE outgoing_webhooks (headers TEXT)")
        for table, column in {**TABLES, "balances": "wallet_id"}.items():
            connection.execute(f"CREATE TABLE {table} ({column} TEXT)")
        connection.execute("INSERT INTO journal VALUES ('m-1', 0), ('m-2', 1), ('m-2', 1)")
        connection.execute("INSERT INTO outgoing_webhooks VALUES (?)", ('{"X-Webhook-Id":"m-1"}',))
        connection.execute("INSERT INTO payins VALUES ('p-1'), ('p-1'), ('p-2')")
    return place


def test_the_monoliths_rows_are_counted_by_key(database: Path) -> None:
    side = read_monolith(database)

    assert side.journal == {"m-1": 1, "m-2": 2}
    assert side.rows == {("payins", "p-1"): 2, ("payins", "p-2"): 1}


def test_the_monoliths_webhooks_and_which_are_due_are_read_from_its_database(database: Path) -> None:
    side = read_monolith(database)

    assert dict(side.webhooks) == {"m-1": 1}
    assert set(side.due) == {"m-1"}


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        read_monolith(tmp_path / "none.sqlite")
    assert not list(tmp_path.iterdir())


class Tables:
    """A DynamoDB client that has pages of items to scan."""

    def __init__(self, *pages: list[dict[str, Any]]) -> None:
        self._pages = pages

    def get_paginator(self, operation: str) -> "Tables":
        assert operation == "scan"
        return self

    def paginate(self, **request: Any) -> list[dict[str, Any]]:
        assert request["ConsistentRead"] is True
        return [{"Items": page} for page in self._pages]


NOTHING = Tables([])


class Refusing:
    """A DynamoDB client that is not let in."""

    def get_paginator(self, operation: str) -> "Refusing":
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)


def row(table: str, key: str, message_id: str) -> dict[str, Any]:
    names = {"table": {"S": table}, "key": {"S": key}, "message_id": {"S": message_id}}
    names["plain"] = {"S": '{"stale": 0}' if table == "journal" else "{}"}
    return {"pk": {"S": "default#payin#p#1"}, "sk": {"S": f"row#{table}#{key}"}, **names}


def test_our_items_are_counted_by_what_they_say_they_are_whatever_their_own_key() -> None:
    head = {"pk": {"S": "default#payin#p#1"}, "sk": {"S": "head"}, "version": {"N": "3"}}
    pages = [row("journal", "m-1", "m-1"), row("payins", "p-1", "m-1"), head], [row("journal", "m-1-2", "m-1")]

    side = read_records(Tables(*pages), "records", Counter({"m-1": 1}))

    assert side.journal == {"m-1": 2}
    assert side.rows == {("payins", "p-1"): 1}
    assert side.writes == {("payin", "p#1"): 3}
    assert dict(side.webhooks) == {"m-1": 1}
    assert set(side.due) == {"m-1"}


def with_webhooks(of_legacy: Mapping[str, int], of_new: Mapping[str, int]) -> Finding:
    legacy = replace(good(), webhooks=Counter(of_legacy), due=frozenset({"m-1", "m-2"}))
    return found(legacy=legacy, new=replace(good(), webhooks=Counter(of_new)))


def test_a_webhook_of_either_side_is_one_webhook() -> None:
    assert with_webhooks({"m-1": 1}, {"m-2": 1}).clean


def test_a_webhook_that_neither_side_has_sent_is_lost() -> None:
    finding = with_webhooks({"m-1": 1}, {})

    assert (finding.webhooks_lost, finding.lost_sample) == (1, ("webhook of m-2",))
    assert not finding.clean


@pytest.mark.parametrize("of_new", [{"m-2": 2}, {"m-1": 1, "m-2": 1}], ids=["two effects", "both sides"])
def test_a_webhook_of_both_sides_or_of_two_effects_has_left_twice(of_new: Mapping[str, int]) -> None:
    finding = with_webhooks({"m-1": 1}, of_new)

    assert finding.webhooks_twice == 1
    assert not finding.clean


def with_messages(followed: Mapping[str, int]) -> Finding:
    processed = {message_id: "new" if message_id in ("m-1", "m-2") else "legacy" for message_id in PUBLISHED}
    return audit(PUBLISHED, {"legacy": good(), "new": good()}, processed, Counter(followed))


def test_whatever_new_has_done_with_authority_has_one_follow_up_message() -> None:
    assert with_messages({"m-1": 1, "m-2": 1}).clean
    lost, twice = with_messages({"m-2": 1}), with_messages({"m-1": 2, "m-2": 1})
    assert (lost.messages_lost, lost.lost_sample, lost.clean) == (1, ("message of m-1",), False)
    assert (twice.messages_twice, twice.processed_twice_sample, twice.clean) == (1, ("message of m-1",), False)


def test_an_effect_that_the_partner_receives_again_is_the_same_webhook(tmp_path: Path) -> None:
    log = tmp_path / "received.ndjson"
    one, other = '{"webhook_id":"m-1","effect_id":"m-1:2"}', '{"webhook_id":"m-2","effect_id":"m-2:2"}'
    log.write_text("\n".join([one, one, other]), "utf-8")

    assert read_received(log) == {"m-1": 1, "m-2": 1}


def test_only_what_our_side_has_done_counts_in_the_ledger() -> None:
    entries: list[dict[str, Any]] = [
        {"pk": {"S": "done"}, "candidate_ending": {"S": "done"}},
        {"pk": {"S": "rejected"}, "candidate_ending": {"S": "rejected"}},
        {"pk": {"S": "known to the monolith only"}},
    ]

    assert read_ledger(Tables(entries), "ledger") == {"done": "legacy"}


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database: Path) -> Callable[..., int]:
    """Run the program over a monolith's database that holds `m-1`, `m-2` twice, and DynamoDB as given."""

    def run_program(published: Mapping[str, Any], client: object = NOTHING) -> int:
        log = tmp_path / "published.ndjson"
        log.write_text("".join(f"{json.dumps({'id': one, **line})}\n" for one, line in published.items()), "utf-8")
        monkeypatch.setattr(boto3, "client", lambda _: client)
        places = ["--published", str(log), "--database", str(database), "--stack", "unit"]
        monkeypatch.setattr(sys, "argv", ["ops.audit", *places])
        return main()

    return run_program


def test_the_program_prints_its_finding_and_ends_with_1_where_it_is_not_clean(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    code = run({"m-1": {"type": "payin.create", "key": "p-1"}, "m-2": {"type": "payin.create", "key": "p-2"}})

    finding = json.loads(capsys.readouterr().out)
    assert code == 1
    assert (finding["lost"], finding["processed_twice"], finding["unexpected"]) == (2, 2, 0)


def test_the_program_ends_with_2_where_it_cannot_read_and_says_what_kind_of_trouble_it_was(
    run: Callable[..., int], database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database.unlink()

    assert run({}) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("ops.audit: cannot read: OperationalError")


def test_a_table_that_refuses_is_trouble_and_no_finding(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run({}, Refusing()) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "AccessDeniedException" in told.err
