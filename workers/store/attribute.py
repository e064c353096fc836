"""Rows and outcomes as DynamoDB attributes.

A row's plain columns are one JSON text, so that `10.0` comes back as the float that it was (DynamoDB's numbers drop
the fraction); its personal and secret columns are one sealed envelope. Both sides' outcomes are sealed whole, and so is
a message that the new side has authority over.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from contracts.effect import Attempt, parse_attempt, write_attempt
from contracts.php.text import from_bytes, is_utf8, to_bytes
from workers.logic.decision import Column, Row
from workers.port import Carried
from workers.store.seal import BrokenSealError, Sealer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

Item = dict[str, "AttributeValueTypeDef"]

DEFLATE_BYTES = 64 * 1024
"""An outcome of more bytes is deflated: a large message makes a large one, and an item ends at 400 KB."""


def row_sort_key(table: str, key: str) -> str:
    """Sort key of a row's item."""
    return f"row#{table}#{key}"


def write_row(row: Row, partition: str, tenant: str, plain: frozenset[str], sealer: Sealer) -> Item:
    """A row as an item; sealed unless every column is plain."""
    sort = row_sort_key(row.table, row.key)
    columns = {name: _encode(value) for name, value in row.columns.items()}
    personal = {name: value for name, value in columns.items() if name not in plain}
    item: Item = {
        "pk": {"S": partition},
        "sk": {"S": sort},
        "table": {"S": row.table},
        "key": {"S": row.key},
        "plain": {"S": json.dumps({name: value for name, value in columns.items() if name in plain})},
    }
    if personal:
        sealed = sealer.seal(personal, tenant=tenant, table="records", purpose="record", item=f"{partition}|{sort}")
        item["sealed"] = {"B": sealed}
    return item


def read_row(item: Mapping[str, Any], tenant: str, sealer: Sealer) -> Row:
    """The row in an item. Raises BrokenSealError, UnavailableError."""
    columns: dict[str, Any] = json.loads(item["plain"]["S"])
    if "sealed" in item:
        where = f"{item['pk']['S']}|{item['sk']['S']}"
        columns |= sealer.open(item["sealed"]["B"], tenant=tenant, table="records", purpose="record", item=where)
    return Row(item["table"]["S"], item["key"]["S"], {name: _decode(value) for name, value in columns.items()})


def seal_attempt(attempt: Attempt, side: str, tenant: str, sealer: Sealer) -> bytes:
    """One side's outcome of one attempt, sealed whole, for it holds rows, messages and webhooks; deflated if large."""
    outcome = write_attempt(attempt)
    large = len(outcome) > DEFLATE_BYTES
    return sealer.seal(
        {"deflated": _deflate(outcome.encode())} if large else {"outcome": outcome},
        tenant=tenant,
        table="ledger",
        purpose="outcome",
        item=f"{attempt.message_id}|{side}",
    )


def open_attempt(sealed: bytes, message_id: str, side: str, tenant: str, sealer: Sealer) -> Attempt:
    """The outcome again. Raises BrokenSealError, UnavailableError, MalformedOutcomeError."""
    fields = sealer.open(sealed, tenant=tenant, table="ledger", purpose="outcome", item=f"{message_id}|{side}")
    if "deflated" not in fields:
        return parse_attempt(fields["outcome"])
    try:
        outcome = _inflate(fields["deflated"])
    except (ValueError, zlib.error) as error:
        raise BrokenSealError("ledger: an outcome cannot be read") from error
    return parse_attempt(outcome)


def seal_message(carried: Carried, message_id: str, tenant: str, sealer: Sealer) -> bytes:
    """A message as it travels, deflated and sealed."""
    return sealer.seal(
        {"body": _deflate(carried.body), "envelope": _deflate(carried.envelope.encode())},
        tenant=tenant,
        table="ledger",
        purpose="outcome",
        item=f"{message_id}|message",
    )


def open_message(sealed: bytes, message_id: str, tenant: str, sealer: Sealer) -> Carried:
    """The message again. Raises BrokenSealError, UnavailableError."""
    fields = sealer.open(sealed, tenant=tenant, table="ledger", purpose="outcome", item=f"{message_id}|message")
    try:
        return Carried(_inflate(fields["body"]), _inflate(fields["envelope"]).decode())
    except (KeyError, ValueError, zlib.error) as error:
        raise BrokenSealError("ledger: a message cannot be read") from error


def _deflate(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


def _inflate(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text, validate=True))


def _encode(value: Column) -> Any:
    """Neither JSON nor DynamoDB takes half a character."""
    if isinstance(value, str) and not is_utf8(value):
        return {"base64": base64.b64encode(to_bytes(value)).decode()}
    return from_bytes(to_bytes(value)) if isinstance(value, str) else value


def _decode(value: Any) -> Column:
    return from_bytes(base64.b64decode(value["base64"])) if isinstance(value, dict) else value
