"""What pika and OpenSSL say, in an operator's words. That they say it is seen on a real broker (tests/integration)."""

import socket
import ssl

import pika
import pytest
from pika.exceptions import (
    AMQPConnectionError,
    IncompatibleProtocolError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from bridge.amqp_login import _failure, connect, told
from bridge.amqp_settings import AmqpSettings
from bridge.port import SourceLostError, SourceRefusedError


def spoken(kind: type[ssl.SSLError], reason: str, verify_code: int = 0) -> ssl.SSLError:
    error = kind(1, f"[SSL: {reason}]")
    error.reason = reason
    if isinstance(error, ssl.SSLCertVerificationError):
        error.verify_code = verify_code
        error.verify_message = "some other fault"
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (spoken(ssl.SSLError, "TLSV13_ALERT_CERTIFICATE_REQUIRED"), SourceRefusedError, "gets none"),
        (spoken(ssl.SSLError, "TLSV1_ALERT_UNKNOWN_CA"), SourceRefusedError, "who has issued"),
        (spoken(ssl.SSLError, "SSLV3_ALERT_BAD_CERTIFICATE"), SourceRefusedError, "refuses our certificate"),
        (spoken(ssl.SSLError, "SSLV3_ALERT_CERTIFICATE_REVOKED"), SourceRefusedError, "is revoked"),
        (spoken(ssl.SSLError, "WRONG_VERSION_NUMBER"), SourceLostError, "does not speak TLS"),
        (spoken(ssl.SSLError, "SSLV3_ALERT_HANDSHAKE_FAILURE"), SourceLostError, "ends the TLS handshake"),
        (spoken(ssl.SSLEOFError, "UNEXPECTED_EOF_WHILE_READING"), SourceLostError, "ends the TLS handshake"),
        (spoken(ssl.SSLCertVerificationError, "CERTIFICATE_VERIFY_FAILED", 10), SourceLostError, "has expired"),
        (spoken(ssl.SSLCertVerificationError, "CERTIFICATE_VERIFY_FAILED", 20), SourceLostError, "do not know"),
        (spoken(ssl.SSLCertVerificationError, "CERTIFICATE_VERIFY_FAILED", 62), SourceLostError, "another host"),
        (spoken(ssl.SSLCertVerificationError, "CERTIFICATE_VERIFY_FAILED", 99), SourceLostError, "some other fault"),
        (ConnectionRefusedError(111, "Connection refused"), SourceLostError, "cannot be reached"),
        (IncompatibleProtocolError("closed"), SourceLostError, "AMQP_URL has to say amqps://"),
    ],
)
def test_a_failure_is_one_line_with_what_to_do_however_deep_it_lies(
    error: Exception, kind: type[Exception], words: str
) -> None:
    for one in (error, *([] if isinstance(error, IncompatibleProtocolError) else [AMQPConnectionError(error)])):
        failure = _failure(one, "host:5671/pay")
        assert type(failure) is kind
        assert str(failure).startswith("RabbitMQ at host:5671/pay ")
        assert words in str(failure)


def test_errors_that_hold_each_other_are_looked_at_once() -> None:
    first, second = AMQPConnectionError("first"), OSError("second")
    first.__cause__, second.__context__ = second, first
    assert isinstance(_failure(first, "host"), SourceLostError)


def test_what_was_told_is_one_line() -> None:
    assert told(ValueError("two\n  lines")) == "ValueError two lines"


def test_a_connection_that_is_reset_before_pika_has_looked_at_it_is_lost_and_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reset(_: object) -> None:
        with socket.socket() as never_connected:
            try:
                never_connected.getpeername()
            except OSError as error:
                raise ValueError(f"Expected connected socket: error={error!r}")  # noqa: B904  # as pika does

    monkeypatch.setattr(pika, "BlockingConnection", reset)
    with pytest.raises(SourceLostError, match=r"cannot be reached: OSError .*not connected"):
        connect(AmqpSettings(("amqp://u:p@host:5671/pay",)), 0)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ProbableAuthenticationError("ConnectionClosedByBroker: (403) 'ACCESS_REFUSED - Login'"), SourceRefusedError),
        (ProbableAccessDeniedError("ConnectionClosedByBroker: (530) 'NOT_ALLOWED - vhost'"), SourceRefusedError),
        (ProbableAuthenticationError("StreamLostError: Transport indicated EOF"), SourceLostError),
        (ProbableAccessDeniedError("StreamLostError: (104, 'Connection reset by peer')"), SourceLostError),
        (ProbableAccessDeniedError("ConnectionClosedByBroker: (320) 'CONNECTION_FORCED'"), SourceLostError),
    ],
)
def test_only_what_the_broker_itself_refuses_is_refused_and_a_network_that_breaks_meanwhile_is_tried_again(
    error: Exception, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(pika, "BlockingConnection", fail)
    with pytest.raises(kind):
        connect(AmqpSettings(("amqp://u:p@host:5671/pay",)), 0)


def test_where_one_host_does_not_answer_the_next_is_tried_and_each_connection_begins_with_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def refuse(parameters: pika.ConnectionParameters) -> None:
        asked.append(parameters.host)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(pika, "BlockingConnection", refuse)
    settings = AmqpSettings(tuple(f"amqp://u:p@{name}/" for name in "abc"))
    for generation in range(2):
        with pytest.raises(SourceLostError):
            connect(settings, generation)
    assert asked == ["a", "b", "c", "b", "c", "a"]
