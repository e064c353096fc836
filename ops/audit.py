"""An independent audit: was any published message lost, or done twice, on either side? Did its webhook leave once?

    python -m ops.audit --published var/demo/published.ndjson --database var/demo/monolith.sqlite --stack strangler

It believes nobody who took part. It reads the publisher's own log, the rows in the monolith's database, and the items
in the DynamoDB tables; neither a counter of the harness, nor a verdict, nor the monolith's list of processed ids. Every
processed message leaves exactly one line in the journal of each side and moves its key on our side by one version;
every published key has its row. Every message that was not stale has one webhook, of one side: the monolith's wait in
its database, ours are known from what the partner received (`--received`), by the effect's id. Every message that new
processed with authority has one follow-up message at RabbitMQ, known from who else reads there (`--followed`).
"""

import argparse
import json
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

_TABLES = {
    "payin.create": ("payins", "payin_id"),
    "payin.update": ("payins", "payin_id"),
    "payout.update": ("payouts", "payout_id"),
    "cardtransaction.create": ("card_transactions", "card_transaction_id"),
    "balance.update": ("balances", "wallet_id"),
}
"""Where a type's message must have left a row, and what calls the row. Written out once more, on purpose."""
_SAMPLE = 10
LOST = ("lost", "webhooks_lost", "messages_lost")
TWICE = ("processed_twice", "webhooks_twice", "messages_twice")
"""Names of the finding that count what is lost, and what was done twice."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has stored."""

    journal: Counter[str]
    """Message id to number of journal lines."""
    rows: Counter[tuple[str, str]]
    """Table and key to number of rows."""
    writes: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Family and business key to how often its records were written, where the side's own items tell.

    Our side writes a row under its message's id, so that a second time leaves no second row; but each time that
    anything is written the version of the key's head item moves on.
    """
    webhooks: Counter[str] = field(default_factory=Counter)
    """Message id to number of webhooks that have left, or wait to leave."""
    due: frozenset[str] = frozenset()
    """Ids of messages that must have a webhook: those whose journal line says that they were not stale."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The audit's result. Ids are message ids, or `table/key` of rows."""

    published: int
    ledger: int
    """Published messages that the ledger says were processed."""
    lost: int
    processed_twice: int
    unexpected: int
    """Rows and journal lines that no published message accounts for."""
    webhooks_lost: int
    """Messages whose webhook has left on neither side."""
    webhooks_twice: int
    """Messages whose webhook has left on both sides, or as two different effects."""
    messages_lost: int
    """Messages that new processed with authority and whose follow-up message is not at RabbitMQ."""
    messages_twice: int
    """Messages with more than one follow-up message, by effect."""
    lost_sample: tuple[str, ...]
    processed_twice_sample: tuple[str, ...]
    unexpected_sample: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing twice, nothing from nowhere."""
        return not (self.unexpected or any(getattr(self, name) for name in (*LOST, *TWICE)))


def audit(
    published: Mapping[str, tuple[str, str]],
    sides: Mapping[str, Side],
    processed: Mapping[str, str],
    followed: Counter[str] | None = None,
) -> Finding:
    """Compare what was published (id to type and key) with what is stored. Pure.

    Args:
        published: message id to type and key.
        sides: what each of them has.
        processed: messages that the ledger says new has processed, to who had authority over them.
        followed: message id to number of its follow-up messages at RabbitMQ; None where nobody has looked.
    """
    ledger = frozenset(processed)
    messages_of = Counter((type_name.partition(".")[0], key) for type_name, key in published.values())
    expected_rows = {(_TABLES[type_name][0], key): message_id for message_id, (type_name, key) in published.items()}
    lost: set[str] = set(published.keys() - ledger)
    twice: set[str] = set()
    unexpected: set[str] = {f"ledger:{message_id}" for message_id in ledger - published.keys()}
    for name, side in sides.items():
        lost |= {message_id for message_id in published if not side.journal[message_id]}
        lost |= {message_id for row, message_id in expected_rows.items() if not side.rows[row]}
        twice |= {message_id for message_id in published if side.journal[message_id] > 1}
        twice |= {message_id for row, message_id in expected_rows.items() if side.rows[row] > 1}
        twice |= {
            f"{name}:{family}/{key}: {times} writes for {messages_of[family, key]} messages"
            for (family, key), times in side.writes.items()
            if times > messages_of[family, key] > 0
        }
        unexpected |= {f"{name}:journal/{message_id}" for message_id in side.journal.keys() - published.keys()}
        unexpected |= {f"{name}:{table}/{key}" for table, key in side.rows.keys() - expected_rows.keys()}
    due = frozenset().union(*(side.due for side in sides.values())) & published.keys()
    left = {message_id: sum(side.webhooks[message_id] for side in sides.values()) for message_id in due}
    unheard = {message_id for message_id, times in left.items() if times == 0}
    repeated = {message_id for message_id, times in left.items() if times > 1}
    acted = {message_id for message_id, authority in processed.items() if authority == "new"}
    unsent = set() if followed is None else {message_id for message_id in acted if not followed[message_id]}
    resent = {message_id for message_id, times in (followed or Counter()).items() if times > 1}
    return Finding(
        published=len(published),
        ledger=len(ledger & published.keys()),
        lost=len(lost),
        processed_twice=len(twice),
        unexpected=len(unexpected),
        webhooks_lost=len(unheard),
        webhooks_twice=len(repeated),
        messages_lost=len(unsent),
        messages_twice=len(resent),
        lost_sample=_sample(lost | _named("webhook", unheard) | _named("message", unsent)),
        processed_twice_sample=_sample(twice | _named("webhook", repeated) | _named("message", resent)),
        unexpected_sample=_sample(unexpected),
    )


def _named(what: str, message_ids: set[str]) -> set[str]:
    return {f"{what} of {message_id}" for message_id in message_ids}


def read_published(*logs: Path) -> dict[str, tuple[str, str]]:
    """The publisher's own logs: message id to type and key."""
    lines = (json.loads(line) for log in logs for line in log.read_text("utf-8").splitlines() if line)
    return {line["id"]: (line["type"], line["key"]) for line in lines}


