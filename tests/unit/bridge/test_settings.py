import re
import traceback
from pathlib import Path

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


REPOSITORY = Path(__file__).resolve().parents[3]
KINDS: list[type[BridgeSettings]] = [ShipperSettings, RouterSettings, BridgeSettings]


def written(folder: Path, text: str) -> Path:
    file = folder / "strangler.toml"
    file.write_text(text, "utf-8")
    return file


def refusal(folder: Path, text: str, kind: type[BridgeSettings] = ShipperSettings) -> str:
    """What is said of a file: one line that shows no value."""
    file = written(folder, text)
    with pytest.raises(SettingsError) as refused:
        read_settings({"AMQP_URL": URL}, kind, file)
    told = "".join(traceback.format_exception(refused.value))
    assert PASSWORD not in told
    assert "\n" not in str(refused.value)
    return str(refused.value).replace(str(file), "strangler.toml")


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_read_by_the_real_reader(kind: type[BridgeSettings]) -> None:
    settings = read_settings({}, kind, REPOSITORY / "docs" / "strangler.example.toml")
    assert settings.amqp_urls == ("amqps://rabbit-1.internal/payments", "amqps://rabbit-2.internal/payments")


def test_what_the_example_leaves_out_is_the_default(tmp_path: Path) -> None:
    lines = (REPOSITORY / "docs" / "strangler.example.toml").read_text("utf-8").splitlines()
    shown = [line.removeprefix("# ") if re.match(r"# \w+ = \d|# log", line) else line for line in lines]
    assert shown != lines
    for kind in KINDS:
        left_out = read_settings({}, kind, written(tmp_path, "\n".join(lines)))
        assert read_settings({}, kind, written(tmp_path, "\n".join(shown))) == left_out


