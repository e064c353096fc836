"""What our embedded AWS promises, and what its shim mends, from the outside."""

import contextlib
import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from infra.local.aws import EmbeddedAws
from infra.local.process import PortTakenError
from tests.integration.probe import Probe, make_probe, make_queue
from tests.patience import eventually

pytest_plugins = ("tests.fixtures_stack",)

ONE_TRY = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def session(embedded_aws: EmbeddedAws) -> boto3.Session:
    return embedded_aws.session()


@pytest.fixture
def probe(session: boto3.Session) -> Probe:
    return make_probe(session)


@pytest.fixture(scope="module", autouse=True)
def ticking(embedded_aws: EmbeddedAws) -> Probe:
    """A function that is called every minute; begun first, for a minute is long."""
    probe = make_probe(embedded_aws.session())
    probe.create("tick")
    arn = probe.session.client("lambda").get_function(FunctionName=probe.name)["Configuration"]["FunctionArn"]
    events = probe.session.client("events")
    events.put_rule(Name=probe.name, ScheduleExpression="rate(1 minute)")
    events.put_targets(Rule=probe.name, Targets=[{"Id": "probe", "Arn": arn}])
    return probe


def _send(session: boto3.Session, url: str, *orders: dict[str, Any], group: str | None = None) -> None:
    for order in orders:
        fifo: Any = {"MessageGroupId": group, "MessageDeduplicationId": order["id"]} if group else {}
        session.client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps(order), **fifo)


# What it is