def read_received(log: Path) -> Counter[str]:
    """What others have received: message id to number of different effects. A repeated effect is the same one."""
    lines = (json.loads(line) for line in log.read_text("utf-8").splitlines() if line)
    return Counter(message_id for message_id, _ in {(line["webhook_id"], line["effect_id"]) for line in lines})


def read_monolith(database: Path) -> Side:
    """The rows in the monolith's database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        journal = Counter({row[0]: row[1] for row in _select(connection, "journal", "webhook_id")})
        rows: Counter[tuple[str, str]] = Counter()
        for table, column in sorted(set(_TABLES.values())):
            rows.update({(table, key): count for key, count in _select(connection, table, column)})
        due = frozenset(row[0] for row in connection.execute("SELECT webhook_id FROM journal WHERE stale = 0"))
        headers = (json.loads(row[0]) for row in connection.execute("SELECT headers FROM outgoing_webhooks"))
        webhooks = Counter(str(one["X-Webhook-Id"]) for one in headers)
    return Side(journal, rows, webhooks=webhooks, due=due)


def _select(connection: sqlite3.Connection, table: str, column: str) -> Iterable[tuple[str, int]]:
    return connection.execute(f"SELECT {column}, COUNT(*) FROM {table} GROUP BY {column}")  # noqa: S608  our own names


def read_records(client: Any, table_name: str, received: Counter[str] | None = None) -> Side:
    """The items in the table of records, each counted by what it says it is; and what the partner has received."""
    journal: Counter[str] = Counter()
    rows: Counter[tuple[str, str]] = Counter()
    writes: dict[tuple[str, str], int] = {}
    due: set[str] = set()
    names = {"#table": "table", "#key": "key", "#version": "version", "#plain": "plain"}
    for item in _scan(client, table_name, "pk, sk, #table, #key, #version, #plain, message_id", names):
        if item["sk"]["S"] == "head":
            _, family, key = item["pk"]["S"].split("#", 2)
            writes[family, key] = int(item["version"]["N"])
        elif item["table"]["S"] == "journal":
            journal[item["message_id"]["S"]] += 1
            if not json.loads(item["plain"]["S"])["stale"]:
                due.add(item["message_id"]["S"])
        else:
            rows[item["table"]["S"], item["key"]["S"]] += 1
    return Side(journal, rows, writes, received or Counter(), frozenset(due))


def read_ledger(client: Any, table_name: str) -> dict[str, str]:
    """Ids of the messages that the ledger says our side has processed, to who had authority over them."""
    return {
        entry["pk"]["S"]: entry.get("authority", {}).get("S", "legacy")
        for entry in _scan(client, table_name, "pk, candidate_ending, authority", {})
        if entry.get("candidate_ending", {}).get("S") == "done"
    }


def _scan(client: Any, table_name: str, projection: str, names: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    options = {"ExpressionAttributeNames": dict(names)} if names else {}
    pages = client.get_paginator("scan").paginate(
        TableName=table_name, ProjectionExpression=projection, ConsistentRead=True, **options
    )
    for page in pages:
        yield from page["Items"]


def _sample(ids: set[str]) -> tuple[str, ...]:
    return tuple(sorted(ids)[:_SAMPLE])


def main() -> int:
    """Audit and print the finding as JSON; 0 if clean, 1 if not, 2 if something could not be read."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.audit",
        description="Was any published message lost, or done twice, on either side?",
        epilog="Exit codes: 0 clean, 1 something lost, doubled or unaccounted for, 2 something could not be read.",
    )
    parser.add_argument(
        "--published", type=Path, required=True, nargs="+", help="the publisher's logs (NDJSON: id, type, key)"
    )
    parser.add_argument("--received", type=Path, help="what the partner received (NDJSON: effect_id, webhook_id)")
    parser.add_argument("--followed", type=Path, help="follow-up messages at RabbitMQ (likewise)")
    parser.add_argument("--database", type=Path, required=True, help="the monolith's SQLite file")
    parser.add_argument("--stack", default="strangler", help="the deployment whose tables are read")
    arguments = parser.parse_args()
    try:
        client: Any = boto3.client("dynamodb")
        received = read_received(arguments.received) if arguments.received is not None else None
        sides = {
            "legacy": read_monolith(arguments.database),
            "new": read_records(client, f"{arguments.stack}-records", received),
        }
        followed = read_received(arguments.followed) if arguments.followed is not None else None
        processed = read_ledger(client, f"{arguments.stack}-ledger")
        finding = audit(read_published(*arguments.published), sides, processed, followed)
    except (OSError, ValueError, KeyError, sqlite3.Error, BotoCoreError, ClientError) as error:
        sys.stderr.write(f"ops.audit: cannot read: {type(error).__name__}: {error}\n")
        return 2
    sys.stdout.write(json.dumps(asdict(finding), indent=2) + "\n")
    return 0 if finding.clean else 1


if __name__ == "__main__":
    sys.exit(main())
