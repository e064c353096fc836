import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from infra.local.process import LocalProgramError, free_ports, listen
from ops import doctor
from ops.doctor import State, check_amqp, check_aws, check_php, check_python, check_rabbitmq
from ops.exit_code import ExitCode
from ops.fault import CommandError

MODULES = "[PHP Modules]\namqp\nmbstring\npcntl\nPDO\npdo_sqlite\n"


@contextmanager
def _answering(answer: bytes) -> Iterator[int]:
    """Something that answers a first message, on a free port."""
    with listen(0) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(8)
                with suppress(OSError):  # whoever asked may have seen enough, and be gone
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 10), State.MISSING), ((3, 11), State.FINE), ((3, 13), State.FINE), ((3, 14), State.MISSING)],
)
def test_python_has_to_be_one_that_we_run_on(version: tuple[int, int], state: State) -> None:
    assert check_python(version).state is state


def test_a_missing_program_comes_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise LocalProgramError("not installed")

    monkeypatch.setattr(doctor, "rabbitmq_server", absent)
    check = check_rabbitmq()
    assert check.state is State.MISSING
    assert "make install" in check.remedy


@pytest.mark.parametrize(
    ("version", "modules", "state", "says"),
    [
        ("8.2.29", MODULES, State.FINE, "PHP 8.2.29"),
        ("8.4.0-dev", MODULES, State.FINE, "PHP 8.4"),
        ("8.1.2", MODULES, State.MISSING, "PHP 8.1.2"),
        ("8.2.29", MODULES.replace("amqp\n", "").replace("pcntl\n", ""), State.MISSING, "without amqp, pcntl"),
        (None, None, State.MISSING, "no program php"),
    ],
)
def test_php_needs_its_version_and_its_extensions(
    version: str | None, modules: str | None, state: State, says: str
) -> None:
    check = check_php(lambda command: modules if "-m" in command else version)
    assert check.state is state
    assert says in check.found
    assert (state is State.FINE) is (not check.remedy)


def test_an_address_that_is_not_set_is_optional() -> None:
    assert check_amqp("").state is State.OPTIONAL


@pytest.mark.parametrize("url", ["http://host", "amqp://", "amqp://host:port/", "amqp://[", "nonsense"])
def test_what_is_no_amqp_url_is_told_without_quoting_it(url: str) -> None:
    check = check_amqp(url)
    assert check.state is State.MISSING
    assert "amqp://user:password@host" in check.remedy


def test_a_broker_that_greets_is_fine() -> None:
    with _answering(b"\x01\x00\x00") as port:
        check = check_amqp(f"amqp://user:hidden@127.0.0.1:{port}/%2F")
    assert check.state is State.FINE
    assert "hidden" not in check.found


def test_what_does_not_speak_amqp_is_told() -> None:
    with _answering(b"HTTP/1.1 400") as port:
        assert "does not speak AMQP" in check_amqp(f"amqp://127.0.0.1:{port}").found


def test_what_does_not_answer_is_told_without_credentials() -> None:
    (port,) = free_ports(1)
    check = check_amqp(f"amqp://user:hidden@127.0.0.1:{port}")
    assert check.state is State.MISSING
    assert "cannot be reached" in check.found
    assert "hidden" not in check.found + check.remedy


def test_a_server_that_speaks_no_tls_is_told() -> None:
    with _answering(b"\x01\x00\x00") as port:
        assert check_amqp(f"amqps://127.0.0.1:{port}").state is State.MISSING


def test_aws_without_credentials_is_optional_and_with_bad_ones_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "who_am_i", lambda: None)
    assert check_aws({}).state is State.OPTIONAL

    def refused() -> str:
        raise CommandError(ExitCode.REFUSED, "AWS does not accept these credentials")

    monkeypatch.setattr(doctor, "who_am_i", refused)
    assert check_aws({}).state is State.MISSING


def test_aws_is_named_with_the_endpoint_that_answered(aws: None) -> None:
    check = check_aws({"AWS_ENDPOINT_URL": "https://127.0.0.1:4566"})
    assert check.state is State.FINE
    assert "arn:aws:" in check.found
    assert "https://127.0.0.1:4566" in check.found
