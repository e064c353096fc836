"""Answers for botocore's Stubber with what AWS gives beside every answer, and the Stubber does not."""

from collections.abc import Mapping
from typing import Any


def answered(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as AWS answers it."""
    return {**document, "ResponseMetadata": {"HTTPStatusCode": 200, "RequestId": "0000"}}
