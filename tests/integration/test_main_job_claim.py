"""Messages that no queue takes, on the whole way: their bodies lie in S3, and nothing else about them is different."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts import naming
from contracts.claim import Claim, claim_on
from ops.demo.scene import STACK
from tests.patience import eventually
from tests.stage import SETTLED_WITHIN_S, Post, Stage, disagreements, once, printed

SEED = 61
PADDING_BYTES = 3 * 1024 * 1024
QUEUE = naming.queue_name(STACK, "payin", ordered=True)


@dataclass(frozen=True, slots=True)
class Large:
    """A payin whose body no queue takes."""

    id: str
    key: str
    post: Post
    claim: Claim


@pytest.fixture(scope="module")
def payins(php: Sequence[str]) -> Iterator[Large]:
    """Large ones, each of another key."""

    def large(one: Mapping[str, Any]) -> Large:
        document = json.loads(base64.b64decode(one["body_base64"]))
        body = json.dumps({**document, "padding": "é" * (PADDING_BYTES // 2)}, ensure_ascii=False).encode()
        key = str(document["object_id"])
        post = Post(one["exchange"], one["routing_key"], body, one["properties"], one["headers"] or {})
        return Large(one["id"], key, post, claim_on("payin", one["id"], body))

    found = {one["id"]: one for one in printed(php, 60, SEED) if one["type"] == "payin.create"}
    return map(large, list(found.values()))


@pytest.fixture(scope="module")
def s3(stage: Stage) -> Any:
    return stage.scene.session().client("s3")


@pytest.fixture(scope="module")
def bucket(stage: Stage) -> str:
    session = stage.scene.session()
    account = session.client("sts").get_caller_identity()["Account"]
    return naming.claim_bucket_name(STACK, account, session.region_name or "")


def publish(stage: Stage, large: Large) -> None:
    stage.account_for(large.id, "payin.create", large.key)
    stage.post([large.post])


def tags(s3: Any, bucket: str, claim: Claim) -> list[dict[str, str]]:
    return list(s3.get_object_tagging(Bucket=bucket, Key=claim.key)["TagSet"])


@contextmanager
def idle(stage: Stage) -> Iterator[None]:
    """While nobody takes from the family's queue."""
    function = naming.family_function_name(STACK, "payin")
    (mapping,) = stage.functions.list_event_source_mappings(FunctionName=function)["EventSourceMappings"]
    stage.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    yield
    stage.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def test_a_large_message_is_processed_once_on_both_sides_and_agreed_upon(
    stage: Stage, payins: Iterator[Large], s3: Any, bucket: str
) -> None:
    large = next(payins)
    publish(stage, large)

    assert not disagreements(stage.judged([large.id]))
    assert stage.books([large.id]) == once([large.id])
    assert s3.get_object(Bucket=bucket, Key=large.claim.key)["Body"].read() == large.post.body


def test_what_is_processed_is_marked_as_finished(stage: Stage, payins: Iterator[Large], s3: Any, bucket: str) -> None:
    large = next(payins)
    publish(stage, large)
    stage.judged([large.id])

    def finished() -> bool:
        return tags(s3, bucket, large.claim) == [{"Key": "finished", "Value": "true"}]

    eventually(finished, SETTLED_WITHIN_S, "the object is marked")


def test_nothing_is_lost_while_s3_refuses(stage: Stage, payins: Iterator[Large]) -> None:
    large = next(payins)
    stage.scene.aws.fail("s3", error="SlowDown", status=503)
    try:
        publish(stage, large)
        eventually(lambda: "PutObject: SlowDown" in stage.shipper_log(), SETTLED_WITHIN_S, "the shipper waits for S3")
    finally:
        stage.scene.aws.heal()

    assert not disagreements(stage.judged([large.id]))
    assert stage.letters_of([large.id]) == []


def test_a_large_message_is_replayed_from_the_dead_letters(
    stage: Stage, payins: Iterator[Large], s3: Any, bucket: str, tmp_path: Path
) -> None:
    large = next(payins)
    with idle(stage):
        publish(stage, large)
        eventually(lambda: stage.waiting(QUEUE) > 0, SETTLED_WITHIN_S, "the message is shipped")
        s3.put_object(Bucket=bucket, Key=large.claim.key, Body=b"?" * large.claim.size_bytes)
    (letter,) = eventually(lambda: stage.letters_of([large.id]), SETTLED_WITHIN_S, "the letter is indexed") or []
    assert (letter.cause, letter.envelope.claim) == ("claim:sha256", large.claim)
    assert tags(s3, bucket, large.claim) == []

    s3.put_object(Bucket=bucket, Key=large.claim.key, Body=large.post.body)
    listed = stage.scene.operate("dlq", "list", "--cause", "claim", "-o", "json")
    (letter_id,) = [one["letter_id"] for one in json.loads(listed.stdout) if one["message_id"] == large.id]
    shown = json.loads(stage.scene.operate("dlq", "show", letter_id, "-o", "json").stdout)
    assert shown["structure"]["body_bytes"] == large.claim.size_bytes
    plan = tmp_path / "plan.json"
    wish = ("--letter", letter_id, "--reason", "the body is back")
    planned = stage.scene.operate("replay", "plan", "--file", str(plan), *wish)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    ran = stage.scene.operate("replay", "run", str(plan), "--execute")
    assert ran.returncode == 0, ran.stdout + ran.stderr

    assert not disagreements(stage.judged([large.id]))
    assert stage.books([large.id]) == once([large.id])
    told = stage.scene.operate("messages", "show", large.id)
    assert told.returncode == 0, told.stderr
