import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber
from msgspec.structs import replace

from contracts import point
from contracts.envelope import Stamp
from contracts.letter import LetterContent, MalformedLetterError, fingerprint
from tests.fakes.key import refused_sealer, static_sealer
from tests.fakes.message import IBAN, NAME, PLANTED
from tests.fakes.table import LETTERS
from workers.fate import UnavailableError
from workers.port import Occurrence
from workers.store.letters import PART_BYTES, LetterStore, content_of
from workers.store.seal import BrokenSealError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEALER = static_sealer()
AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
CONTENT = LetterContent(f'{{"name":"{NAME}"}}', {"envelope": IBAN, "replay": "run-1"}, "p1")


def occurrence(letter_id: str, delivery: str = "d1", **changes: Any) -> Occurrence:
    one = Occurrence(
        letter_id=letter_id,
        source="sqs",
        queue="s-payin-dead.fifo",
        cause="model:payins.17.amount",
        at=AT,
        attempts=5,
        body_digest="digest",
        delivery=delivery,
        content=CONTENT,
        family="payin",
        type="payin.create",
        message_id="w1",
        business_key="p1",
        stamp=Stamp("new", 4),
    )
    return replace(one, **changes)


@pytest.fixture
def store(dynamodb: "DynamoDBClient") -> LetterStore:
    return LetterStore(dynamodb, SEALER, LETTERS, clock=lambda: 1_000_000.0)


def item(client: "DynamoDBClient", letter_id: str) -> dict[str, Any]:
    return dict(client.get_item(TableName=LETTERS, Key={"pk": {"S": letter_id}}).get("Item", {}))


def told(client: "DynamoDBClient", letter_id: str) -> dict[str, Any]:
    return {name: next(iter(value.values())) for name, value in item(client, letter_id).items()}


def test_a_letter_tells_what_is_needed_to_find_it_and_keeps_the_rest_sealed(
    store: LetterStore, dynamodb: "DynamoDBClient"
) -> None:
    assert store.index(occurrence("l1"))
    attributes = told(dynamodb, "l1")
    assert attributes.pop("sealed")
    assert attributes == {
        "pk": "l1",
        "state": "open",
        "source": "sqs",
        "queue": "s-payin-dead.fifo",
        "family": "payin",
        "type": "payin.create",
        "message_id": "w1",
        "tenant": "default",
        "business_key": "p1",
        "authority": "new",
        "stamp_epoch": "4",
        "cause": "model:payins.17.amount",
        "fingerprint": fingerprint("payin.create", "model:payins.1.amount"),
        "fingerprints": [{"S": attributes["fingerprint"]}],
        "first_seen": "2026-11-21T10:00:00.000Z",
        "last_seen": "2026-11-21T10:00:00.000Z",
        "count": "1",
        "attempts": "5",
        "body_digest": "digest",
        "delivery": "d1",
    }
    assert store.content("l1") == CONTENT
    assert not [value for value in PLANTED if value in repr(item(dynamodb, "l1"))]


def test_what_is_not_known_is_not_there(store: LetterStore, dynamodb: "DynamoDBClient") -> None:
    bare: dict[str, Any] = {"family": None, "type": None, "message_id": None, "business_key": None, "stamp": None}
    store.index(occurrence("l2", **bare))
    absent = {"family", "type", "message_id", "business_key", "authority", "stamp_epoch", "run", "effect"}
    assert not absent & set(item(dynamodb, "l2"))


def test_the_same_delivery_is_counted_once_and_another_one_again(
    store: LetterStore, dynamodb: "DynamoDBClient"
) -> None:
    assert store.index(occurrence("l3"))
    assert not store.index(occurrence("l3"))
    later = occurrence("l3", "d2", at=AT + timedelta(hours=1), cause="rejected:no", attempts=1, replay="run-2")
    assert store.index(later)
    attributes = told(dynamodb, "l3")
    assert (attributes["count"], attributes["attempts"], attributes["run"]) == ("2", "1", "run-2")
    assert (attributes["first_seen"], attributes["last_seen"]) == (
        "2026-11-21T10:00:00.000Z",
        "2026-11-21T11:00:00.000Z",
    )
    assert [one["S"] for one in attributes["fingerprints"]] == [
        fingerprint("payin.create", "model:payins.17.amount"),
        attributes["fingerprint"],
    ]


def test_a_resolved_letter_that_comes_again_is_open_again_and_does_not_expire(
    store: LetterStore, dynamodb: "DynamoDBClient"
) -> None:
    store.index(occurrence("l4"))
    dynamodb.update_item(
        TableName=LETTERS,
        Key={"pk": {"S": "l4"}},
        UpdateExpression="SET #state = :resolved, expires_at = :at, resolved_at = :resolved, sent_in = :resolved",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":resolved": {"S": "resolved"}, ":at": {"N": "1"}},
    )
    assert not store.index(occurrence("l4"))
    assert told(dynamodb, "l4")["state"] == "resolved", "the delivery that was resolved, handed out once more"
    assert store.index(occurrence("l4", "d2"))
    attributes = told(dynamodb, "l4")
    assert attributes["state"] == "open"
    assert not {"expires_at", "resolved_at"} & set(attributes)
    assert attributes["sent_in"] == "resolved", "what replays have noted is theirs"


