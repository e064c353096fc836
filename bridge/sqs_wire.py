"""SendMessageBatch without boto3, which takes longer to write and sign a request than SQS' own work costs us.

Everything but the one call stays boto3's: where the endpoint is, what is trusted, who we are, what its errors mean.
"""

import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import orjson
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.httpsession import get_cert_path
from botocore.parsers import create_parser
from botocore.utils import get_environ_proxies

from bridge.aws_answer import asking, genuine
from bridge.entry import write_batch
from bridge.http_answer import HttpAnswer
from bridge.http_line import Lines, Place
from bridge.port import Entry, SinkUnavailableError
from bridge.sigv4 import Headers, Keys, Prepared, Signer, Unsigned
from bridge.sqs import OPERATION

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_PORTS = {"http": 80, "https": 443}
_PATH = "/"
_FAILS_FROM = 301
"""Status from which an answer tells of an error, as botocore reads it."""


class FrozenKeys(Protocol):
    """Credentials of botocore at one moment."""

    @property
    def access_key(self) -> str | None:
        """Who asks."""

    @property
    def secret_key(self) -> str | None:
        """What proves it."""

    @property
    def token(self) -> str | None:
        """Of which session."""


class Credentials(Protocol):
    """Credentials of botocore, which refresh themselves."""

    def get_frozen_credentials(self) -> FrozenKeys:
        """Those of now. May block for a call; raises BotoCoreError."""


class NotOursError(ValueError):
    """boto3 is set up in a way that only boto3 follows. Says which."""


def place_of(client: "SQSClient", ca_bundle: str | None) -> Place:
    """Where the client's calls go, and whom they trust. Raises NotOursError.

    Args: ca_bundle: by boto3's own setting, which wins over what all of Python's clients are told.
    """
    url = client.meta.endpoint_url
    parts = urlsplit(url)
    host, port = parts.hostname, parts.port
    if parts.scheme not in _PORTS or not host or parts.path.strip("/") or parts.query or parts.username is not None:
        raise NotOursError("an endpoint that is more than a host")
    if get_environ_proxies(url).get(parts.scheme):
        raise NotOursError("a proxy")
    if getattr(client.meta.config, "signature_version", None) != "v4":
        raise NotOursError("another way to sign")
    tls = _trusting(ca_bundle or os.environ.get("REQUESTS_CA_BUNDLE")) if parts.scheme == "https" else None
    return Place(url, host, port or _PORTS[parts.scheme], tls)


def _trusting(ca_bundle: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # checks certificates and the host's name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_verify_locations(ca_bundle or get_cert_path(verify=True))
    except OSError as error:
        raise NotOursError("a file of authorities that cannot be read") from error
    return context


class WireCall:
    """Makes calls of SendMessageBatch (`bridge.sqs.SendBatch`) over connections of its own. Any thread may."""

    def __init__(
        self, client: "SQSClient", credentials: Credentials | None, lines: Lines, now: Callable[[], float]
    ) -> None:
        """Args: now: seconds since the epoch."""
        service = client.meta.service_model
        self._lines = lines
        self._credentials = credentials
        self._now = now
        self._signer = Signer(service.signing_name, client.meta.region_name)
        self._parser = create_parser("json")
        self._shape: Any = service.operation_model(OPERATION).output_shape
        self._headers = (
            ("Host", urlsplit(client.meta.endpoint_url).netloc),
            ("Content-Type", "application/x-amz-json-1.0"),
            ("X-Amz-Target", f"AmazonSQS.{OPERATION}"),
            ("x-amzn-query-mode", "true"),  # lets SQS tell the codes of its old protocol beside its own
        )
        self._kept: tuple[FrozenKeys, int, Prepared, bytes] | None = None
        """What was prepared last, for whom and when."""
        self._unsigned = (("Accept-Encoding", "identity"), ("User-Agent", "strangler"))

    def __call__(self, url: str, entries: Sequence[Entry]) -> object:
        """See `SendBatch`."""
        request = self.write(url, entries)
        return self.read(lambda: self._lines.ask(request))

    @property
    def knows_us(self) -> bool:
        """Whether who we are is known without asking anybody."""
        is_stale = getattr(self._credentials, "refresh_needed", None)
        return self._credentials is not None and not (is_stale is not None and is_stale())

    def write(self, url: str, entries: Sequence[Entry]) -> bytes:
        """A request, signed. Raises SinkUnavailableError."""
        body = write_batch(url, entries)
        with asking(OPERATION, SinkUnavailableError):
            return self._signed(body)

    def read(self, answer: Callable[[], HttpAnswer]) -> object:
        """What an answer says, or why there is none; see `SendBatch`."""
        with asking(OPERATION, SinkUnavailableError):
            return self._read(answer())

    def _signed(self, body: bytes) -> bytes:
        prepared, head = self._prepared()
        last = f"Authorization: {prepared.authorize(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        return b"".join((head, last.encode("latin-1"), body))  # copied once; by % several times

    def _prepared(self) -> tuple[Prepared, bytes]:
        """What is the same for all calls of a second: how they are signed, and their head up to its last lines."""
        if self._credentials is None:
            raise NoCredentialsError
        frozen, now, kept = self._credentials.get_frozen_credentials(), int(self._now()), self._kept
        if kept is not None and kept[1] == now and kept[0] == frozen:
            return kept[2], kept[3]
        prepared, head = self._prepare(_keys(frozen), now)
        self._kept = frozen, now, prepared, head
        return prepared, head

    def _prepare(self, keys: Keys, now: int) -> tuple[Prepared, bytes]:
        prepared = self._signer.prepare(Unsigned("POST", _PATH, "", self._headers, b""), keys, now)
        write_head("POST", _PATH, [("Authorization", prepared.authorize(b""))])  # refused here, where it would be two
        return prepared, write_head("POST", _PATH, (*self._headers, *prepared.added, *self._unsigned))

    def _read(self, answer: HttpAnswer) -> Mapping[str, Any]:
        if answer.status >= _FAILS_FROM:
            told = {"status_code": answer.status, "headers": answer.headers, "body": answer.body}
            raise ClientError(self._parser.parse(told, self._shape), OPERATION)
        genuine({"ResponseMetadata": {"HTTPStatusCode": answer.status, "HTTPHeaders": answer.headers}})
        document = orjson.loads(answer.body)
        if not isinstance(document, dict):
            raise TypeError("no object")
        return document


def _keys(frozen: FrozenKeys) -> Keys:
    if not frozen.access_key or not frozen.secret_key:
        raise NoCredentialsError
    return Keys(frozen.access_key, frozen.secret_key, frozen.token)


def write_head(method: str, path: str, headers: Headers) -> bytes:
    """A request up to its last headers. Raises ValueError for what would end a line."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), ""]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise ValueError("a header that would be two")
    return head.encode("latin-1")
