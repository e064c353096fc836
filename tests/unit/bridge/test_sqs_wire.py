"""Our own way to SQS beside boto3's; what any sink promises is in tests/conformance."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import CredentialRetrievalError
from hypothesis import given
from hypothesis import strategies as st

from bridge.http_line import Lines
from bridge.port import CallRefusedError, Entry, Receipt, Sink, SinkUnavailableError
from bridge.sqs import SqsSink
from bridge.sqs_wire import NotOursError, WireCall, place_of, write_head
from tests.fakes.wire import wired
from tests.rig.aws import Aws
from tests.rig.fault import OF_ANSWER, OF_CALL, OF_ENTRY, Fault
from tests.rig.web import Answer, Request, Site

FIFO = "s-payin.fifo"
SECRET = "pl4nted"
UNREADABLE = "SendMessageBatch: UnreadableAnswer (no answer of AWS: a proxy, or another endpoint)"


def client_at(url: str, **settings: Any) -> Any:
    given = {"aws_access_key_id": "AK", "aws_secret_access_key": "SK", "region_name": "eu-west-1", **settings}
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
    return boto3.client("sqs", endpoint_url=url, config=config, **given)


def entries(*ids: str, body: str = "{}") -> list[Entry]:
    return [Entry(body, '{"specversion":"1.0"}', one, "payin.create", f"p-{one}", f"d-{one}", 100) for one in ids]


class Recorder:
    """Keeps what is sent, and answers as it is told."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.answer = Answer(200, b"{}", {"x-amzn-RequestId": "r"})
        self._site = Site(self._serve, "recorder")
        self.url = f"http://127.0.0.1:{self._site.port}"

    def stop(self) -> None:
        self._site.stop()

    def _serve(self, request: Request) -> Answer:
        if request.headers["x-amz-target"].endswith("GetQueueUrl"):
            return Answer(200, json.dumps({"QueueUrl": f"{self.url}/1/q"}).encode(), {"x-amzn-RequestId": "r"})
        self.seen.append(request)
        return self.answer


@pytest.fixture(scope="module")
def site() -> Iterator[Recorder]:
    one = Recorder()
    yield one
    one.stop()


@pytest.fixture
def recorder(site: Recorder) -> Recorder:
    site.seen.clear()
    site.answer = Answer(200, b"{}", {"x-amzn-RequestId": "r"})
    return site


KEYS = SimpleNamespace(access_key="AK", secret_key="SK", token="TK")


class Changing:
    """Credentials that are others each time, or cannot be had."""

    def __init__(self, *keys: Any) -> None:
        self._keys = iter(keys)

    def get_frozen_credentials(self) -> Any:
        keys = next(self._keys)
        if isinstance(keys, Exception):
            raise keys
        return keys


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.builds(Entry, TEXT, TEXT, TEXT, TEXT, st.none() | TEXT, st.none() | TEXT), min_size=1, max_size=3))
def test_the_same_is_sent_as_by_boto3(site: Recorder, sent: list[Entry]) -> None:
    site.seen.clear()
    site.answer = Answer(200, b"{}", {"x-amzn-RequestId": "r"})
    for_theirs = _THEIRS.setdefault(site.url, SqsSink(client_at(site.url, aws_session_token="TK")))
    for_ours = _OURS.setdefault(
        site.url,
        wired(client_at(site.url), SimpleNamespace(get_frozen_credentials=lambda: KEYS), now=time.time),
    )

    for_theirs.send("q", sent)
    for_ours.send("q", sent)

    theirs, ours = site.seen
    assert (ours.method, ours.path, ours.query) == (theirs.method, theirs.path, theirs.query)
    assert json.loads(ours.body) == json.loads(theirs.body)
    same = ("host", "content-type", "x-amz-target", "x-amzn-query-mode", "x-amz-security-token", "accept-encoding")
    assert {name: ours.headers[name] for name in same} == {name: theirs.headers[name] for name in same}
    signed = [one.headers["authorization"].rpartition(", Signature=")[0] for one in (ours, theirs)]
    assert signed[0] == signed[1]
    assert not {*theirs.headers} - {*ours.headers} - {"amz-sdk-invocation-id", "amz-sdk-request"}


