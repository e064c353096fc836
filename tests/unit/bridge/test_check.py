from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    TokenRetrievalError,
)
from botocore.stub import Stubber

from bridge.aws_probe import AwsProbe
from bridge.bootstrap import plan_return_check, plan_route_check, plan_ship_check
from bridge.check import Cloud, Fault, Finding, Host, Plan, ProbeError, check, worst
from bridge.check_table import lines
from bridge.journal_file import JournalFile
from bridge.journal_probe import probe_journal
from bridge.port import SourceLostError, SourceRefusedError
from bridge.settings import BridgeSettings, RouterSettings, ShipperSettings
from contracts.registry import FAMILIES
from tests.fakes.answer import answered

PASSWORD = "pl4nted-secret"
URLS = f"amqp://us:{PASSWORD}@one:5672/pay,amqp://us:{PASSWORD}@two:5672/pay"
SHIP_QUEUE = "s-payin.fifo"


@dataclass
class FakeBroker:
    """Has what it is given; anything else that is asked of it is an error of the test."""

    exchanges: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    breaks: Exception | None = None
    closed: bool = False

    def has_exchange(self, name: str) -> bool:
        if self.breaks is not None:
            raise self.breaks
        return name in self.exchanges

    def has_queue(self, name: str) -> bool:
        return name in self.queues

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeCloud:
    """Answers with errors where it is given some."""

    errors: dict[str, ProbeError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def _answer(self, name: str) -> str:
        self.asked.append(name)
        if name in self.errors:
            raise self.errors[name]
        return "found in eu-west-1"

    def find_queue(self, name: str) -> str:
        return self._answer(name)

    def read_authority(self, family: str) -> str:
        return self._answer(family)

    def read_ledger(self) -> str:
        return self._answer("ledger")


def plan(*hosts: FakeBroker | Exception, cloud: Cloud | None = None, **needs: Any) -> Plan:
    def host(number: int, answer: FakeBroker | Exception) -> Host:
        def connect() -> FakeBroker:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return Host(f"host-{number}:5672/pay", connect)

    return Plan([host(number, one) for number, one in enumerate(hosts)], cloud or FakeCloud(), "us", **needs)


def told(one: Plan) -> list[str]:
    return list(lines(check(one)))


def test_a_broker_with_all_that_is_needed_is_well_and_queues_of_ours_may_be_missing() -> None:
    broker = FakeBroker({"notifications"}, {"strangler.tap.payin"})
    one = plan(broker, exchanges=[("notifications", "the tap of payin")], own=["strangler.tap.payin", "mine"])
    assert told(one) == [
        "ok           RabbitMQ host-0:5672/pay: takes us as us",
        "ok           exchange notifications: is there, for the tap of payin",
        "ok           queue strangler.tap.payin: is there",
        "ok           queue mine: not there yet: will be declared",
    ]
    assert worst(list(check(one))) is None
    assert broker.closed


def test_what_the_monolith_has_not_is_named_with_what_to_do() -> None:
    one = plan(FakeBroker(), exchanges=[("notifications", "the tap of payin")], queues=[("payments", "family payin")])
    _, exchange, queue = told(one)
    assert exchange.startswith("absent       exchange notifications: not there, and the tap of payin needs it: ")
    assert queue.startswith("absent       queue payments: not there, and family payin needs it: ")
    assert queue.endswith("another virtual host is meant (AMQP_URL)")
    assert worst(list(check(one))) == "absent"


def test_every_host_is_tried_and_the_first_that_answers_is_looked_at() -> None:
    one = plan(
        SourceLostError("RabbitMQ at host-0 cannot be reached"),
        FakeBroker({"x"}),
        FakeBroker(),
        SourceRefusedError("RabbitMQ at host-3 refuses our user or password (AMQP_URL)"),
        exchanges=[("x", "the tap of payin")],
    )
    assert [(one.subject, one.fault) for one in check(one)] == [
        ("RabbitMQ host-0:5672/pay", "unreachable"),
        ("RabbitMQ host-1:5672/pay", None),
        ("exchange x", None),
        ("RabbitMQ host-2:5672/pay", None),
        ("RabbitMQ host-3:5672/pay", "refused"),
    ]


def test_a_broker_that_goes_away_meanwhile_is_told_and_let_go() -> None:
    broker = FakeBroker(breaks=SourceLostError("gone"))
    one = plan(broker, exchanges=[("x", "the tap of payin")], destinations=["s-a"])
    assert [(one.subject, one.fault) for one in check(one)] == [
        ("RabbitMQ host-0:5672/pay", None),
        ("RabbitMQ host-0:5672/pay", "unreachable"),
        ("SQS queue s-a", None),
    ]
    assert broker.closed


def test_each_missing_queue_has_its_line_and_what_fails_for_all_has_one() -> None:
    missing = FakeCloud({"s-a": ProbeError("absent", "not there"), "s-b": ProbeError("absent", "not there")})
    assert told(plan(cloud=missing, destinations=["s-a", "s-b", "s-c"])) == [
        "absent       SQS queue s-a: not there",
        "absent       SQS queue s-b: not there",
        "ok           SQS queue s-c: found in eu-west-1",
    ]
    away = FakeCloud({"s-a": ProbeError("refused", "expired", general=True)})
    assert told(plan(cloud=away, destinations=["s-a", "s-b", "s-c"])) == [
        "refused      SQS queue s-a: expired; 2 more not looked at"
    ]
    assert away.asked == ["s-a"]


def test_a_router_reads_each_familys_authority_and_the_ledger() -> None:
    cloud = FakeCloud({"payin": ProbeError("refused", "denied")})
    assert [(one.subject, one.fault) for one in check(plan(cloud=cloud, authority=["payin", "payout"]))] == [
        ("authority over payin", "refused"),
        ("authority over payout", None),
        ("ledger", None),
    ]


@pytest.mark.parametrize(
    ("faults", "first"),
    [
        (["absent", "refused", "settings"], "refused"),
        (["unreachable", "absent"], "absent"),
        (["absent", "settings"], "settings"),
        (["unreachable", None], "unreachable"),
        ([None], None),
    ],
)
def test_what_only_a_person_mends_comes_before_what_may_pass(faults: list[Fault | None], first: Fault | None) -> None:
    assert worst([Finding("x", "y", one) for one in faults]) == first


def test_a_finding_is_one_line_whatever_is_in_it() -> None:
    assert list(lines([Finding("x", "two\n  lines", "refused")])) == ["refused      x: two lines"]


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Callable[[str], Any], Stubber, Stubber]]:
    keys = {"region_name": "eu-west-3", "aws_access_key_id": "x", "aws_secret_access_key": PASSWORD}
    made: dict[str, Any] = {name: boto3.client(name, **keys) for name in ("sqs", "dynamodb")}  # type: ignore[call-overload]
    with Stubber(made["sqs"]) as sqs, Stubber(made["dynamodb"]) as dynamodb:
        yield made.__getitem__, sqs, dynamodb


