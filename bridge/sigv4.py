"""AWS Signature Version 4 (IAM user guide, "Create a signed AWS API request"): what botocore does, for one request.

Paths are normalized and encoded once more, as every service but S3 wants it. The day's key is kept.
"""

import hmac
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What a caller is known by."""

    access: str = field(repr=False)
    secret: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    """Of a session; None for a user's own keys."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A request, as it is to be signed."""

    method: str
    path: str
    """As it stands in the request line, without the query."""
    query: str
    """As it stands there: encoded, without the question mark."""
    headers: Headers = field(repr=False)
    """All that are to be signed, `Host` among them."""
    body: bytes = field(repr=False)


class Signer:
    """Signs for one service in one region. Any thread may call it."""

    def __init__(self, service: str, region: str) -> None:
        self._scope = f"{region}/{service}/aws4_request"
        self._region = region
        self._service = service
        self._kept: tuple[str, str, bytes] | None = None

    def sign(self, request: Unsigned, keys: Keys, now: float) -> list[tuple[str, str]]:
        """The headers that a request is to have besides its own. Args: now: seconds since the epoch."""
        prepared = self.prepare(request, keys, now)
        return [*prepared.added, ("Authorization", prepared.authorize(request.body))]

    def prepare(self, request: Unsigned, keys: Keys, now: float) -> "Prepared":
        """All of it but for the body, of which none is looked at: good for every other body of that second."""
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        added = [("X-Amz-Date", at)]
        if keys.token:
            added.append(("X-Amz-Security-Token", keys.token))
        canonical, names = _canonical_head(request, added)
        credential = f"{keys.access}/{at[:8]}/{self._scope}"
        authorization = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature="
        return Prepared(added, canonical, self._told(at), self._key(keys.secret, at[:8]), authorization)

    def string_to_sign(self, canonical: str, at: str) -> str:
        """What the signature is over. Args: at: as `X-Amz-Date` has it."""
        return self._told(at) + sha256(canonical.encode()).hexdigest()

    def _told(self, at: str) -> str:
        return f"{_ALGORITHM}\n{at}\n{at[:8]}/{self._scope}\n"

    def _key(self, secret: str, day: str) -> bytes:
        kept = self._kept
        if kept is not None and kept[0] == secret and kept[1] == day:
            return kept[2]
        key = f"AWS4{secret}".encode()
        for part in (day, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self._kept = secret, day, key
        return key


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that can be signed once its body is there."""

    added: Headers = field(repr=False)
    """Headers that it is to have besides its own and `Authorization`."""
    _canonical: str = field(repr=False)
    _told: str = field(repr=False)
    _key: bytes = field(repr=False)
    _authorization: str = field(repr=False)

    def authorize(self, body: bytes) -> str:
        """The header `Authorization`."""
        canonical = sha256((self._canonical + sha256(body).hexdigest()).encode()).hexdigest()
        return self._authorization + hmac.digest(self._key, (self._told + canonical).encode(), "sha256").hex()


def canonical_request(request: Unsigned, added: Headers = ()) -> tuple[str, str]:
    """The request in its canonical form, and the names of the headers that are signed."""
    head, names = _canonical_head(request, added)
    return head + sha256(request.body).hexdigest(), names


def _canonical_head(request: Unsigned, added: Headers) -> tuple[str, str]:
    """All but the body's digest, which is its end."""
    values: dict[str, str] = {}
    for name, value in (*request.headers, *added):
        trimmed, lower = " ".join(value.split()), name.lower()
        values[lower] = f"{values[lower]},{trimmed}" if lower in values else trimmed
    names = sorted(values)
    signed = ";".join(names)
    lines = "\n".join([f"{name}:{values[name]}" for name in names])
    path = "/" if request.path in ("", "/") else quote(_without_dots(request.path), safe="/~")
    query = _in_order(request.query) if request.query else ""
    return f"{request.method}\n{path}\n{query}\n{lines}\n\n{signed}\n", signed


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4, and no empty segments."""
    kept: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    first = "/" if path.startswith("/") else ""
    last = "/" if path.endswith("/") and kept else ""
    return f"{first}{'/'.join(kept)}{last}"


def _in_order(query: str) -> str:
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