_THEIRS: dict[str, Sink] = {}
_OURS: dict[str, Sink] = {}


def test_credentials_are_those_of_the_moment(recorder: Recorder) -> None:
    first = SimpleNamespace(access_key="A1", secret_key="S1", token="T1")
    second = SimpleNamespace(access_key="A2", secret_key="S2", token=None)
    sink = wired(client_at(recorder.url), Changing(first, second))
    sink.send("q", entries("a"))
    sink.send("q", entries("a"))
    assert [one.headers.get("x-amz-security-token") for one in recorder.seen] == ["T1", None]
    assert [one.headers["authorization"].split("=")[1].split("/")[0] for one in recorder.seen] == ["A1", "A2"]


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (CredentialRetrievalError(provider="x", error_msg=SECRET), "CredentialRetrievalError"),
        (SimpleNamespace(access_key=None, secret_key=None, token=None), "NoCredentialsError"),
        (SimpleNamespace(access_key="A", secret_key="", token=None), "NoCredentialsError"),
        (SimpleNamespace(access_key="A", secret_key="S", token=f"{SECRET}\r\nHost: x"), UNREADABLE),
        (SimpleNamespace(access_key="A", secret_key="S", token=f"{SECRET}\u20ac"), UNREADABLE),
    ],
    ids=["not to be had", "none", "half", "two lines", "no latin"],
)
def test_without_credentials_nothing_is_sent(recorder: Recorder, keys: Any, told: str) -> None:
    with pytest.raises(SinkUnavailableError) as error:
        wired(client_at(recorder.url), Changing(keys)).send("q", entries("a"))
    assert str(error.value) == told
    assert not recorder.seen


def test_credentials_that_were_never_found_are_an_outage(recorder: Recorder) -> None:
    client = client_at(recorder.url)
    call = WireCall(client, None, Lines(place_of(client, None), 5, 30), time.time)
    assert outcome(SqsSink(client, call), entries("a")) == (SinkUnavailableError, "NoCredentialsError")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with Aws() as aws:
        aws.sqs.create(FIFO)
        yield aws


