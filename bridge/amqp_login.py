"""How a connection to RabbitMQ begins: which host, over TLS or not, as whom, and what it means when that fails."""

import contextlib
import re
import socket
import ssl
from collections import deque
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import pika
from pika import credentials, exceptions

from bridge import amqp_field
from bridge.amqp_settings import AmqpSettings, Tls, describe
from bridge.port import SourceLostError, SourceRefusedError

_UNTRUSTED = frozenset({18, 19, 20, 21})  # openssl verify(1): self-signed, in the chain, no issuer found, no signature
_EXPIRED, _OTHER_HOST, _OTHER_ADDRESS = 10, 62, 64
_ALERTS = {
    "CERTIFICATE_REQUIRED": "asks for a client certificate and gets none (STRANGLER_TLS_CERTIFICATE_FILE)",
    "UNKNOWN_CA": "does not know who has issued our certificate (STRANGLER_TLS_CERTIFICATE_FILE)",
    "BAD_CERTIFICATE": "refuses our certificate (STRANGLER_TLS_CERTIFICATE_FILE)",
    "CERTIFICATE_UNKNOWN": "refuses our certificate (STRANGLER_TLS_CERTIFICATE_FILE)",
    "CERTIFICATE_EXPIRED": "says that our certificate has expired: renew it (STRANGLER_TLS_CERTIFICATE_FILE)",
    "CERTIFICATE_REVOKED": "says that our certificate is revoked: renew it (STRANGLER_TLS_CERTIFICATE_FILE)",
}
"""TLS alerts with which a broker refuses us (RFC 8446, section 6.2)."""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"})
_PLAIN_PORT = "does not speak TLS: is that the port of amqp://? That of amqps:// is 5671 mostly"
_HANDSHAKE = (
    "ends the TLS handshake: it is just starting, or it gets no client certificate and wants one "
    "(STRANGLER_TLS_CERTIFICATE_FILE), or that is no port of amqps://"
)
_MAYBE_TLS = " (if it is the port of TLS, AMQP_URL has to say amqps://)"
_AFTER_HANDSHAKE = (
    "ends the connection right after the TLS handshake: mostly it refuses our certificate, or gets none "
    "(STRANGLER_TLS_CERTIFICATE_FILE); its log says more"
)
_NOT_EXTERNAL = (
    "does not take our certificate for a user: AMQP_URL names none, so the broker has to offer EXTERNAL "
    "(plugin rabbitmq_auth_mechanism_ssl) and know the certificate's name; or put a user into AMQP_URL"
)
_SAID_NO = re.compile(r"ConnectionClosedByBroker: \((403|530)\)")
"""The broker's own words: access refused, not allowed (AMQP 0-9-1, reply codes)."""
_ASK_AGAIN_S = 5.0


def connect(settings: AmqpSettings, generation: int) -> tuple[pika.BlockingConnection, str]:
    """A connection to the first host that answers, and how that is called. Raises SourceLostError, SourceRefusedError.

    Args:
        settings: how to reach the broker.
        generation: number of the connection; each begins with another host.
    """
    amqp_field.mend()
    urls = deque(settings.urls)
    urls.rotate(-generation)
    while True:
        url = urls.popleft()
        try:
            return _connect_to(url, settings), describe(url)
        except SourceLostError:
            if not urls:
                raise


def told(error: BaseException) -> str:
    """What went wrong, in one line: the class, and what it says."""
    return " ".join(f"{type(error).__name__} {error}".split())


def _connect_to(url: str, settings: AmqpSettings) -> pika.BlockingConnection:
    where = describe(url)
    parts = urlsplit(url)
    secure = parts.scheme == "amqps"
    context = _context(settings.tls) if secure else None
    parameters = pika.ConnectionParameters(
        host=parts.hostname,
        port=parts.port or (5671 if secure else 5672),
        virtual_host=unquote(parts.path[1:]) or "/",
        credentials=credentials.ExternalCredentials()
        if settings.external
        else pika.PlainCredentials(settings.user, unquote(parts.password or "guest")),
        heartbeat=settings.heartbeat_s,
        blocked_connection_timeout=300,
        socket_timeout=10,
        client_properties={"connection_name": settings.name},
        ssl_options=pika.SSLOptions(context, parts.hostname) if context is not None else None,
    )
    try:
        return pika.BlockingConnection(parameters)
    except exceptions.AuthenticationError as error:
        raise SourceRefusedError(f"RabbitMQ at {where} {_refused(settings)}") from error
    except (exceptions.ProbableAuthenticationError, exceptions.ProbableAccessDeniedError) as error:
        # pika says so of every connection that ends meanwhile, also where the network or the broker's end did it.
        if not _SAID_NO.search(str(error)):
            raise _failure(error, where) from error
        if isinstance(error, exceptions.ProbableAccessDeniedError):
            raise SourceRefusedError(f"RabbitMQ at {where} refuses access to the virtual host (AMQP_URL)") from error
        raise SourceRefusedError(f"RabbitMQ at {where} {_refused(settings)}") from error
    except (exceptions.AMQPError, OSError) as error:
        if context is not None and isinstance(error, exceptions.IncompatibleProtocolError):
            raise _refusal(parameters, context, where) from error
        raise _failure(error, where) from error
    except ValueError as error:  # below the others: what OpenSSL says of certificates is one, too
        if not isinstance(error.__context__, OSError):
            raise
        # pika looks whom it is connected to, and a broker that is going down has reset the connection by then.
        raise _failure(error.__context__, where) from error


