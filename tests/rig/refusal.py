"""How AWS says no: the error of a whole call, on the wire as its service writes it.

SQS speaks JSON but keeps the codes of its old protocol in a header (`x-amzn-query-error`), which SDKs put first.
"""

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape

from tests.rig.fault import Fault
from tests.rig.web import Answer

JSON_TYPE = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call fails as a whole."""

    code: str
    """As boto3 shows it."""
    message: str
    status: int = 400
    shape: str = ""
    """`__type` of the JSON document where it is not the code."""
    receiver: bool = False
    """Whether AWS takes the blame."""

    def as_json(self) -> Answer:
        """The answer of SQS and DynamoDB."""
        blame = "Receiver" if self.receiver else "Sender"
        document = {"__type": self.shape or f"com.amazonaws.sqs#{self.code}", "message": self.message}
        headers = {"Content-Type": JSON_TYPE, "x-amzn-query-error": f"{self.code};{blame}"}
        return Answer(self.status, json.dumps(document).encode(), headers)

    def as_xml(self) -> Answer:
        """The answer of S3."""
        body = f"<Error><Code>{escape(self.code)}</Code><Message>{escape(self.message)}</Message></Error>"
        return Answer(
            self.status, f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode(), {"Content-Type": "application/xml"}
        )


class RefusedError(Exception):
    """A call is refused."""

    def __init__(self, code: str, message: str, status: int = 400, shape: str = "") -> None:
        super().__init__(code)
        self.refusal = Refusal(code, message, status, shape)


def no_such_queue() -> RefusedError:
    """SQS's answer for a queue that is not there."""
    code = "AWS.SimpleQueueService.NonExistentQueue"
    return RefusedError(code, "The specified queue does not exist.", shape="com.amazonaws.sqs#QueueDoesNotExist")


def of_batch(name: str, message: str) -> RefusedError:
    """SQS's answer for a batch that is wrong as a whole."""
    return RefusedError(f"AWS.SimpleQueueService.{name}", message, shape=f"com.amazonaws.sqs#{name}")


_CORAL = "com.amazon.coral.service#"
_OF_FAULT = {
    Fault.SERVER_ERROR: Refusal("InternalFailure", "We encountered an internal error.", 500, receiver=True),
    Fault.UNAVAILABLE: Refusal("ServiceUnavailable", "Service is unavailable.", 503, receiver=True),
    Fault.THROTTLED: Refusal("ThrottlingException", "Rate exceeded", shape=f"{_CORAL}ThrottlingException"),
    Fault.REQUEST_THROTTLED: Refusal("RequestThrottled", "Request was throttled."),
    Fault.EXPIRED_TOKEN: Refusal(
        "ExpiredToken", "The security token included in the request is expired", 403, f"{_CORAL}ExpiredTokenException"
    ),
    Fault.UNKNOWN_TOKEN: Refusal(
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        403,
        f"{_CORAL}UnrecognizedClientException",
    ),
    Fault.CLOCK_SKEW: Refusal(
        "SignatureDoesNotMatch",
        "Signature expired: 20261121T095000Z is now earlier than 20261121T095501Z (20261121T101001Z - 15 min.)",
        403,
        f"{_CORAL}InvalidSignatureException",
    ),
    Fault.ACCESS_DENIED: Refusal(
        "AccessDenied",
        "User is not authorized to perform this action because no identity-based policy allows it",
        403,
        f"{_CORAL}AccessDeniedException",
    ),
    Fault.KMS_DISABLED: Refusal("KMS.DisabledException", "The key is disabled.", shape="com.amazonaws.sqs#KmsDisabled"),
}


def fail(fault: Fault, *, xml: bool = False) -> Answer:
    """The answer to a call that a fault has struck: an error, or none."""
    refusal = _OF_FAULT.get(fault)
    if refusal is None:
        return Answer(silent=True)
    return refusal.as_xml() if xml else refusal.as_json()
