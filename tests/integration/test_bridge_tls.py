"""RabbitMQ over TLS, which asks every client for a certificate: what works, and what is said of what does not."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.amqp_connection import AmqpConnection
from bridge.amqp_settings import AmqpSettings, Tls
from bridge.port import SourceLostError, SourceRefusedError
from infra.local.rabbitmq import NodeTls, RabbitNode
from tests.certificate import Authority, Issued

KEY_PASSWORD = "pl4nted-secret"


@dataclass(frozen=True, slots=True)
class Site:
    """A node over TLS, whose authority it is, and another one's."""

    node: RabbitNode
    ours: Authority
    theirs: Authority

    @property
    def url(self) -> str:
        return f"amqps://{self.node.user}:{self.node.password}@127.0.0.1:{self.node.tls_port}/%2F"

    @property
    def client(self) -> Issued:
        return self.ours.issue(self.node.user)

    def tls(self, shown: Issued | None, trusted: Authority | None = None, password: str | None = None) -> Tls:
        authority = (trusted or self.ours).file
        return Tls(authority) if shown is None else Tls(authority, shown.certificate_file, shown.key_file, password)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("tls")
    ours, theirs = Authority.found(folder, "ours"), Authority.found(folder, "theirs")
    broker = ours.issue("broker", ["127.0.0.1"])
    with RabbitNode(
        tmp_path_factory.mktemp("node"), tls=NodeTls(ours.file, broker.certificate_file, broker.key_file)
    ) as node:
        yield Site(node, ours, theirs)


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A node whose own certificate has expired."""
    folder = tmp_path_factory.mktemp("tls")
    ours = Authority.found(folder, "ours")
    broker = ours.issue("broker", ["127.0.0.1"], expired=True)
    with RabbitNode(
        tmp_path_factory.mktemp("node"), tls=NodeTls(ours.file, broker.certificate_file, broker.key_file)
    ) as node:
        yield Site(node, ours, ours)


def declare(url: str, tls: Tls) -> int | None:
    """Whether the connection is one on which something can be done."""
    connection = AmqpConnection(AmqpSettings((url,), tls=tls))
    try:
        return connection.ready("no-such-queue")
    finally:
        connection.close()


def refused(url: str, tls: Tls, site: Site) -> str:
    """What is said of a connection that does not come about: one line, without a password."""
    with pytest.raises((SourceLostError, SourceRefusedError)) as failed:
        declare(url, tls)
    text = f"{type(failed.value).__name__}: {failed.value}"
    assert "\n" not in text
    assert site.node.password not in text
    assert KEY_PASSWORD not in text
    return text


def test_a_user_and_password_are_taken_over_mutual_tls(site: Site) -> None:
    assert declare(site.url, site.tls(site.client)) is None


def test_a_certificate_alone_says_who_we_are_where_the_url_names_nobody(site: Site) -> None:
    assert declare(f"amqps://127.0.0.1:{site.node.tls_port}/%2F", site.tls(site.client)) is None


def test_a_key_may_have_a_password(site: Site) -> None:
    locked = site.ours.issue(site.node.user, password=KEY_PASSWORD)
    assert declare(site.url, site.tls(locked, password=KEY_PASSWORD)) is None
    for wrong in (None, "another"):
        text = refused(site.url, site.tls(locked, password=wrong), site)
        assert text.startswith("SourceRefusedError: STRANGLER_TLS_CERTIFICATE_FILE, _KEY_FILE or _KEY_PASSWORD: ")


def test_a_certificate_whose_name_is_no_user_is_told_what_to_do(site: Site) -> None:
    text = refused(f"amqps://127.0.0.1:{site.node.tls_port}/%2F", site.tls(site.ours.issue("nobody")), site)
    assert text.startswith("SourceRefusedError: ")
    assert "put a user into AMQP_URL" in text


def test_a_broker_of_an_authority_that_we_do_not_know_is_not_trusted(site: Site) -> None:
    for tls in (site.tls(site.client, site.theirs), Tls()):
        text = refused(site.url, tls, site)
        assert text.startswith("SourceLostError: ")
        assert text.endswith(
            "is not trusted: its certificate is of an authority that we do not know (STRANGLER_TLS_CA_FILE)"
        )


def test_a_missing_client_certificate_is_named(site: Site) -> None:
    text = refused(site.url, site.tls(None), site)
    assert text.startswith("SourceRefusedError: ")
    assert text.endswith("asks for a client certificate and gets none (STRANGLER_TLS_CERTIFICATE_FILE)")


def test_a_client_certificate_of_another_authority_or_an_expired_one_is_named(site: Site) -> None:
    stranger = refused(site.url, site.tls(site.theirs.issue(site.node.user)), site)
    assert stranger.startswith("SourceRefusedError: ")
    assert "does not know who has issued our certificate" in stranger
    old = refused(site.url, site.tls(site.ours.issue(site.node.user, expired=True)), site)
    assert old.startswith("SourceRefusedError: ")
    assert "our certificate has expired" in old


def test_a_broker_under_another_name_than_its_certificates_is_not_trusted(site: Site) -> None:
    text = refused(site.url.replace("@127.0.0.1:", "@localhost:"), site.tls(site.client), site)
    assert text.startswith("SourceLostError: ")
    assert text.endswith("its certificate is for another host: use the name that the certificate has (AMQP_URL)")


def test_a_broker_whose_certificate_has_expired_is_not_trusted(expired: Site) -> None:
    text = refused(expired.url, expired.tls(expired.client), expired)
    assert text.startswith("SourceLostError: ")
    assert text.endswith("its certificate has expired: it has to be renewed there")


def test_the_port_of_plain_amqp_is_told_apart_and_so_is_that_of_tls(site: Site) -> None:
    plain = refused(site.url.replace(str(site.node.tls_port), str(site.node.port)), site.tls(site.client), site)
    assert plain.startswith("SourceLostError: ")
    assert "does not speak TLS: is that the port of amqp://?" in plain
    secure = refused(site.url.replace("amqps://", "amqp://"), Tls(), site)
    assert secure.startswith("SourceLostError: ")
    assert secure.endswith("AMQP_URL has to say amqps://)")


def test_files_that_do_not_fit_together_are_named(site: Site) -> None:
    mixed = Issued(site.client.certificate_file, site.ours.issue("other").key_file)
    assert "key values mismatch" in refused(site.url, site.tls(mixed), site)
    nothing = Path(site.client.key_file)
    assert "STRANGLER_TLS_CA_FILE: cannot be used" in refused(site.url, Tls(nothing), site)
