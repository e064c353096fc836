"""What is missing on a machine, and what is said about it; installing is tried on fresh machines only."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra.local import programs
from infra.local.process import LocalProgramError

Fake = Callable[[str, str], None]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts programs of one's own on a PATH that has nothing else."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def put(name: str, script: str) -> None:
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        file.chmod(0o755)

    return put


def test_the_broker_and_all_of_phps_packages_are_needed() -> None:
    needed = programs.needed_packages()
    assert needed[0] == "rabbitmq-server"
    assert {"php-cli", "php-sqlite3", "php-symfony-messenger"} <= set(needed)
    assert not [name for name in needed if not name or "#" in name]


def test_what_dpkg_has_not_installed_is_missing(fake: Fake) -> None:
    fake("dpkg-query", "printf 'rabbitmq-server installed\\nphp-cli config-files\\nphp-amqp installed\\n'; exit 1")
    missing = programs.missing_packages()
    assert "php-cli" in missing, "removed, but for its configuration"
    assert "php-sqlite3" in missing, "dpkg has never heard of it"
    assert not {"rabbitmq-server", "php-amqp"} & set(missing)


def test_without_dpkg_the_programs_themselves_are_looked_for(fake: Fake) -> None:
    fake("php", "")
    assert programs.missing_packages() == ("rabbitmq-server",)


def test_without_apt_the_reader_is_told_what_to_install(fake: Fake) -> None:
    with pytest.raises(LocalProgramError, match="no apt-get here; install these, then try again: php-cli"):
        programs.install(["php-cli"])


@pytest.mark.parametrize(
    ("code", "message"),
    [(77, "not root, and sudo asks for a password"), (100, "apt-get failed; log .* ends with:\nE: it said so")],
)
def test_an_installation_that_fails_says_why_and_what_to_do(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, message: str
) -> None:
    fake("apt-get", "")
    fake("apt.sh", f"echo 'E: it said so'; exit {code}")
    monkeypatch.setattr(programs, "_APT", tmp_path / "apt.sh")
    monkeypatch.setattr(programs, "_LOG", tmp_path / "var" / "install.log")
    with pytest.raises(LocalProgramError, match=f"(?s){message}.*php-cli"):
        programs.install(["php-cli"])


def test_a_php_that_is_too_old_is_refused(fake: Fake) -> None:
    fake("php", "printf '8 1'")
    with pytest.raises(LocalProgramError, match=r"PHP 8\.1: 8\.2 or newer is needed"):
        programs.check_versions()


def test_a_machine_without_php_is_told_so(fake: Fake) -> None:
    with pytest.raises(LocalProgramError, match="PHP is missing"):
        programs.check_versions()


def test_a_browser_is_found_by_any_of_its_names(fake: Fake, tmp_path: Path) -> None:
    assert programs.browser() is None
    fake("google-chrome", "")
    assert programs.browser() == tmp_path / "google-chrome"
    fake("chromium", "")
    assert programs.browser() == tmp_path / "chromium"


@pytest.mark.parametrize(("options", "missing"), [([], "php-cli"), (["--browser"], "php-cli chromium")])
def test_only_the_tests_need_a_browser(
    fake: Fake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], missing: str
) -> None:
    fake("rabbitmq-server", "")
    monkeypatch.setattr("sys.argv", ["programs", *options])
    assert programs.main() == 1
    assert capsys.readouterr().err == f"missing: {missing}; --install installs them\n"


def test_node_comes_with_its_wheel() -> None:
    assert programs.node().is_file()
