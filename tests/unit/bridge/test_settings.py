import traceback

import pytest

from bridge.settings import BridgeSettings, RouterSettings, SettingsError, ShipperSettings, read_settings
from contracts.registry import FAMILIES, PAYIN, PAYOUT

PASSWORD = "pl4nted-secret"
URL = f"amqp://strangler:{PASSWORD}@broker.internal:5672/%2F"


def test_a_broker_is_all_that_must_be_said() -> None:
    settings = read_settings({"AMQP_URL": URL, "PATH": "/usr/bin"}, ShipperSettings)
    assert settings.amqp_url.get_secret_value() == URL
    assert (settings.stack, settings.prefetch, settings.tap_length, settings.drain_s) == ("strangler", 200, 100_000, 20)
    assert settings.tapped == FAMILIES


def test_a_router_routes_every_family_unless_told_otherwise() -> None:
    settings = read_settings({"AMQP_URL": URL}, RouterSettings)
    assert (str(settings.journal), settings.delivery_timeout_s) == ("var/router", 1800)
    assert settings.routed == FAMILIES
    some = read_settings({"AMQP_URL": URL, "STRANGLER_FAMILIES": "payout, payin"}, RouterSettings)
    assert some.routed == (PAYIN, PAYOUT)


def test_the_bucket_of_large_bodies_is_found_out_unless_it_is_told() -> None:
    assert read_settings({"AMQP_URL": URL}, ShipperSettings).claim_bucket is None
    told = read_settings({"AMQP_URL": URL, "STRANGLER_CLAIM_BUCKET": "s-claims-1-eu-west-3"}, ShipperSettings)
    assert told.claim_bucket == "s-claims-1-eu-west-3"


@pytest.mark.parametrize("bucket", ["", "ab", "Upper", "under_score", "b" * 64])
def test_what_cannot_be_a_bucket_is_refused(bucket: str) -> None:
    with pytest.raises(SettingsError, match="STRANGLER_CLAIM_BUCKET"):
        read_settings({"AMQP_URL": URL, "STRANGLER_CLAIM_BUCKET": bucket}, ShipperSettings)


@pytest.mark.parametrize(("tap", "tapped"), [("all", FAMILIES), ("none", ()), ("payout", (PAYOUT,))])
def test_some_none_or_all_families_are_tapped(tap: str, tapped: object) -> None:
    assert read_settings({"AMQP_URL": URL, "STRANGLER_TAP": tap}, ShipperSettings).tapped == tapped


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRANGLER_FAMILIES", "none"),
        ("STRANGLER_FAMILIES", "payin,nothing"),
        ("STRANGLER_DELIVERY_TIMEOUT_S", "0"),
    ],
)
def test_a_wrong_value_for_a_router_is_told_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({"AMQP_URL": URL, name: value}, RouterSettings)


@pytest.mark.parametrize(
    "url",
    [
        "amqp://localhost",
        "amqp://u:p@host",
        "amqp://u:p@host/",
        "amqps://u:p%2Fq%23@host:5671/vhost",
        "amqp://u:p@[::1]:5672/%2F",
    ],
)
def test_urls_as_amqp_writes_them_are_taken(url: str) -> None:
    assert read_settings({"AMQP_URL": url}, BridgeSettings).amqp_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRANGLER_STACK", "Not A Name"),
        ("STRANGLER_STACK", ""),
        ("STRANGLER_PREFETCH", "0"),
        ("STRANGLER_PREFETCH", "many"),
        ("STRANGLER_PREFETCH", "70000"),
        ("STRANGLER_TAP_LENGTH", "-1"),
        ("STRANGLER_DRAIN_S", "0"),
        ("STRANGLER_TAP", ""),
        ("STRANGLER_TAP", "payin;payout"),
        ("LOG_LEVEL", "LOUD"),
    ],
)
def test_a_wrong_value_is_told_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({"AMQP_URL": URL, name: value}, ShipperSettings)


@pytest.mark.parametrize(
    "environment",
    [
        {"STRANGLER_PREFETCH": "many", "AMQP_URL": URL},
        {"amqp_url": URL, "AWS_SECRET_ACCESS_KEY": PASSWORD},
        {"AMQP_URL": f"http://strangler:{PASSWORD}@broker.internal/"},
        {"AMQP_URL": f"amqp://strangler:{PASSWORD}@broker.internal:port/"},
        {"AMQP_URL": f"amqp://strangler:{PASSWORD}/1@broker.internal:5672/vhost"},
        {"AMQP_URL": f"amqp://strangler:1/{PASSWORD}@broker.internal:5672"},
        {"AMQP_URL": f"amqp://strangler:1#{PASSWORD}@broker.internal:5672"},
        {"AMQP_URL": f"amqp://strangler:1?{PASSWORD}@broker.internal:5672"},
        {"AMQP_URL": f"amqp://strangler:\u2100{PASSWORD}@broker.internal:5672"},
        {"AMQP_URL": f"amqp://[{PASSWORD}"},
        {"AMQP_URL": PASSWORD},
        {"AMQP_URL": ""},
        {},
    ],
)
def test_an_error_never_quotes_the_broker_or_any_secret(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(environment, ShipperSettings)
    told = "".join(traceback.format_exception(refused.value))
    assert PASSWORD not in told
    assert "broker.internal" not in told
    assert "AMQP_URL" in str(refused.value) or "STRANGLER_PREFETCH" in str(refused.value)


def test_settings_do_not_show_their_secret() -> None:
    assert PASSWORD not in repr(read_settings({"AMQP_URL": URL}, ShipperSettings))
