"""Partners called over HTTP. Short of patience: what does not answer soon is called again later."""

from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from workers.outlet.port import Call, NotSentError

CONNECT_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 5.0
_CONNECTIONS = 8
_READ_BYTES = 16 * 1024
"""What is read of an answer at most, so that its connection can serve again; nothing is made of it."""


class HttpWebhooks:
    """`Webhooks` over urllib3. Follows no redirects: a partner's URL is a contract."""

    def __init__(self, origin: str = "") -> None:
        """Args: origin: scheme, host and port to call instead of where the URL says; path and query stay."""
        self._origin = origin
        self._pool = urllib3.PoolManager(
            maxsize=_CONNECTIONS,
            timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S),
            retries=False,
        )

    def post(self, call: Call) -> None:
        """See `Webhooks.post`."""
        # AMQP ids may be any text; http.client would refuse what is not Latin-1, PHP's curl sends UTF-8.
        headers = {name: value.encode().decode("latin-1") for name, value in call.headers.items()}
        try:
            answer = self._pool.request(
                "POST",
                self._target(call.url),
                body=call.body,
                headers=headers,
                redirect=False,
                preload_content=False,
            )
        except (HTTPError, ValueError) as error:
            raise NotSentError(f"webhook: {type(error).__name__}") from error
        _let_go(answer)
        if not 200 <= answer.status < 300:
            raise NotSentError(f"webhook: {answer.status}")

    def _target(self, url: str) -> str:
        if not self._origin:
            return url
        origin = urlsplit(self._origin)
        return urlsplit(url)._replace(scheme=origin.scheme, netloc=origin.netloc).geturl()


def _let_go(answer: urllib3.BaseHTTPResponse) -> None:
    """Give the connection back: to the pool if the answer ends soon, else closed. The status counts either way."""
    try:
        answer.read(_READ_BYTES)
        if answer.read(1):
            answer.close()
    except HTTPError:
        answer.close()
    answer.release_conn()
