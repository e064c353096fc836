"""Why sending pauses, as one of a few words: for metrics, which take no free text, and for whoever reads them."""

import re
from collections.abc import Mapping
from typing import Literal

Pause = Literal["absent", "credentials", "denied", "throttled", "key", "unreachable", "not-accepted"]
"""`absent`: there is no such queue, bucket or key. `credentials`: expired or unknown, or the clock is wrong. `denied`:
the role may not. `throttled`: AWS is busy. `key`: KMS will not. `unreachable`: nobody answers. `not-accepted`: whatever
else was answered."""

_WORD = re.compile(r"[A-Za-z][\w.]*")
_CLASSES: Mapping[Pause, frozenset[str]] = {
    "credentials": frozenset(
        {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "InvalidSignatureException"}
        | {"RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "UnrecognizedClientException"}
        | {"InvalidAccessKeyId", "MissingAuthenticationToken", "NoCredentialsError", "PartialCredentialsError"}
        | {"CredentialRetrievalError", "TokenRetrievalError", "UnauthorizedSSOTokenError", "SSOTokenLoadError"}
    ),
    "key": frozenset(
        {"KMS.DisabledException", "KmsDisabled", "KMS.AccessDeniedException", "KmsAccessDenied", "KmsInvalidState"}
        | {"KMS.InvalidStateException", "KMS.NotFoundException", "KmsNotFound", "KmsThrottled", "KmsOptInRequired"}
    ),
    "absent": frozenset({"NonExistentQueue", "QueueDoesNotExist", "NoSuchBucket", "ResourceNotFoundException"}),
    "denied": frozenset({"AccessDenied", "AccessDeniedException", "InvalidAddress", "InvalidSecurity"}),
    "throttled": frozenset(
        {"Throttling", "ThrottlingException", "RequestThrottled", "RequestLimitExceeded", "OverLimit", "SlowDown"}
        | {"ProvisionedThroughputExceededException", "TooManyRequestsException"}
    ),
    "unreachable": frozenset(
        {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "SSLError"}
        | {"ProxyConnectionError", "HTTPClientError", "ResponseStreamingError", "ResponseParserError"}
        | {"ServiceUnavailable", "InternalFailure", "InternalError", "InternalServerError", "RequestTimeout"}
    ),
}


def classify(reason: str) -> Pause:
    """The class of a reason that names the codes of AWS or the classes of botocore."""
    words = {word.rstrip(".").removeprefix("AWS.SimpleQueueService.") for word in _WORD.findall(reason)}
    return next((name for name, codes in _CLASSES.items() if words & codes), "not-accepted")