def test_the_last_content_is_the_one_that_is_kept(store: LetterStore) -> None:
    store.index(occurrence("l5"))
    again = LetterContent("other", {"envelope": "stamped anew"}, None)
    store.index(occurrence("l5", "d2", content=again))
    assert store.content("l5") == again


def noise(size: int) -> str:
    return os.urandom(size // 2).hex()


def test_a_content_that_fits_no_item_is_kept_whole_in_several(store: LetterStore, dynamodb: "DynamoDBClient") -> None:
    large = LetterContent(noise(2_000_000), CONTENT.attributes, None)
    store.index(occurrence("l6", content=large))
    assert store.content("l6") == large
    attributes = told(dynamodb, "l6")
    assert "sealed" not in attributes
    parts = [one["S"] for one in attributes["parts"]]
    assert len(parts) > 1
    assert all(len(item(dynamodb, one)["sealed"]["B"]) <= PART_BYTES for one in parts)
    assert all(set(item(dynamodb, one)) == {"pk", "sealed"} for one in parts), "parts are no letters"
    other = LetterContent(noise(2_000_000), {}, None)
    store.index(occurrence("l6", "d2", content=other))
    assert store.content("l6") == other
    expires = {item(dynamodb, one)["expires_at"]["N"] for one in parts}
    assert expires == {str(1_000_000 + 24 * 3600)}, "parts that nobody names any more go"
    store.index(occurrence("l6", "d3"))
    assert store.content("l6") == CONTENT


def test_a_large_content_that_deflates_fits_one_item(store: LetterStore, dynamodb: "DynamoDBClient") -> None:
    large = LetterContent("a payin " * 100_000, {}, None)
    store.index(occurrence("l7", content=large))
    assert "sealed" in item(dynamodb, "l7")
    assert store.content("l7") == large


def test_parts_of_a_delivery_that_was_counted_before_go(store: LetterStore, dynamodb: "DynamoDBClient") -> None:
    large = occurrence("l8", content=LetterContent(noise(2_000_000), {}, None))
    store.index(large)
    assert not store.index(large)
    assert store.content("l8") == large.content


@pytest.mark.parametrize("name", ["letters.sealed", "letters.indexed"])
@pytest.mark.parametrize("make", [lambda: "small", lambda: noise(1_500_000)], ids=["small", "large"])
def test_a_crash_at_any_point_keeps_the_letter_readable_and_counts_it_once(
    store: LetterStore, dynamodb: "DynamoDBClient", name: str, make: Callable[[], str]
) -> None:
    letter_id = f"l9-{name}-{len(make())}"
    first = occurrence(letter_id, content=LetterContent(make(), {}, None))
    store.index(first)
    second = occurrence(letter_id, "d2", content=LetterContent(make(), {"n": "2"}, None))

    class KilledError(BaseException):
        pass

    def kill(reached: str) -> None:
        if reached == name:
            raise KilledError

    point.hook(kill)
    try:
        with pytest.raises(KilledError):
            store.index(second)
    finally:
        point.hook(None)
    assert store.content(letter_id) in (first.content, second.content)
    store.index(second)
    assert store.content(letter_id) == second.content
    assert told(dynamodb, letter_id)["count"] == "2"


def test_a_letter_that_is_gone_has_no_content(store: LetterStore) -> None:
    assert store.content("nothing") is None


def test_a_content_that_was_moved_to_another_letter_is_not_believed(
    store: LetterStore, dynamodb: "DynamoDBClient"
) -> None:
    store.index(occurrence("l10"))
    dynamodb.put_item(TableName=LETTERS, Item={**item(dynamodb, "l10"), "pk": {"S": "l11"}})
    with pytest.raises(BrokenSealError):
        store.content("l11")


@pytest.mark.parametrize("fields", [{}, {"content": "{"}, {"content": 1}, {"deflated": "x"}, {"deflated": "YQ=="}])
def test_a_seal_that_holds_no_content_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(MalformedLetterError):
        content_of(fields)


def test_a_table_or_a_key_that_is_refused_is_an_outage(store: LetterStore, dynamodb: "DynamoDBClient") -> None:
    with Stubber(dynamodb) as stub:
        stub.add_client_error("update_item", "ThrottlingException", NAME)
        with pytest.raises(UnavailableError, match=r"^UpdateItem: ThrottlingException") as refused:
            store.index(occurrence("l12"))
    assert NAME not in str(refused.value)
    with pytest.raises(UnavailableError):
        LetterStore(dynamodb, refused_sealer(), LETTERS).index(occurrence("l12"))
    assert item(dynamodb, "l12") == {}
