"""What AWS' codes and botocore's classes of error mean: one table for logs, metrics and `--check`."""

from collections.abc import Mapping

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
CLOCK = frozenset({"RequestExpired", "RequestTimeTooSkewed"})
UNKNOWN_KEY = frozenset({"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure"})
SIGNATURE = frozenset({"IncompleteSignature", "InvalidSignatureException", "SignatureDoesNotMatch"})
UNSIGNED = frozenset({"MissingAuthenticationToken", "MissingAuthenticationTokenException"})
NO_CREDENTIALS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound", "SSOError"}
    | {"SSOTokenLoadError", "TokenRetrievalError", "UnauthorizedSSOTokenError"}
)
"""Classes of botocore."""
CREDENTIALS = EXPIRED | CLOCK | UNKNOWN_KEY | SIGNATURE | UNSIGNED | NO_CREDENTIALS
DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "InvalidAddress", "InvalidSecurity"}
    | {"403", "Forbidden"}
)
NO_QUEUE = frozenset({"NonExistentQueue", "QueueDoesNotExist"})
ABSENT = NO_QUEUE | {"NoSuchBucket", "ResourceNotFoundException"}
KEY_DISABLED = frozenset({"KMS.DisabledException", "KmsDisabled"})
KEY = KEY_DISABLED | {
    *(
        "KMS.AccessDeniedException",
        "KMS.InvalidKeyUsageException",
        "KMS.InvalidStateException",
        "KMS.NotFoundException",
    ),
    *("KMS.OptInRequired", "KMS.ThrottlingException", "KmsAccessDenied", "KmsInvalidKeyUsage", "KmsInvalidState"),
    *("KmsNotFound", "KmsOptInRequired", "KmsThrottled"),
}
"""Each of them as the JSON protocol has it, and as the query protocol does."""
THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "RequestThrottled", "RequestLimitExceeded", "OverLimit", "SlowDown"}
    | {"ProvisionedThroughputExceededException", "TooManyRequestsException"}
)
UNREADABLE = "UnreadableAnswer"
"""A code of ours: whatever answered, it was not AWS, or it did not come whole."""
UNREACHABLE = frozenset(
    {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError", "SSLError"}
    | {"ProxyConnectionError", "HTTPClientError", "ResponseStreamingError", "IncompleteReadError", "ChecksumError"}
    | {"ServiceUnavailable", "InternalFailure", "InternalError", "InternalServerError", "RequestTimeout"}
    | {"500", "502", "503", "504", UNREADABLE}
)

_TOLD: Mapping[str, frozenset[str]] = {
    "the credentials have expired": EXPIRED,
    "this machine's clock is wrong": CLOCK,
    "the access key is not known": UNKNOWN_KEY,
    "the secret key is wrong, or this machine's clock is": SIGNATURE,
    "the role may not do this": DENIED,
    "there is no such queue in this account and region": NO_QUEUE,
    "the queue's key is disabled": KEY_DISABLED,
    "no answer of AWS: a proxy, or another endpoint": frozenset({UNREADABLE}),
}
MEANINGS: Mapping[str, str] = {code: meaning for meaning, codes in _TOLD.items() for code in codes}
"""For the log, by code; not every code has one."""


def bare(code: str) -> str:
    """The code without the name space that SQS' query protocol puts before it."""
    return code.removeprefix("AWS.SimpleQueueService.")


def explain(operation: str, code: str) -> str:
    """An operation, what became of it, and what that means where it is known."""
    meaning = MEANINGS.get(code)
    return f"{operation}: {code}" + (f" ({meaning})" if meaning else "")
