from botocore.exceptions import ClientError, ReadTimeoutError

from tests.fakes.message import NAME
from workers.aws_error import unavailable


def test_an_outage_is_told_by_operation_and_code_and_never_by_its_text() -> None:
    error = ClientError({"Error": {"Code": "ThrottlingException", "Message": NAME}}, "UpdateItem")
    assert str(unavailable(error)) == "UpdateItem: ThrottlingException"
    assert str(unavailable(ClientError({}, "UpdateItem"))) == "UpdateItem: unknown"
    assert str(unavailable(ReadTimeoutError(endpoint_url=NAME))) == "ReadTimeoutError"