def asked(ask: Callable[[], str]) -> tuple[Fault, bool, str]:
    with pytest.raises(ProbeError) as failed:
        ask()
    assert "\n" not in str(failed.value)
    assert PASSWORD not in str(failed.value)
    return failed.value.fault, failed.value.general, str(failed.value)


@pytest.mark.parametrize(
    ("code", "fault", "general", "words"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", "absent", False, "not in region eu-west-3 of this account"),
        ("QueueDoesNotExist", "absent", False, "the stack s (STRANGLER_STACK)"),
        ("ExpiredToken", "refused", True, "have expired"),
        ("InvalidClientTokenId", "refused", True, "sign in again"),
        ("SignatureDoesNotMatch", "refused", True, "does not know these credentials"),
        ("AccessDenied", "refused", False, "denies this to our role"),
        ("ThrottlingException", "unreachable", False, "try again"),
    ],
)
def test_what_sqs_answers_is_told_with_what_to_do(
    code: str,
    fault: Fault,
    general: bool,  # noqa: FBT001  # a column of the table
    words: str,
    clients: tuple[Callable[[str], Any], Stubber, Stubber],
) -> None:
    make, sqs, _ = clients
    sqs.add_client_error("get_queue_url", code, f"{PASSWORD} said AWS")
    found = asked(lambda: AwsProbe(make, "s").find_queue(SHIP_QUEUE))
    assert found[:2] == (fault, general)
    assert words in found[2]
    assert "GetQueueUrl" in found[2]


