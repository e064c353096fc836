"""Calls to SQS that the loop makes itself, beside those of a thread; what any sink promises is in tests/conformance."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import Credentials as Fixed
from botocore.exceptions import CredentialRetrievalError
from msgspec import structs

from bridge.port import CallRefusedError, Deposit, Entry, Receipt, Sink, SinkUnavailableError
from bridge.sqs import SqsSink
from bridge.sqs_express import SqsExpress
from tests.fakes.wire import ExpressSink, wired, wired_express
from tests.rig.aws import REGION, Aws
from tests.rig.fault import OF_ANSWER, OF_CALL, OF_ENTRY, Fault

QUEUE = "s-payin.fifo"
SECRET = "pl4nted"


def entry(name: str, body: str = SECRET) -> Entry:
    return Entry(body, '{"specversion":"1.0"}', name, "payin.create", f"p-{name}", f"d-{name}", 100)


def client_at(url: str) -> Any:
    return boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def aws() -> Iterator[Aws]:
    with Aws() as one:
        one.sqs.create(QUEUE)
        yield one


class Keys:
    """Credentials that may have run out, and that somebody may have to be asked for."""

    def __init__(self) -> None:
        self.stale = False
        self.error: Exception | None = None

    def refresh_needed(self) -> bool:
        return self.stale

    def get_frozen_credentials(self) -> Any:
        if self.error is not None:
            raise self.error
        return Fixed("x", "x").get_frozen_credentials()


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def way(aws: Aws, keys: Keys) -> tuple[SqsSink, SqsExpress]:
    return wired_express(client_at(aws.url), keys)


def ids(aws: Aws) -> list[str]:
    return [one.attributes["id"] for one in aws.sqs.history]


def outcome(sink: Sink, sent: list[Entry]) -> list[Receipt] | tuple[type[Exception], str]:
    """What became of a call: receipts without the ids that SQS makes up, or an error."""
    try:
        return [Receipt(one.fate, one.reason) for one in sink.send(QUEUE, sent)]
    except (SinkUnavailableError, CallRefusedError) as error:
        return type(error), str(error)


def test_the_first_call_goes_by_a_thread_and_later_ones_over_its_connection(
    aws: Aws, way: tuple[SqsSink, SqsExpress]
) -> None:
    sink, express = way
    assert express.begin(QUEUE, [entry("a")]) is None
    assert ids(aws) == []
    sink.send(QUEUE, [entry("a")])
    through = ExpressSink(sink, express)
    for name in ("b", "c"):
        assert outcome(through, [entry(name)]) == [Receipt("accepted")]
    assert (ids(aws), through.expressed) == (["a", "b", "c"], 2)


def test_while_the_only_connection_is_busy_a_thread_makes_another(aws: Aws, way: tuple[SqsSink, SqsExpress]) -> None:
    sink, express = way
    sink.send(QUEUE, [entry("a")])
    first = express.begin(QUEUE, [entry("b")])
    assert first is not None
    assert express.begin(QUEUE, [entry("c")]) is None
    sink.send(QUEUE, [entry("c")])
    second = express.begin(QUEUE, [entry("d")])
    assert second is not None
    first.cancel()
    second.cancel()


def test_a_queue_that_nobody_has_asked_for_yet_is_asked_for_by_a_thread(
    aws: Aws, way: tuple[SqsSink, SqsExpress]
) -> None:
    aws.sqs.create("s-balance.fifo")
    sink, express = way
    sink.send(QUEUE, [entry("a")])
    assert express.begin("s-balance.fifo", [entry("b")]) is None
    assert ids(aws) == ["a"]


def test_a_body_that_has_to_be_laid_in_s3_goes_by_a_thread_with_all_of_its_call(
    aws: Aws, way: tuple[SqsSink, SqsExpress]
) -> None:
    sink, express = way
    sink.send(QUEUE, [entry("a")])
    deposited = structs.replace(entry("b", ""), deposit=Deposit("key", b"body"))
    assert express.begin(QUEUE, [entry("c"), deposited]) is None
    assert ids(aws) == ["a"]
    assert outcome(ExpressSink(sink, express), [entry("c")]) == [Receipt("accepted")]


def test_credentials_that_have_run_out_are_fetched_by_a_thread(
    aws: Aws, keys: Keys, way: tuple[SqsSink, SqsExpress]
) -> None:
    sink, express = way
    through = ExpressSink(sink, express)
    sink.send(QUEUE, [entry("a")])
    keys.stale = True
    assert express.begin(QUEUE, [entry("b")]) is None
    keys.stale = False
    keys.error = CredentialRetrievalError(provider="x", error_msg=SECRET)
    assert express.begin(QUEUE, [entry("b")]) is None
    assert outcome(through, [entry("b")]) == (SinkUnavailableError, "CredentialRetrievalError")
    keys.error = None
    assert ids(aws) == ["a"]
    assert outcome(through, [entry("b")]) == [Receipt("accepted")]
    assert through.expressed == 1


def test_who_we_are_is_not_guessed(aws: Aws) -> None:
    sink, express = wired_express(client_at(aws.url), Keys())
    sink.send(QUEUE, [entry("a")])
    express._call._credentials = None
    assert express.begin(QUEUE, [entry("b")]) is None


def test_what_nobody_wants_to_know_any_more_disturbs_no_other(aws: Aws, way: tuple[SqsSink, SqsExpress]) -> None:
    sink, express = way
    sink.send(QUEUE, [entry("a")])
    answer = express.begin(QUEUE, [entry("b")])
    assert answer is not None
    answer.cancel()
    assert answer.done()
    through = ExpressSink(sink, express)
    assert [outcome(through, [entry(name)]) for name in "cd"] == [[Receipt("accepted")]] * 2
    assert through.expressed == 1, "its connection is gone, and c has brought another"


@pytest.mark.parametrize("fault", [*OF_CALL, *OF_ENTRY, *OF_ANSWER])
def test_a_fault_is_told_as_by_a_thread(aws: Aws, fault: Fault) -> None:
    by_thread = wired(client_at(aws.url))
    through = ExpressSink(*wired_express(client_at(aws.url)))
    told: list[object] = []
    for sink, name in ((by_thread, "t"), (through, "l")):
        sink.send(QUEUE, [entry(f"{name}-before")])
        aws.faults.arm(fault, times=1, seconds=0.01)
        told.append(outcome(sink, [entry(f"{name}{n}") for n in range(3)]))
        told.append(outcome(sink, [entry(f"{name}-after")]))
    assert told[:2] == told[2:]
    assert told[1] == [Receipt("accepted")]
    assert through.expressed >= 1
    assert SECRET not in str(told)
    assert len({one.call for one in aws.sqs.history}) == 6, "nothing has gone twice"


def test_an_endpoint_that_is_away_is_an_outage_and_then_goes_on(aws: Aws, way: tuple[SqsSink, SqsExpress]) -> None:
    sink, express = way
    through = ExpressSink(sink, express)
    for name in ("a", "b"):
        assert outcome(through, [entry(name)]) == [Receipt("accepted")]
    aws.leave()
    assert outcome(through, [entry("d")]) == (SinkUnavailableError, "EndpointConnectionError")
    aws.come_back()
    for name in ("d", "e"):
        assert outcome(through, [entry(name)]) == [Receipt("accepted")]
    assert through.expressed == 2
