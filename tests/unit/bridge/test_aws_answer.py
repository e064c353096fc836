"""Whatever answers instead of AWS, over a real client and a real connection."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

from bridge.authority import ControlUnavailableError
from bridge.aws_answer import asking, genuine
from bridge.aws_probe import AwsProbe
from bridge.check import ProbeError
from bridge.control import DynamoControl, DynamoLedgerView
from bridge.pause import classify
from bridge.port import Deposit, Entry, Receipt, Returning, SinkUnavailableError
from bridge.return_queue import SqsReturnQueue
from bridge.s3_claims import S3Claims
from bridge.sqs import SqsSink
from contracts.authority import AuthorityRecord
from contracts.claim import claim_on
from contracts.control_item import RouterRow
from tests.fakes.wire import wired
from tests.rig.web import Answer, Request, Site

AT = datetime(2026, 11, 21, tzinfo=UTC)
SECRET = "pl4nted"
PAGE = f"<html><head><title>Sign in</title></head><body>{SECRET}</body></html>".encode()
SIGNED = {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": "r", "x-amz-request-id": "r"}
HTML = {"Content-Type": "text/html"}
BODIES = {
    "page": Answer(200, PAGE, HTML),
    "page of a gateway": Answer(502, PAGE, HTML),
    "text of a gateway": Answer(502, b"Bad Gateway " + SECRET.encode(), {"Content-Type": "text/plain"}),
    "nothing": Answer(200, b""),
    "an object of nobody": Answer(200, b"{}"),
    "null": Answer(200, b"null", SIGNED),
    "list": Answer(200, b"[]", SIGNED),
    "text": Answer(200, json.dumps(SECRET).encode(), SIGNED),
    "no text": Answer(200, b"\xff\xfe", SIGNED),
    "depth": Answer(200, b"[" * 100_000, SIGNED),
}


class Elsewhere:
    """What answers at AWS' address."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        """By operation of the JSON protocol."""
        self.any = Answer()
        self._site = Site(self._serve, "elsewhere")

    def client(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=f"http://127.0.0.1:{self._site.port}",
            region_name="eu-west-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def stop(self) -> None:
        self._site.stop()

    def _serve(self, request: Request) -> Answer:
        return self.answers.get(request.headers.get("x-amz-target", "").rpartition(".")[2], self.any)


@pytest.fixture(scope="module")
def site() -> Iterator[Elsewhere]:
    one = Elsewhere()
    yield one
    one.stop()


@pytest.fixture
def elsewhere(site: Elsewhere) -> Elsewhere:
    site.answers.clear()
    return site


def with_url(elsewhere: Elsewhere) -> None:
    elsewhere.answers["GetQueueUrl"] = signed({"QueueUrl": elsewhere.client("sqs").meta.endpoint_url + "/1/q"})


def signed(document: Any) -> Answer:
    return Answer(200, json.dumps(document).encode(), SIGNED)


ENTRY = Entry("{}", "{}", "w1", "payin.create")
IN_HAND = Returning("r", "g", "b")


def send(elsewhere: Elsewhere) -> Sequence[Receipt]:
    with_url(elsewhere)
    return SqsSink(elsewhere.client("sqs")).send("q", [ENTRY])


def send_ourselves(elsewhere: Elsewhere) -> Sequence[Receipt]:
    with_url(elsewhere)
    return wired(elsewhere.client("sqs")).send("q", [ENTRY])


def find(elsewhere: Elsewhere) -> object:
    return SqsSink(elsewhere.client("sqs")).send("q", [ENTRY])


def returns(elsewhere: Elsewhere) -> SqsReturnQueue:
    with_url(elsewhere)
    return SqsReturnQueue(elsewhere.client("sqs"), "q")


def identify(elsewhere: Elsewhere) -> object:
    return S3Claims(elsewhere.client("s3"), elsewhere.client("sts"), "s").put(Deposit("k", b"x"))


def control(elsewhere: Elsewhere) -> DynamoControl:
    return DynamoControl(elsewhere.client("dynamodb"), "s-control")


def look(elsewhere: Elsewhere) -> object:
    return DynamoLedgerView(elsewhere.client("dynamodb"), "s-ledger").look(["w1"], consistent=True)


Ask = Callable[[Elsewhere], object]
ASKING: dict[str, tuple[Ask, type[Exception]]] = {
    "SendMessageBatch": (send, SinkUnavailableError),
    "SendMessageBatch over our own wire": (send_ourselves, SinkUnavailableError),
    "GetQueueUrl": (find, SinkUnavailableError),
    "ReceiveMessage": (lambda one: returns(one).receive(0), SinkUnavailableError),
    "GetCallerIdentity": (identify, SinkUnavailableError),
    "GetItem": (lambda one: control(one).read("payin"), ControlUnavailableError),
    "BatchGetItem": (look, ControlUnavailableError),
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("operation", ASKING)
def test_what_is_no_answer_of_aws_is_an_outage_that_quotes_nothing(
    elsewhere: Elsewhere, operation: str, body: str
) -> None:
    elsewhere.any = BODIES[body]
    ask, unavailable = ASKING[operation]
    with pytest.raises(unavailable, match=f"^{operation.partition(' ')[0]}: ") as told:
        ask(elsewhere)
    assert SECRET not in str(told.value)
    assert classify(str(told.value)) == "unreachable"


@pytest.mark.parametrize(
    "ask",
    [
        lambda one: returns(one).delete(IN_HAND),
        lambda one: returns(one).release(IN_HAND, 0),
        lambda one: S3Claims(one.client("s3"), one.client("sts"), "s", "b-1").put(Deposit("k", b"x")),
        lambda one: S3Claims(one.client("s3"), one.client("sts"), "s", "b-1").fetch(claim_on("payin", "w1", PAGE)),
    ],
    ids=["delete", "release", "put", "fetch"],
)
def test_a_page_confirms_nothing(elsewhere: Elsewhere, ask: Ask) -> None:
    elsewhere.any = BODIES["page"]
    with pytest.raises(SinkUnavailableError, match="UnreadableAnswer"):
        ask(elsewhere)


def test_a_page_has_written_no_row(elsewhere: Elsewhere) -> None:
    elsewhere.any = BODIES["page"]
    with pytest.raises(ControlUnavailableError, match="PutItem"):
        control(elsewhere).write(RouterRow("payin", "r1", "active", AT, AT))
    with pytest.raises(ControlUnavailableError, match="DeleteItem"):
        control(elsewhere).remove("payin", "r1")


@pytest.mark.parametrize("ask", [send, send_ourselves])
@pytest.mark.parametrize(
    "document", [{"Successful": 5}, {"Successful": [{"Id": [1]}]}, {"Failed": [[]]}, {"Failed": 1}]
)
def test_lists_that_are_none_accept_nothing(
    elsewhere: Elsewhere, document: Any, ask: Callable[[Elsewhere], Sequence[Receipt]]
) -> None:
    elsewhere.answers["SendMessageBatch"] = signed(document)
    try:
        (receipt,) = ask(elsewhere)
    except SinkUnavailableError as error:
        assert classify(str(error)) == "unreachable"  # noqa: PT017  # either way nothing is accepted
    else:
        assert receipt.fate == "unknown"


@pytest.mark.parametrize("document", [{"Item": 5}, {"Item": []}, {"Item": {"pk": 5}}])
def test_an_item_that_is_none_is_no_decision(elsewhere: Elsewhere, document: Any) -> None:
    elsewhere.answers["GetItem"] = signed(document)
    with pytest.raises(ControlUnavailableError, match="GetItem: UnreadableAnswer"):
        control(elsewhere).read("payin")


@pytest.mark.parametrize("operation", ["GetItem", "BatchGetItem"])
def test_half_an_answer_of_aws_is_none(elsewhere: Elsewhere, operation: str) -> None:
    elsewhere.answers[operation] = Answer(200, b'{"Item": {"pk": {"S": "authority#pay', SIGNED)
    ask, unavailable = ASKING[operation]
    with pytest.raises(unavailable, match=f"{operation}: UnreadableAnswer"):
        ask(elsewhere)


def test_an_answer_of_aws_that_has_no_item_is_one(elsewhere: Elsewhere) -> None:
    elsewhere.answers["GetItem"] = signed({})
    assert control(elsewhere).read("payin") == AuthorityRecord("payin")


@pytest.mark.parametrize("body", BODIES)
def test_a_check_finds_nothing_in_what_is_no_answer_of_aws(elsewhere: Elsewhere, body: str) -> None:
    elsewhere.any = BODIES[body]
    probe = AwsProbe(elsewhere.client, "s")
    asks: list[Callable[[], str]] = [
        lambda: probe.find_queue("q"),
        lambda: probe.read_authority("payin"),
        probe.read_ledger,
    ]
    for ask in asks:
        with pytest.raises(ProbeError) as told:
            ask()
        assert told.value.fault == "unreachable"
        assert SECRET not in str(told.value)


def test_what_is_neither_a_call_nor_its_answer_surfaces() -> None:
    with pytest.raises(ZeroDivisionError), asking("GetItem", ControlUnavailableError):
        1 / 0  # noqa: B018


@pytest.mark.parametrize("metadata", [{}, {"HTTPStatusCode": 200}, {"HTTPStatusCode": 202, "RequestId": "r"}])
def test_an_answer_without_what_aws_always_gives_is_none(metadata: Any) -> None:
    with pytest.raises(ValueError, match="request id"):
        genuine({"ResponseMetadata": metadata})