@pytest.mark.parametrize(
    ("error", "fault", "words"),
    [
        (NoRegionError(), "settings", "AWS_DEFAULT_REGION"),
        (NoCredentialsError(), "refused", "no usable AWS credentials"),
        (TokenRetrievalError(provider="sso", error_msg=PASSWORD), "refused", "sign in again"),
        (EndpointConnectionError(endpoint_url="https://sqs.eu-wst-1.amazonaws.com/"), "unreachable", "AWS_DEFAULT_"),
        (ProfileNotFound(profile="nobody"), "settings", "AWS_PROFILE"),
    ],
)
def test_settings_and_networks_of_aws_are_told_with_what_to_do(error: Exception, fault: Fault, words: str) -> None:
    def make(_: str) -> Any:
        raise error

    found = asked(lambda: AwsProbe(make, "s").find_queue(SHIP_QUEUE))
    assert found[:2] == (fault, True)
    assert words in found[2]


def test_control_and_ledger_are_read_as_the_router_reads_them(
    clients: tuple[Callable[[str], Any], Stubber, Stubber],
) -> None:
    make, _, dynamodb = clients
    probe = AwsProbe(make, "s")
    dynamodb.add_response("get_item", answered({}))
    assert probe.read_authority("payin") == "found in eu-west-3"
    dynamodb.add_response("batch_get_item", answered({"Responses": {"s-ledger": []}}))
    assert probe.read_ledger() == "found in eu-west-3"
    dynamodb.add_client_error("get_item", "ResourceNotFoundException")
    assert asked(lambda: probe.read_authority("payin"))[0] == "absent"
    dynamodb.add_client_error("batch_get_item", "AccessDeniedException")
    assert asked(probe.read_ledger)[0] == "refused"
    dynamodb.add_response("get_item", answered({"Item": {"pk": {"S": "authority#payin"}, "stage": {"S": "?"}}}))
    fault, _, text = asked(lambda: probe.read_authority("payin"))
    assert fault == "refused"
    assert "cannot be read" in text


def test_a_journal_is_looked_at_and_not_begun(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "journal"
    assert probe_journal(folder, "router").endswith("not there yet: a new router begins")
    assert list(tmp_path.iterdir()) == []
    tmp_path.joinpath("empty").mkdir()
    assert probe_journal(tmp_path / "empty", "router").endswith("is empty: a new router begins")
    with closing(JournalFile(folder, "router", "")):
        assert "another router works with this journal" in asked(lambda: probe_journal(folder, "router"))[2]
        assert probe_journal(folder, "shipper").endswith("is empty: a new shipper begins")
    assert probe_journal(folder, "router").endswith("is there, and free")


def test_a_journal_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    assert asked(lambda: probe_journal(file, "router"))[0] == "settings"
    assert asked(lambda: probe_journal(file / "below", "router"))[0] == "settings"
    with closing(JournalFile(tmp_path / "journal", "router", "")):
        pass
    monkeypatch.setattr("bridge.journal_probe.os.access", lambda path, _: "sqlite3" not in str(path))
    assert "files that we may not write to" in asked(lambda: probe_journal(tmp_path / "journal", "router"))[2]


def test_plans_name_what_each_process_needs_and_show_no_password(tmp_path: Path) -> None:
    environment = {"AMQP_URL": URLS, "STRANGLER_STACK": "s", "STRANGLER_JOURNAL": str(tmp_path)}
    ship = plan_ship_check(ShipperSettings.model_validate({**environment, "STRANGLER_TAP": "payin"}))
    assert [one.name for one in ship.hosts] == ["one:5672/pay", "two:5672/pay"]
    assert [whose for _, whose in ship.exchanges] == ["the tap of payin"]
    assert {"s-payin.fifo", "s-outcomes", "s-invalid"} < set(ship.destinations)
    assert {"strangler.tap.payin", "strangler.shadow.payout", "strangler.invalid"} < set(ship.own)
    assert ship.authority == ()
    route = plan_route_check(RouterSettings.model_validate({**environment, "STRANGLER_FAMILIES": "payin"}))
    assert route.queues == [(FAMILIES[0].legacy_queue, "family payin")]
    assert (route.authority, route.destinations, route.exchanges) == (["payin"], (), ())
    give_back = plan_return_check(BridgeSettings.model_validate(environment))
    assert give_back.destinations == ["s-return.fifo"]
    assert give_back.journal is None
    for one in (ship, route, give_back):
        assert PASSWORD not in repr(one)
