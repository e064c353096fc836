"""One call to AWS and the reading of its answer: whatever goes wrong there is an outage of the port that asked.

botocore trusts whoever answers. Of a proxy's page with status 200 it makes an empty answer, which for DynamoDB says
"there is no such item"; of JSON that is no object, of bytes that are no text, of lists that are none it makes an
AttributeError, UnicodeDecodeError or TypeError. So an answer counts only if it carries what AWS always gives, and
nothing that is raised in `asking` can end a loop. Nothing here quotes what was sent or answered.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from bridge.aws_code import UNREADABLE, bare, explain

_Answer = TypeVar("_Answer", bound=Mapping[str, Any])
_UNREADABLE = (
    *(ResponseParserError, HTTPError),
    # How reading fails that takes the shape of an answer for granted, botocore's own reading included.
    *(AttributeError, LookupError, TypeError, ValueError, RecursionError),
)
_REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")


class NotGenuineError(ValueError):
    """An answer with status 200 that AWS did not give."""


def asking(operation: str, unavailable: Callable[[str], Exception]) -> AbstractContextManager[None, None]:
    """Around one call and the reading of its answer, and nothing else: our own errors in there would pass as outages.

    Args:
        operation: as AWS names it, for what is told where the error itself names none.
        unavailable: the error of the port that asks. Its cause is what botocore, or the reading, raised.
    """
    return _Asking(operation, unavailable)


class _Asking:  # not by a generator, which takes longer than the reading of an answer
    __slots__ = ("_operation", "_unavailable")

    def __init__(self, operation: str, unavailable: Callable[[str], Exception]) -> None:
        self._operation = operation
        self._unavailable = unavailable

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ClientError | BotoCoreError):
            raise self._unavailable(reason(error)) from error
        if isinstance(error, _UNREADABLE):
            raise self._unavailable(explain(self._operation, UNREADABLE)) from error


def genuine(answer: _Answer) -> _Answer:
    """The answer, if AWS gave it: status 200, and a request id, which every service gives. Raises NotGenuineError."""
    metadata = answer.get("ResponseMetadata", {})
    headers = metadata.get("HTTPHeaders", {})
    named = metadata.get("RequestId") or any(headers.get(name) for name in _REQUEST_IDS)
    if metadata.get("HTTPStatusCode") != 200 or not named:
        raise NotGenuineError("no request id")
    return answer


def refuse_broken_json(client: Any, operation: str) -> None:
    """Let a client of a JSON service raise ValueError where an answer to the operation is no whole JSON document.

    botocore makes an empty answer of half a document, too, and half a document may have its request id.
    """
    name = f"before-parse.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    client.meta.events.register(name, _load, unique_id=f"whole-{operation}")


def _load(response_dict: Mapping[str, Any], **_: object) -> None:
    if response_dict["status_code"] == 200:
        json.loads(response_dict["body"])


def code_of(error: ClientError) -> str:
    """The code that AWS gives, without its name space."""
    return bare(str(error.response.get("Error", {}).get("Code", "unknown")))


def reason(error: BotoCoreError | ClientError) -> str:
    """Which call failed, how, and what that means where it is known."""
    return explain(error.operation_name, code_of(error)) if isinstance(error, ClientError) else type(error).__name__