def test_a_process_reads_what_all_have_in_common_and_its_own(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
        [bridge]
        amqp_url = ["amqp://one/pay", "amqp://two/pay"]
        prefetch = 100
        tap_length = 5
        [ship]
        tap = ["payin", "payout"]
        prefetch = 50
        [route]
        families = "payout"
        drain_s = 3
        """,
    )
    shipper = read_settings({}, ShipperSettings, file)
    assert (shipper.prefetch, shipper.tap_length, shipper.drain_s) == (50, 5, 20)
    assert shipper.tapped == (PAYIN, PAYOUT)
    assert shipper.amqp_urls == ("amqp://one/pay", "amqp://two/pay")
    router = read_settings({}, RouterSettings, file)
    assert (router.prefetch, router.tap_length, router.drain_s, router.routed) == (100, 5, 3, (PAYOUT,))
    assert read_settings({}, BridgeSettings, file).amqp_urls == ("amqp://one/pay", "amqp://two/pay")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, '[bridge]\namqp_url = "amqp://one/pay"\nstack = "file"\n[ship]\nprefetch = 0\n')
    settings = read_settings({"AMQP_URL": URL, "STRANGLER_PREFETCH": "7"}, ShipperSettings, file)
    assert (settings.amqp_url.get_secret_value(), settings.stack, settings.prefetch) == (URL, "file", 7)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[ship]\nprefech = 5", "strangler.toml: [ship] prefech: no such key; did you mean prefetch?"),
        ("[ship]\nfamilies = 'all'", "strangler.toml: [ship] families: no such key; belongs into [route]"),
        ("[bridge]\njournal = 'x'", "strangler.toml: [bridge] journal: no such key; belongs into [ship] or [route]"),
        ("[shp]\nprefetch = 5", "strangler.toml: shp: no such section; did you mean [ship]?"),
        ("[zzz]", "strangler.toml: zzz: no such section; known are [bridge], [ship], [route], [return]"),
        ("prefetch = 5", "strangler.toml: prefetch: no such section; belongs into [bridge] or [ship] or [route]"),
        ("ship = 5", "strangler.toml: ship: has to be a section, [ship]"),
        ("[ship]\nprefetch = '5'", "strangler.toml: [ship] prefetch: has to be a whole number"),
        ("[ship]\nprefetch = true", "strangler.toml: [ship] prefetch: has to be a whole number"),
        ("[ship]\ndrain_s = '5'", "strangler.toml: [ship] drain_s: has to be a number"),
        ("[ship]\ntap = 5", "strangler.toml: [ship] tap: has to be a text, or a list of texts"),
        ("[ship]\njournal = [5]", "strangler.toml: [ship] journal: has to be a text, or a list of texts"),
        ("[ship]\nprefetch = 0", "strangler.toml: [ship] prefetch: Input should be greater than or equal to 1"),
        (
            f"[bridge]\ntls_key_password = '{PASSWORD}'",
            "strangler.toml: [bridge] tls_key_password: a password of its own does not belong into a file; set",
        ),
        (f"[bridge]\nlisten = '{PASSWORD}'", "strangler.toml: [bridge] listen: expected host:port"),
        (f"[bridge]\nlisten = '{PASSWORD}:http'", "strangler.toml: [bridge] listen: expected host:port"),
        (f"[bridge]\n'{PASSWORD} key' = 1", "strangler.toml: [bridge] a name in quotes: no such key; known are"),
        (f"[bridge]\namqp_url = {PASSWORD}", "strangler.toml: is not TOML (at line 2, column 12)"),
        (f"[bridge]\na = 1\na = '{PASSWORD}'", "strangler.toml: is not TOML (at "),
        (f"[bridge]\ntls_ca_file = '/{PASSWORD}'", "strangler.toml: [bridge] tls_ca_file: no such file"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_by_file_and_key(text: str, told: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, text).startswith(told)


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    told = refusal(tmp_path, "[ship]\nprefech = 5\n[route]\nfamily = 'all'")
    assert "did you mean prefetch?" in told
    assert "did you mean families?" in told


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read: No such file"):
        read_settings({"AMQP_URL": URL}, ShipperSettings, tmp_path / "none.toml")
    file = tmp_path / "bytes.toml"
    file.write_bytes(b"# \xff" + PASSWORD.encode())
    with pytest.raises(SettingsError, match=r"bytes\.toml: is not UTF-8") as refused:
        read_settings({"AMQP_URL": URL}, ShipperSettings, file)
    assert PASSWORD not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("listen", "address"), [("127.0.0.1:9464", ("127.0.0.1", 9464)), ("[::1]:0", ("::1", 0)), ("host:80", ("host", 80))]
)
def test_an_address_to_listen_on_is_host_and_port(listen: str, address: tuple[str, int]) -> None:
    assert read_settings({"AMQP_URL": URL, "STRANGLER_LISTEN": listen}, BridgeSettings).address == address


@pytest.mark.parametrize(
    "listen", ["9464", ":9464", "127.0.0.1:", "::1:9464", "ü:80", "host:99999", "http://host:80", "host:x"]
)
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(SettingsError, match="STRANGLER_LISTEN: expected host:port"):
        read_settings({"AMQP_URL": URL, "STRANGLER_LISTEN": listen}, BridgeSettings)


def test_nothing_listens_unless_it_is_told_to() -> None:
    assert read_settings({"AMQP_URL": URL}, BridgeSettings).address is None


def test_tls_is_described_without_its_password(tmp_path: Path) -> None:
    file = tmp_path / "some.pem"
    file.touch()
    environment = {
        "AMQP_URL": "amqps://broker/pay",
        "STRANGLER_TLS_CERTIFICATE_FILE": str(file),
        "STRANGLER_TLS_KEY_PASSWORD": PASSWORD,
    }
    amqp = read_settings(environment, BridgeSettings).amqp("returner")
    assert (amqp.tls.certificate_file, amqp.tls.ca_file, amqp.tls.key_password) == (file, None, PASSWORD)
    assert PASSWORD not in repr(amqp)
    assert amqp.external
    assert amqp.user == ""
    named = read_settings({**environment, "AMQP_URL": "amqps://user@broker/pay"}, BridgeSettings).amqp("returner")
    assert (named.external, named.user) == (False, "user")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"AMQP_URL": URL, "STRANGLER_TLS_CA_FILE": __file__}, "AMQP_URL: expected amqps://"),
        ({"AMQP_URL": "amqps://broker", "STRANGLER_TLS_KEY_FILE": __file__}, "STRANGLER_TLS_KEY_FILE: a key without"),
        ({"AMQP_URL": "amqps://one,amqp://two"}, "AMQP_URL: expected the hosts of one broker all with amqps://"),
    ],
)
def test_tls_that_would_not_be_used_is_a_mistake(environment: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read_settings(environment, BridgeSettings)
