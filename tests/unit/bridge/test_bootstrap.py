import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.endpoint import Endpoint

from bridge.amqp_settings import AmqpSettings, describe
from bridge.bootstrap import build_returner, build_router, build_shipper, build_sqs_sink, shipper_queues
from bridge.port import Entry, SystemClock
from bridge.settings import BridgeSettings, RouterSettings, ShipperSettings
from bridge.sqs import SqsSink
from contracts.registry import FAMILIES, PAYIN
from tests.certificate import Authority
from tests.rig.aws import Aws

if TYPE_CHECKING:
    from bridge.http_line import Place

PASSWORD = "pl4nted-secret"
URL = "amqp://localhost/%2F"


def test_every_tapped_family_has_a_bounded_queue_of_ours_beside_the_monolith() -> None:
    taps = {queue.name: queue for queue in shipper_queues(FAMILIES, FAMILIES, 1000).consumed}
    for family in FAMILIES:
        tap = taps[f"strangler.tap.{family.name}"]
        assert [(one.exchange, one.routing_key) for one in tap.bindings] == [
            (one.origin.exchange, one.origin.routing_key or "") for one in family.types
        ]
        assert tap.arguments()["x-max-length"] == 1000
        assert tap.arguments()["x-overflow"] == "drop-head"
        assert not tap.own_exchange


def test_outcomes_wait_in_a_queue_without_bounds_on_an_exchange_of_ours() -> None:
    outcomes = next(one for one in shipper_queues(FAMILIES, (), 1000).consumed if one.name == "strangler.outcomes")
    assert (outcomes.arguments(), outcomes.own_exchange) == ({}, "fanout")


def test_a_family_is_taken_by_its_tap_or_by_the_routers_copies_and_never_by_both() -> None:
    queues = shipper_queues(FAMILIES, (PAYIN,), 1000)
    consumed = {queue.name for queue in queues.consumed}
    assert {"strangler.tap.payin", "strangler.ship.payin", "strangler.ship.payout", "strangler.invalid"} <= consumed
    assert not {"strangler.tap.payout", "strangler.shadow.payin", "strangler.shadow.payout"} & consumed
    assert [queue.name for queue in queues.unconsumed] == ["strangler.shadow.payin"]
    assert [(one.tap.name, one.successor.name) for one in queues.successions] == [
        (f"strangler.tap.{name}", f"strangler.shadow.{name}") for name in ("payout", "cardtransaction", "balance")
    ]


def test_a_broker_is_described_without_its_credentials() -> None:
    assert describe(f"amqp://user:{PASSWORD}@host:1234/vhost") == "host:1234/vhost"
    assert describe("amqps://host") == "host:5671/"
    assert PASSWORD not in repr(AmqpSettings((f"amqp://user:{PASSWORD}@host/",)))


def test_the_user_of_a_url_is_read_as_the_broker_knows_it() -> None:
    assert AmqpSettings(("amqp://a%40b:p@host/",)).user == "a@b"
    assert AmqpSettings(("amqp://host/",)).user == "guest"


def test_processes_are_built_without_connecting_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    shipper = build_shipper(ShipperSettings.model_validate({"AMQP_URL": URL, "STRANGLER_JOURNAL": str(tmp_path)}))
    shipper.journal.close()
    build_returner(BridgeSettings.model_validate({"AMQP_URL": URL}))
    parts = build_router(RouterSettings.model_validate({"AMQP_URL": URL, "STRANGLER_JOURNAL": str(tmp_path)}))
    assert parts.journal.name
    parts.journal.close()


def sqs_sink(monkeypatch: pytest.MonkeyPatch, **environment: str) -> SqsSink:
    for name, value in {"AWS_DEFAULT_REGION": "eu-west-1", **environment}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it remembers an environment
    return build_sqs_sink(Config(retries={"total_max_attempts": 1}), SystemClock())[0]


def test_batches_go_to_sqs_over_our_own_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    with Aws() as aws:
        aws.sqs.create("q")
        sink = sqs_sink(monkeypatch, **aws.environment())
        monkeypatch.setattr(Endpoint, "make_request", _only("GetQueueUrl"))
        assert [one.fate for one in sink.send("q", [Entry("{}", "{}", "m1", "c")])] == ["accepted"]


def _only(allowed: str) -> Callable[..., Any]:
    """boto3's requests, of which others than one are a mistake."""
    make = Endpoint.make_request

    def ask(self: Endpoint, operation: Any, request: Any) -> Any:
        assert operation.name == allowed
        return make(self, operation, request)

    return ask


def test_through_a_proxy_batches_go_as_boto3_sends_them(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The proxy here answers itself: it is the endpoint."""
    caplog.set_level("INFO")
    with Aws() as aws:
        aws.sqs.create("q")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        there = {**aws.environment(), "AWS_ENDPOINT_URL": "http://sqs.example", "http_proxy": aws.url}
        sink = sqs_sink(monkeypatch, **there)
        assert [one.fate for one in sink.send("q", [Entry("{}", "{}", "m1", "c")])] == ["accepted"]
    (told,) = [one for one in caplog.records if one.name == "bridge.bootstrap"]
    assert (told.message, vars(told)["reason"]) == ("SQS is asked through boto3", "a proxy")


@pytest.mark.parametrize(
    ("trusted", "host", "accepted"),
    [("ours", "127.0.0.1", True), ("theirs", "127.0.0.1", False), ("ours", "127.0.0.2", False)],
)
def test_who_is_trusted_is_boto3s_setting(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, trusted: str, host: str, *, accepted: bool
) -> None:
    authorities = {name: Authority.found(tmp_path, name) for name in ("ours", "theirs")}
    settings = tmp_path / "config"
    settings.write_text(f"[default]\nca_bundle = {authorities[trusted].file}\n")
    issued = authorities["ours"].issue("sqs", [host])
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(issued.certificate_file, issued.key_file)
    places: list[Place] = []
    monkeypatch.setattr("bridge.bootstrap.Lines", lambda place, *_: places.append(place))
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)

    sqs_sink(monkeypatch, AWS_CONFIG_FILE=str(settings), AWS_ENDPOINT_URL="https://127.0.0.1:1")

    (place,) = places
    assert place.tls is not None
    assert shakes_hands(place.tls, server) is accepted


def shakes_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> bool:
    """Whether a client accepts a server, in memory."""
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(down, up, server_hostname="127.0.0.1"),
        server.wrap_bio(up, down, server_side=True),
    ]
    for _ in range(3):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError:
                return False
    return True