def outcome(sink: Sink, sent: list[Entry]) -> list[Receipt] | tuple[type[Exception], str]:
    """What became of a call: receipts without the ids that SQS makes up, or an error."""
    try:
        return [Receipt(one.fate, one.reason) for one in sink.send(FIFO, sent)]
    except (SinkUnavailableError, CallRefusedError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("fault", [*OF_CALL, *OF_ENTRY, *OF_ANSWER])
def test_a_fault_is_told_as_by_boto3(aws: Aws, fault: Fault) -> None:
    theirs, ours = SqsSink(client_at(aws.url)), wired(client_at(aws.url))
    told: list[object] = []
    for sink, name in ((theirs, "t"), (ours, "o")):
        aws.faults.arm(fault, times=1, seconds=0.01)
        told.append(outcome(sink, entries(*(f"{name}{n}" for n in range(3)), body=SECRET)))
        told.append(outcome(sink, entries(f"{name}-after")))
    assert SECRET not in str(told)
    calls = {one.call for one in aws.sqs.history}
    assert len(calls) == 4  # nothing has gone twice
    assert told[1] == told[3] == [Receipt("accepted")]
    if fault is Fault.TRUNCATED:  # of half a document botocore makes an empty one
        assert told[0] == [Receipt("unknown", "not in the answer")] * 3
        assert told[2] == (SinkUnavailableError, UNREADABLE)
    else:
        assert told[0] == told[2]


@pytest.mark.parametrize(
    ("status", "document", "header"),
    [
        (400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist"}, "AWS.SimpleQueueService.NonExistentQueue;Sender"),
        (400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": SECRET}, None),
        (400, {"__type": "com.amazonaws.sqs#BatchRequestTooLong"}, "AWS.SimpleQueueService.BatchRequestTooLong;Sender"),
        (400, {"__type": "com.amazonaws.sqs#InvalidMessageContents"}, "InvalidMessageContents;Sender"),
        (400, {"__type": "x:y#InvalidMessageContents"}, "garbled"),
        (403, {"__type": "com.amazon.coral.service#ExpiredTokenException"}, "ExpiredToken;Sender"),
        (403, {"__type": "com.amazon.coral.service#AccessDeniedException"}, None),
        (403, {"Message": SECRET}, None),
        (400, {"__type": 5}, None),
        (400, {"__type": None}, None),
        (400, [], None),
        (301, {}, None),
        (307, {}, None),
        (500, {"__type": "InternalFailure"}, None),
        (503, {}, None),
        (201, {"Successful": []}, None),
        (204, None, None),
    ],
)  # fmt: skip
def test_an_answer_of_any_status_is_told_as_by_boto3(
    recorder: Recorder, status: int, document: Any, header: str | None
) -> None:
    headers = {"x-amzn-RequestId": "r", **({"x-amzn-query-error": header} if header else {})}
    recorder.answer = Answer(status, b"" if document is None else json.dumps(document).encode(), headers)
    theirs, ours = SqsSink(client_at(recorder.url)), wired(client_at(recorder.url))
    told = outcome(ours, entries("a", "b"))
    assert told == outcome(theirs, entries("a", "b"))
    assert SECRET not in str(told)
    assert len(recorder.seen) == 2


def test_an_answer_that_is_packed_is_not_unpacked(recorder: Recorder) -> None:
    recorder.answer = Answer(200, b"\x1f\x8b", {"x-amzn-RequestId": "r", "Content-Encoding": "gzip"})
    assert outcome(wired(client_at(recorder.url)), entries("a")) == (SinkUnavailableError, UNREADABLE)


def test_an_endpoint_that_is_away_is_an_outage_and_then_goes_on(aws: Aws) -> None:
    sink = wired(client_at(aws.url))
    assert outcome(sink, entries("a")) == [Receipt("accepted")]
    aws.leave()
    assert outcome(sink, entries("b")) == (SinkUnavailableError, "EndpointConnectionError")
    aws.come_back()
    assert outcome(sink, entries("b")) == [Receipt("accepted")]


def test_many_threads_have_each_their_own_receipts(aws: Aws) -> None:
    sink = wired(client_at(aws.url))

    def send(number: int) -> list[str]:
        return [one.place for one in sink.send(FIFO, entries(*(f"{number}-{n}" for n in range(10))))]

    with ThreadPoolExecutor(8) as crew:
        places = [place for some in crew.map(send, range(100)) for place in some]
    assert len(set(places)) == 1000
    assert len(aws.sqs.history) == 1000


@pytest.mark.parametrize(
    ("url", "environment", "told"),
    [
        ("http://127.0.0.1:1/prefix", {}, "an endpoint that is more than a host"),
        ("https://sqs.example", {"HTTPS_PROXY": "http://proxy:1"}, "a proxy"),
        ("http://sqs.example", {"http_proxy": "proxy:1"}, "a proxy"),
        ("https://sqs.example", {"REQUESTS_CA_BUNDLE": "/nowhere"}, "a file of authorities that cannot be read"),
    ],
)
def test_what_only_boto3_follows_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch, url: str, environment: dict[str, str], told: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NotOursError, match=f"^{told}$"):
        place_of(client_at(url), None)


@pytest.mark.parametrize(
    "environment",
    [
        {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "sqs.example"},
        {"HTTP_PROXY": "http://proxy:1"},
        {"https_proxy": "http://proxy:1", "no_proxy": "*"},
    ],
)
def test_a_proxy_that_is_not_for_us_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    place = place_of(client_at("https://sqs.example"), None)
    assert (place.host, place.port, place.tls is not None) == ("sqs.example", 443, True)


def test_a_bundle_that_cannot_be_read_is_left_to_boto3(tmp_path: Path) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("nothing")
    for one in (bundle, tmp_path):
        with pytest.raises(NotOursError, match="authorities"):
            place_of(client_at("https://sqs.example"), str(one))


def test_an_address_is_taken_as_it_is_written() -> None:
    place = place_of(client_at("http://[::1]:4566"), None)
    assert (place.host, place.port, place.tls) == ("::1", 4566, None)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\r\nb"])
def test_a_header_is_one_line(value: str) -> None:
    with pytest.raises(ValueError, match="two") as told:
        write_head("POST", "/", [("a", value)])
    assert value not in str(told.value)
