"""`strangler record` as a shell sees it, as far as it goes without a broker; tests/integration has the rest."""

from pathlib import Path

import pytest

from bridge.port import Delivery
from bridge.topology import Binding
from contracts.envelope import AmqpFacts
from infra.local.process import free_ports
from ops.corpus import outline
from ops.corpus_key import CorpusKey, file_key, make_key_file
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode
from ops.pseudonym_secret import begin_secret, check_secret, resume_secret, secret_path, throw_away
from ops.record_origin import of_exchange, of_types
from tests.unit.ops.conftest import Strangler
from tests.unit.ops.test_corpus import NOW


@pytest.fixture
def places(tmp_path: Path) -> tuple[str, ...]:
    return ("--corpus", str(tmp_path / "corpus"), "--key", str(tmp_path / "key"))


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("AMQP_URL", f"amqp://user:hidden@127.0.0.1:{port}/")
    monkeypatch.delenv("STRANGLER_CORPUS_KEY", raising=False)


@pytest.mark.parametrize(
    "options",
    [
        ("--type", "payin.unknown"),
        ("--messages", "0"),
        ("--for", "soon"),
        ("--for", "5"),
        ("--name", "two words", "--exchange", "x"),
        ("--exchange", "billing"),
        ("--name", "invoice"),
        ("--routing-key", "invoice.#"),
        ("--exchange", "billing", "--name", "invoice", "--type", "payin.create"),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_done(
    strangler: Strangler, places: tuple[str, ...], options: tuple[str, ...], tmp_path: Path
) -> None:
    assert strangler("record", *places, *options).code == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_a_broker_that_is_not_there_is_told_and_no_corpus_is_left(
    strangler: Strangler, places: tuple[str, ...], tmp_path: Path
) -> None:
    ended = strangler("record", *places, "--pseudonymise")
    assert ended.code == ExitCode.UNREACHABLE
    assert "cannot be reached" in ended.err
    assert "hidden" not in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


def test_a_missing_setting_or_key_is_told(
    strangler: Strangler, places: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert strangler("record", *places[:2]).code == ExitCode.SETTINGS
    monkeypatch.delenv("AMQP_URL")
    ended = strangler("record", *places)
    assert (ended.code, "AMQP_URL" in ended.err) == (ExitCode.SETTINGS, True)


def test_a_file_of_settings_is_read(strangler: Strangler, places: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[bridge]\nprefetch = 0\n", "utf-8")
    ended = strangler("record", *places, "--config", str(tmp_path / "settings.toml"))
    assert (ended.code, "[bridge] prefetch" in ended.err) == (ExitCode.SETTINGS, True)


def test_one_that_is_there_is_not_written_over_and_one_that_is_not_does_not_go_on(
    strangler: Strangler, places: tuple[str, ...], tmp_path: Path, key: CorpusKey
) -> None:
    assert strangler("record", *places, "--continue").code == ExitCode.SETTINGS
    CorpusWriter.create(tmp_path / "corpus", key, now=NOW, types=None).finish()
    ended = strangler("record", *places)
    assert (ended.code, "--continue" in ended.err) == (ExitCode.CANNOT_WRITE, True)
    ended = strangler("record", *places, "--continue")
    assert (ended.code, "begun with whatever came" in ended.err) == (ExitCode.USAGE, True)
    assert outline(tmp_path / "corpus").finished


@pytest.fixture
def key(tmp_path: Path) -> CorpusKey:
    make_key_file(tmp_path / "key")
    return file_key(tmp_path / "key")


def test_the_secret_of_pseudonyms_lies_sealed_beside_the_corpus_until_it_is_thrown_away(
    tmp_path: Path, key: CorpusKey
) -> None:
    path = tmp_path / "corpus"
    writer = CorpusWriter.create(path, key, now=NOW, types=None, pseudonymised=True)
    secret = begin_secret(writer)
    assert secret_path(path).stat().st_mode & 0o777 == 0o600
    assert secret not in secret_path(path).read_bytes()
    check_secret(path)
    assert resume_secret(writer) == secret
    throw_away(path)
    throw_away(path)
    assert not secret_path(path).exists()
    for look in (lambda: check_secret(path), lambda: resume_secret(writer)):
        with pytest.raises(Exception, match="is gone"):
            look()
    writer.close()


def test_a_secret_of_another_corpus_is_none(tmp_path: Path, key: CorpusKey) -> None:
    one, other = (CorpusWriter.create(tmp_path / name, key, now=NOW, types=None) for name in ("one", "other"))
    begin_secret(one)
    secret_path(other.path).write_bytes(secret_path(one.path).read_bytes())
    with pytest.raises(Exception, match="is gone"):
        resume_secret(other)
    one.close()
    other.close()


def _delivery(exchange: str, key: str) -> Delivery:
    return Delivery("q", b"", AmqpFacts(exchange, key, redelivered=False), None, 1)


def test_types_are_told_by_where_they_were_published() -> None:
    origin = of_types(["payin.create", "payout.update", "payin.create"])
    assert origin.types == ("payin.create", "payout.update")
    assert origin.bindings == (Binding("notifications", "payin.create"), Binding("payouts"))
    names = [
        origin.name(_delivery(*one)) for one in (("notifications", "payin.create"), ("payouts", "x"), ("else", ""))
    ]
    assert names == ["payin.create", "payout.update", "unknown"]
    assert len(of_types([]).types) == 5


def test_a_type_without_a_contract_is_whatever_its_exchange_carries() -> None:
    origin = of_exchange("billing", "invoice.#", "invoice")
    assert (origin.types, origin.bindings) == (("invoice",), (Binding("billing", "invoice.#"),))
    assert origin.name(_delivery("billing", "invoice.paid")) == "invoice"
