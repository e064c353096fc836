"""The index of dead letters: where letters live, sealed, however long a queue would have kept them.

One item a letter. A content that is too large for it lies in items of its own beside it, written first and named by the
letter, so that a crash between the two leaves nothing that anybody reads.
"""

import base64
import hashlib
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from contracts import point
from contracts.control_item import write_time
from contracts.letter import LetterContent, MalformedLetterError, fingerprint, read_content, write_content
from workers.aws_error import unavailable
from workers.port import Occurrence
from workers.store.seal import BrokenSealError, Sealer

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PART_BYTES = 350 * 1024
"""DynamoDB takes items of 400 KB (developer guide, "Item size"); a letter has some attributes besides."""
DEFLATE_BYTES = 64 * 1024
_KEPT_PARTS_S = 24 * 3600
"""How long parts stay that no letter names any more: nobody reads them but who began before."""


class LetterStore:
    """`Letters` over one table."""

    def __init__(
        self, client: "DynamoDBClient", sealer: Sealer, letters: str, *, clock: Callable[[], float] = time.time
    ) -> None:
        """Args: letters: name of the table. clock: seconds since the epoch."""
        self._client = client
        self._sealer = sealer
        self._letters = letters
        self._clock = clock

    def index(self, occurrence: Occurrence) -> bool:
        """See `Letters.index`."""
        sealed = seal_content(occurrence.content, occurrence.letter_id, occurrence.tenant, self._sealer)
        parts = self._write_parts(occurrence, sealed) if len(sealed) > PART_BYTES else ()
        point.reach("letters.sealed")
        values = _attributes(occurrence)
        values[":parts" if parts else ":sealed"] = {"L": [{"S": one} for one in parts]} if parts else {"B": sealed}
        names = [value.removeprefix(":") for value in values]
        gone = ["sealed" if parts else "parts", "expires_at", "resolved_at", "resolved_by"]
        try:
            answer = self._client.update_item(
                TableName=self._letters,
                Key={"pk": {"S": occurrence.letter_id}},
                UpdateExpression=(
                    f"SET {', '.join(f'#{name} = :{name}' for name in names)}, "
                    "first_seen = if_not_exists(first_seen, :last_seen), "
                    "fingerprints = list_append(if_not_exists(fingerprints, :none), :fingerprint_of_this) "
                    f"REMOVE {', '.join(gone)} ADD #count :one"
                ),
                ConditionExpression="attribute_not_exists(delivery) OR delivery <> :delivery",
                ExpressionAttributeNames={**{f"#{name}": name for name in names}, "#count": "count"},
                ExpressionAttributeValues={
                    **values,
                    ":none": {"L": []},
                    ":fingerprint_of_this": {"L": [values[":fingerprint"]]},
                    ":one": {"N": "1"},
                },
                ReturnValues="UPDATED_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            self._let_go(parts)
            return False
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        point.reach("letters.indexed")
        before = answer.get("Attributes", {}).get("parts", {}).get("L", ())
        self._let_go([one["S"] for one in before if one["S"] not in parts])
        return True

    def content(self, letter_id: str) -> LetterContent | None:
        """What a letter keeps sealed; None where it is gone.

        Raises BrokenSealError, UnavailableError, contracts.letter.MalformedLetterError.
        """
        item = self._item(letter_id)
        if item is None:
            return None
        sealed = item["sealed"]["B"] if "sealed" in item else b"".join(map(self._part, _texts(item["parts"])))
        return open_content(sealed, letter_id, item["tenant"]["S"], self._sealer)

    def _part(self, key: str) -> bytes:
        item = self._item(key)
        if item is None:
            raise BrokenSealError("letters: a part is gone")
        return bytes(item["sealed"]["B"])

    def _item(self, key: str) -> Any:
        try:
            answer = self._client.get_item(
                TableName=self._letters,
                Key={"pk": {"S": key}},
                ConsistentRead=True,
                ProjectionExpression="sealed, parts, tenant",
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error
        return answer.get("Item")

    def _write_parts(self, occurrence: Occurrence, sealed: bytes) -> Sequence[str]:
        # Named by what is in them: no other writer of the same letter can put a part of his among ours.
        name = f"{occurrence.letter_id}#{hashlib.sha256(sealed).hexdigest()[:16]}"
        keys = []
        for number, start in enumerate(range(0, len(sealed), PART_BYTES)):
            keys.append(f"{name}#{number}")
            self._set(keys[-1], "SET sealed = :sealed", {":sealed": {"B": sealed[start : start + PART_BYTES]}})
        return keys

    def _let_go(self, parts: Sequence[str]) -> None:
        for key in parts:
            expires = {":at": {"N": str(int(self._clock()) + _KEPT_PARTS_S)}}
            self._set(key, "SET expires_at = :at", expires)

    def _set(self, key: str, update: str, values: Any) -> None:
        try:
            self._client.update_item(
                TableName=self._letters,
                Key={"pk": {"S": key}},
                UpdateExpression=update,
                ExpressionAttributeValues=values,
            )
        except (BotoCoreError, ClientError) as error:
            raise unavailable(error) from error


def seal_content(content: LetterContent, letter_id: str, tenant: str, sealer: Sealer) -> bytes:
    """A letter's content, sealed; a large one is deflated first."""
    text = write_content(content)
    fields = {"content": text}
    if len(text) > DEFLATE_BYTES:
        fields = {"deflated": base64.b64encode(zlib.compress(text.encode())).decode()}
    return sealer.seal(fields, tenant=tenant, table="letters", purpose="letter", item=letter_id)


def open_content(sealed: bytes, letter_id: str, tenant: str, sealer: Sealer) -> LetterContent:
    """The content again. Raises BrokenSealError, UnavailableError, contracts.letter.MalformedLetterError."""
    fields = sealer.open(sealed, tenant=tenant, table="letters", purpose="letter", item=letter_id)
    return content_of(fields)


def content_of(fields: Mapping[str, Any]) -> LetterContent:
    """The content in what was sealed. Raises contracts.letter.MalformedLetterError."""
    try:
        if "deflated" in fields:
            return read_content(zlib.decompress(base64.b64decode(fields["deflated"], validate=True)).decode())
        return read_content(fields["content"])
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        if isinstance(error, MalformedLetterError):
            raise
        raise MalformedLetterError(f"letter: {type(error).__name__}") from error


def _attributes(occurrence: Occurrence) -> dict[str, Any]:
    """Values of the attributes that tell of a letter; those that have no value are left as they are."""
    seen = write_time(occurrence.at)
    texts = {
        "state": "open",
        "source": occurrence.source,
        "queue": occurrence.queue,
        "family": occurrence.family,
        "type": occurrence.type,
        "message_id": occurrence.message_id,
        "tenant": occurrence.tenant,
        "business_key": occurrence.business_key,
        "authority": occurrence.stamp.authority if occurrence.stamp else None,
        "cause": occurrence.cause,
        "fingerprint": fingerprint(occurrence.type, occurrence.cause),
        "last_seen": seen,
        "body_digest": occurrence.body_digest,
        "delivery": occurrence.delivery,
        "run": occurrence.replay,
        "effect": occurrence.effect,
    }
    values: dict[str, Any] = {f":{name}": {"S": value} for name, value in texts.items() if value is not None}
    values[":attempts"] = {"N": str(occurrence.attempts)}
    if occurrence.stamp is not None:
        values[":stamp_epoch"] = {"N": str(occurrence.stamp.epoch)}
    return values


def _texts(attribute: Any) -> list[str]:
    return [one["S"] for one in attribute["L"]]