def test_two_stand_side_by_side_and_know_nothing_of_each_other(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as second:
        second.session().client("sqs").create_queue(QueueName="only-here")
        assert second.port != embedded_aws.port
        with pytest.raises(ClientError, match="NonExistentQueue"):
            embedded_aws.session().client("sqs").get_queue_url(QueueName="only-here")


def test_the_credentials_of_one_are_worth_nothing_at_another(embedded_aws: EmbeddedAws, tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as second:
        theirs = second.environment
        client = boto3.client(
            "sqs",
            region_name=second.region,
            endpoint_url=embedded_aws.endpoint,
            verify=embedded_aws.environment["AWS_CA_BUNDLE"],
            aws_access_key_id=theirs["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=theirs["AWS_SECRET_ACCESS_KEY"],
            config=ONE_TRY,
        )
        with pytest.raises(ClientError, match="signature"):
            client.list_queues()


@pytest.mark.parametrize("key_id", ["test", "000000000000", "AKIAIOSFODNN7EXAMPLE"])
def test_a_key_that_it_has_not_issued_is_no_key(embedded_aws: EmbeddedAws, key_id: str) -> None:
    client = boto3.client(
        "s3",
        region_name=embedded_aws.region,
        endpoint_url=embedded_aws.endpoint,
        verify=embedded_aws.environment["AWS_CA_BUNDLE"],
        aws_access_key_id=key_id,
        aws_secret_access_key="test",
        config=ONE_TRY,
    )
    with pytest.raises(ClientError, match="403"):
        client.list_buckets()


@pytest.mark.parametrize("path", ["/", "/_ministack/reset", "/_aws/sqs/messages", "/bucket/key"])
def test_nothing_is_served_without_a_key(embedded_aws: EmbeddedAws, path: str) -> None:
    context = ssl.create_default_context(cafile=embedded_aws.environment["AWS_CA_BUNDLE"])
    with contextlib.closing(http.client.HTTPSConnection("127.0.0.1", embedded_aws.port, context=context)) as connection:
        connection.request("POST", path)
        assert connection.getresponse().status == 403


def test_nothing_is_left_of_it_but_its_log(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        probe = make_probe(aws.session())
        probe.create("describe")
        probe.invoke()
        port = aws.port
    assert [path.name for path in tmp_path.iterdir()] == ["aws.log"]
    assert not _open(port)
    # A process that was killed is in the list until somebody has looked at how it ended.
    eventually(lambda: not [line for line in _processes() if str(tmp_path) in line], 10, "its processes are gone")


def test_it_goes_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from infra.local.aws import EmbeddedAws\n"
        "aws = EmbeddedAws(pathlib.Path(sys.argv[1])); aws.start()\n"
        "print(aws.port, flush=True); sys.stdin.read()\n"
    )
    # Who inherits the pipe's end has ended when the pipe does.
    reading, writing = os.pipe()
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=writing,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    os.close(writing)
    with parent, os.fdopen(reading, "rb") as alive:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert _open(port)
        parent.kill()
        alive.read()
    _await_closed(port)


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"port {port} of 127.0.0.1 .*Address already in use"):
            EmbeddedAws(tmp_path, port=port).start()


def test_it_listens_on_this_machine_only(embedded_aws: EmbeddedAws) -> None:
    listeners = [line.split()[1] for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    mine = [address for address in listeners if address.endswith(f":{embedded_aws.port:04X}")]
    assert {address.split(":")[0] for address in mine} == {"0100007F"}


# Faults on demand


def test_a_fault_is_answered_as_often_as_asked_and_then_never(embedded_aws: EmbeddedAws) -> None:
    kms = embedded_aws.session().client("kms", config=ONE_TRY)
    embedded_aws.fail("kms", "ListKeys", error="ThrottlingException", remaining=2)
    for _ in range(2):
        with pytest.raises(ClientError, match="ThrottlingException"):
            kms.list_keys()
    kms.list_keys()
    assert embedded_aws.heal() == 2


def test_a_fault_lasts_until_healed_and_meets_nothing_else(embedded_aws: EmbeddedAws) -> None:
    session = embedded_aws.session()
    embedded_aws.fail("dynamodb", error="InternalServerError", status=500)
    try:
        with pytest.raises(ClientError, match="InternalServerError"):
            session.client("dynamodb", config=ONE_TRY).list_tables()
        session.client("kms", config=ONE_TRY).list_keys()
    finally:
        assert embedded_aws.heal() == 1
    session.client("dynamodb", config=ONE_TRY).list_tables()


def test_s3_fails_by_method_and_says_it_in_its_own_way(embedded_aws: EmbeddedAws) -> None:
    s3 = embedded_aws.session().client("s3", config=ONE_TRY)
    s3.create_bucket(Bucket="faulty", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    embedded_aws.fail("s3", "PUT", error="SlowDown", status=503)
    try:
        with pytest.raises(ClientError, match="SlowDown"):
            s3.put_object(Bucket="faulty", Key="k", Body=b"x")
        s3.list_objects_v2(Bucket="faulty")
    finally:
        assert embedded_aws.heal() == 1
    s3.put_object(Bucket="faulty", Key="k", Body=b"x")


# Functions


def test_a_function_sees_its_package_and_the_runtimes_own_and_no_more(probe: Probe) -> None:
    probe.create("describe")
    surroundings = probe.invoke()
    assert surroundings["importable"] == ["boto3"]
    assert surroundings["zone"] == "UTC"
    ours = {"AUTH", "GATEWAY_PORT", "MINISTACK_SSL_KEY", "STATE_DIR", "HOME"}
    assert not ours & set(surroundings["variables"])
    assert {"AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_SESSION_TOKEN", "REPORT_URL"} <= set(surroundings["variables"])


def test_a_function_that_raises_keeps_its_process(probe: Probe) -> None:
    probe.create("count")
    assert probe.invoke() == {"invocations": 1}
    assert probe.invoke()["errorMessage"] == "the second invocation raises"
    assert probe.invoke() == {"invocations": 3}


# Queues


def test_a_failed_message_comes_back_when_its_delay_is_over_and_its_group_waits(
    session: boto3.Session, probe: Probe
) -> None:
    url, arn = make_queue(session, f"{probe.name}.fifo", VisibilityTimeout="600")
    probe.create(QUEUE_URL=url)
    _send(session, url, {"id": "a1", "fails": 2, "delay_s": 1}, {"id": "a2"}, {"id": "a3"}, group="a")
    probe.follow(arn, BatchSize=1)
    reported = [(report["id"], report["receives"]) for report in probe.reports(5)]
    assert reported == [("a1", 1), ("a1", 2), ("a1", 3), ("a2", 1), ("a3", 1)]


def test_what_succeeds_beside_a_failure_is_done_once(session: boto3.Session, probe: Probe) -> None:
    url, arn = make_queue(session, probe.name, VisibilityTimeout="600")
    probe.create(QUEUE_URL=url)
    orders = [{"id": f"m{number}", "fails": int(number == 4), "delay_s": 1} for number in range(10)]
    _send(session, url, *orders)
    probe.follow(arn, BatchSize=10)
    counts = Counter(report["id"] for report in probe.reports(11))
    assert counts == Counter({order["id"]: 1 for order in orders}) + Counter(["m4"])


def test_what_sqs_gives_up_on_reaches_a_function_behind_the_dead_letter_queue(
    session: boto3.Session, probe: Probe
) -> None:
    _, dead_arn = make_queue(session, f"{probe.name}-dead.fifo", VisibilityTimeout="600")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
    url, _ = make_queue(session, f"{probe.name}.fifo", VisibilityTimeout="0", RedrivePolicy=redrive)
    probe.create()
    _send(session, url, {"id": "a1"}, group="a")
    sqs = session.client("sqs")
    assert sqs.receive_message(QueueUrl=url)["Messages"]
    assert not sqs.receive_message(QueueUrl=url).get("Messages"), "received once already: SQS moves it instead"
    probe.follow(dead_arn, BatchSize=10)
    assert [report["id"] for report in probe.reports(1)] == ["a1"]


# Streams


@pytest.fixture
def table(session: boto3.Session, probe: Probe) -> str:
    created = session.client("dynamodb").create_table(
        TableName=probe.name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return created["TableDescription"]["LatestStreamArn"]


def _write(session: boto3.Session, table: str, orders: Sequence[dict[str, Any]], **attributes: Any) -> None:
    dynamodb = session.client("dynamodb")
    for order in orders:
        item = {"pk": {"S": order["id"]}, "order": {"S": json.dumps(order)}, **attributes}
        dynamodb.put_item(TableName=table, Item=item)


def test_a_record_that_fails_is_repeated_and_those_before_it_are_not(
    session: boto3.Session, probe: Probe, table: str
) -> None:
    probe.create()
    _write(session, probe.name, [{"id": "r1"}, {"id": "r2", "fails": 1}, {"id": "r3"}])
    probe.follow(table, StartingPosition="TRIM_HORIZON", BatchSize=10)
    assert [report["id"] for report in probe.reports(5)] == ["r1", "r2", "r3", "r2", "r3"]


def test_a_record_that_always_crashes_is_isolated_given_up_and_told(
    session: boto3.Session, probe: Probe, table: str
) -> None:
    dead_url, dead_arn = make_queue(session, f"{probe.name}-dead")
    probe.create()
    _write(session, probe.name, [{"id": "r1"}, {"id": "r2"}, {"id": "poison", "crash": True}, {"id": "r4"}])
    probe.follow(
        table,
        StartingPosition="TRIM_HORIZON",
        BatchSize=10,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": dead_arn}},
    )
    answer = session.client("sqs").receive_message(QueueUrl=dead_url, WaitTimeSeconds=20)
    (message,) = answer["Messages"]
    told = json.loads(message["Body"])
    assert (told["requestContext"]["condition"], told["DDBStreamBatchInfo"]["batchSize"]) == (
        "RetryAttemptsExhausted",
        1,
    )
    seen = {report["id"] for report in _until(probe, "r4")}
    assert seen == {"r1", "r2", "poison", "r4"}


def _until(probe: Probe, last: str) -> Sequence[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["id"] != last:
        seen.extend(probe.reports(1))
    return seen


def test_a_filter_sees_types_values_and_what_exists(session: boto3.Session, probe: Probe, table: str) -> None:
    probe.create()
    image = {"due": {"S": ["yes"]}, "sealed": {"B": [{"exists": True}]}}
    pattern = json.dumps({"dynamodb": {"NewImage": image}})
    probe.follow(table, StartingPosition="TRIM_HORIZON", FilterCriteria={"Filters": [{"Pattern": pattern}]})
    yes, no, sealed = {"S": "yes"}, {"S": "no"}, {"B": b"x"}
    _write(session, probe.name, [{"id": "not due"}], due=no, sealed=sealed)
    _write(session, probe.name, [{"id": "not sealed"}], due=yes)
    _write(session, probe.name, [{"id": "due"}], due=yes, sealed=sealed)
    assert [report["id"] for report in probe.reports(1)] == ["due"]


def test_a_filter_finds_a_word_beside_a_set_and_a_truth(session: boto3.Session, probe: Probe, table: str) -> None:
    probe.create()
    patterns = [{"outlet": {"S": ["pending"]}}, {"due": {"S": ["yes"]}, "stale": {"BOOL": [True]}}]
    filters = [{"Pattern": json.dumps({"dynamodb": {"NewImage": image}})} for image in patterns]
    probe.follow(table, StartingPosition="TRIM_HORIZON", FilterCriteria={"Filters": filters})
    pending: Any = {"SS": ["0", "event"]}
    _write(session, probe.name, [{"id": "left"}], outlet={"S": "left"})
    _write(session, probe.name, [{"id": "waiting"}], outlet={"S": "waiting"}, pending=pending)
    _write(session, probe.name, [{"id": "fresh"}], due={"S": "yes"}, stale={"BOOL": False})
    _write(session, probe.name, [{"id": "pending"}], outlet={"S": "pending"}, pending=pending)
    _write(session, probe.name, [{"id": "stale"}], due={"S": "yes"}, stale={"BOOL": True})
    assert [report["id"] for report in probe.reports(2)] == ["pending", "stale"]


def test_of_two_functions_that_follow_one_stream_neither_waits_for_the_other(
    session: boto3.Session, probe: Probe, table: str
) -> None:
    release_url, _ = make_queue(session, f"{probe.name}-release")
    name = f"{probe.name}-slow"
    slow_url, slow_arn = make_queue(session, f"{name}-reports")
    slow = replace(probe, name=name, report_url=slow_url, report_arn=slow_arn)
    slow.create("wait", RELEASE_URL=release_url)
    probe.create()
    slow.follow(table, StartingPosition="TRIM_HORIZON")
    probe.follow(table, StartingPosition="TRIM_HORIZON")
    _write(session, probe.name, [{"id": "r1"}])
    assert [report["id"] for report in probe.reports(1)] == ["r1"]
    _send(session, release_url, {"id": "go on"})
    assert list(slow.reports(1)) == [{"released": True}]


# Schedules


def test_a_schedule_calls_its_function(ticking: Probe) -> None:
    assert list(ticking.reports(1, within_s=90)) == [{"source": "aws.events", "type": "Scheduled Event"}]


# Calls


def test_botocore_knows_the_calls_that_it_makes(session: boto3.Session) -> None:
    """A guard of the pinned botocore: these parameters are those of the version that Lambda has."""
    with pytest.raises(ParamValidationError):
        session.client("sqs").send_message(QueueUrl="x")  # type: ignore[call-arg]


def _open(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def _await_closed(port: int) -> None:
    """The last process of a group closes the port; its end is told by the kernel, so this does not last."""
    for _ in range(1000):
        if not _open(port):
            return
    pytest.fail(f"port {port} is still open")


def _processes() -> list[str]:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
        except OSError:
            continue  # it has just ended
    return lines
