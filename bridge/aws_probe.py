"""Looks at AWS as a process of the bridge would, and changes nothing; what AWS answers, in an operator's words."""

from collections.abc import Callable
from typing import Any

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from bridge import aws_code
from bridge.authority import ControlUnavailableError
from bridge.aws_answer import asking, code_of, genuine
from bridge.check import ProbeError
from bridge.control import DynamoControl, DynamoLedgerView
from contracts import naming
from contracts.control_item import MalformedItemError

_UNREACHABLE = (exceptions.HTTPClientError, exceptions.ConnectionError)
_NO_CREDENTIALS = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.SSOError,
    exceptions.TokenRetrievalError,
)
_SIGN_IN = "sign in again, or set AWS_PROFILE or AWS_ACCESS_KEY_ID"
_NOBODY = "strangler-check"
"""An id that no message has."""


class AwsProbe:
    """A `bridge.check.Cloud`."""

    def __init__(self, make_client: Callable[[str], Any], stack: str) -> None:
        """Args: make_client: by the service's name; raises BotoCoreError where settings are missing."""
        self._make_client = make_client
        self._stack = stack

    def find_queue(self, name: str) -> str:
        """See `Cloud.find_queue`."""
        return self._ask("sqs", lambda client: _find(client, name))

    def read_authority(self, family: str) -> str:
        """See `Cloud.read_authority`."""
        table = naming.control_table_name(self._stack)
        try:
            return self._ask("dynamodb", lambda client: DynamoControl(client, table).read(family))
        except MalformedItemError as error:
            raise ProbeError("refused", f"what is decided cannot be read: {error}; `strangler cutover show`") from error

    def read_ledger(self) -> str:
        """See `Cloud.read_ledger`."""
        table = naming.ledger_table_name(self._stack)
        return self._ask("dynamodb", lambda client: DynamoLedgerView(client, table).look([_NOBODY], consistent=False))

    def _ask(self, service: str, ask: Callable[[Any], object]) -> str:
        region = "the region"
        try:
            client = self._make_client(service)
            region = client.meta.region_name
            ask(client)
        except (ClientError, BotoCoreError, ControlUnavailableError) as error:
            raise self._problem(error, region) from error
        return f"found in {region}"

    def _problem(self, error: BaseException, region: str) -> ProbeError:
        cause = error.__cause__ if isinstance(error, ControlUnavailableError) else error
        if isinstance(cause, ClientError):
            return self._answer(cause, region)
        if isinstance(cause, _NO_CREDENTIALS):
            return ProbeError(
                "refused", f"no usable AWS credentials ({type(cause).__name__}): {_SIGN_IN}", general=True
            )
        if isinstance(cause, exceptions.NoRegionError):
            return ProbeError(
                "settings", "no region is set: AWS_DEFAULT_REGION, or a profile that has one", general=True
            )
        if isinstance(cause, _UNREACHABLE):
            text = f"AWS does not answer for region {region}: check AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, the network"
            return ProbeError("unreachable", f"{text} ({type(cause).__name__})", general=True)
        if isinstance(cause, BotoCoreError):
            text = "check AWS_DEFAULT_REGION, AWS_PROFILE, AWS_ENDPOINT_URL"
            return ProbeError("settings", f"AWS cannot be asked ({type(cause).__name__}): {text}", general=True)
        if cause is not None:
            text = "check AWS_ENDPOINT_URL, the proxy, the network"
            return ProbeError(
                "unreachable", f"what answers for region {region} is not AWS ({error}): {text}", general=True
            )
        return ProbeError("unreachable", f"{error}: not everything was answered; try again")

    def _answer(self, error: ClientError, region: str) -> ProbeError:
        code = code_of(error)
        told = f"{error.operation_name}: {code}"
        if code in aws_code.ABSENT:
            return ProbeError(
                "absent",
                f"not in region {region} of this account, or hidden from this role ({told}): check AWS_DEFAULT_REGION, "
                f"the account, and the stack {self._stack} (STRANGLER_STACK); `strangler deploy` makes it",
            )
        if code in aws_code.EXPIRED:
            return ProbeError("refused", f"the AWS credentials have expired ({told}): {_SIGN_IN}", general=True)
        if code in aws_code.CLOCK:
            return ProbeError(
                "refused", f"this machine's clock is wrong ({told}): set it by a time server", general=True
            )
        if code in aws_code.CREDENTIALS:
            return ProbeError("refused", f"AWS does not know these credentials ({told}): {_SIGN_IN}", general=True)
        if code in aws_code.DENIED:
            return ProbeError("refused", f"AWS denies this to our role ({told}): its policy, or another role is meant")
        return ProbeError("unreachable", f"AWS does not do it now ({told}): try again in a moment")


def _find(client: Any, name: str) -> str:
    with asking("GetQueueUrl", ControlUnavailableError):
        return str(genuine(client.get_queue_url(QueueName=name))["QueueUrl"])