def _refused(settings: AmqpSettings) -> str:
    return _NOT_EXTERNAL if settings.external else "refuses our user or password (AMQP_URL)"


def _refusal(
    parameters: pika.ConnectionParameters, context: ssl.SSLContext, where: str
) -> SourceLostError | SourceRefusedError:
    """Why the connection ended right after its handshake: asked once more, without a word of ours.

    With TLS 1.3 a client is told only after the handshake that its certificate is refused (RFC 8446, section 4.4.2.4),
    and what it has said by then covers up the alert.
    """
    try:
        with (
            socket.create_connection((parameters.host, parameters.port), _ASK_AGAIN_S) as plain,
            context.wrap_socket(plain, server_hostname=parameters.host) as secure,
        ):
            secure.recv(1)
    except OSError as error:
        failure = _failure(error, where)
        if isinstance(failure, SourceRefusedError):
            return failure
    return SourceLostError(f"RabbitMQ at {where} {_AFTER_HANDSHAKE}")


def _failure(error: BaseException, where: str) -> SourceLostError | SourceRefusedError:
    """What it means that no connection came about."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceLostError(f"RabbitMQ at {where} is not trusted: {_distrust(cause)}")
        if isinstance(cause, ssl.SSLError):
            reason = cause.reason or ""
            meaning = next((text for alert, text in _ALERTS.items() if alert in reason), None)
            if meaning is not None:
                return SourceRefusedError(f"RabbitMQ at {where} {meaning}")
            if reason in _NO_TLS:
                return SourceLostError(f"RabbitMQ at {where} {_PLAIN_PORT}")
            if "HANDSHAKE_FAILURE" in reason or isinstance(
                cause, ssl.SSLEOFError
            ):  # with TLS 1.2, before the handshake ends
                return SourceLostError(f"RabbitMQ at {where} {_HANDSHAKE}")
    hint = _MAYBE_TLS if isinstance(error, exceptions.IncompatibleProtocolError) else ""
    return SourceLostError(f"RabbitMQ at {where} cannot be reached: {told(error)}{hint}")


def _distrust(error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "its certificate has expired: it has to be renewed there"
    if error.verify_code in (_OTHER_HOST, _OTHER_ADDRESS):
        return "its certificate is for another host: use the name that the certificate has (AMQP_URL)"
    if error.verify_code in _UNTRUSTED:
        return "its certificate is of an authority that we do not know (STRANGLER_TLS_CA_FILE)"
    return f"{error.verify_message} (STRANGLER_TLS_CA_FILE)"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies behind it: pika wraps what a socket says, as an argument or as a context."""
    seen: set[int] = set()
    waiting: deque[object] = deque([error])
    while waiting:
        one = waiting.popleft()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [*one.args, one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def _context(tls: Tls) -> ssl.SSLContext:
    """Verifies the broker's certificate and its host name; there is no way to have that otherwise."""
    with _unusable("STRANGLER_TLS_CA_FILE"):
        context = ssl.create_default_context(cafile=tls.ca_file)
    if tls.certificate_file is not None:
        with _unusable("STRANGLER_TLS_CERTIFICATE_FILE, _KEY_FILE or _KEY_PASSWORD"):
            # A password is always handed over, or OpenSSL asks for it on the terminal.
            context.load_cert_chain(tls.certificate_file, tls.key_file, tls.key_password or "")
    return context


@contextlib.contextmanager
def _unusable(variable: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        reason = (error.reason or "").replace("_", " ").lower() or "wrong password, or no PEM"
        raise SourceRefusedError(f"{variable}: cannot be used: {reason}") from error
    except OSError as error:
        raise SourceRefusedError(f"{variable}: cannot be read: {error.strerror}") from error
