"""What AWS's errors mean for a message, in one place."""

from botocore.exceptions import BotoCoreError, ClientError

from workers.fate import UnavailableError


def unavailable(error: BotoCoreError | ClientError) -> UnavailableError:
    """The service, not the message, is to blame. Names operation and error code; a text could quote an item."""
    if isinstance(error, ClientError):
        return UnavailableError(f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}")
    return UnavailableError(type(error).__name__)
