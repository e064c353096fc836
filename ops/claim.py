"""The bodies that no queue takes, for commands: fetched where a message is read, put where one is made anew."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from bridge.port import ClaimStore, Receipt, SinkUnavailableError
from contracts.claim import Claim, write_pointer
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.replay_message import Outgoing
from ops.session import s3_and_sts_clients


def claim_store(stack: str) -> Callable[[], ClaimStore]:
    """Makes what fetches and puts when it is called. Raises CommandError."""

    def make() -> ClaimStore:
        from bridge.s3_claims import S3Claims  # noqa: PLC0415  # of no use to most commands

        return S3Claims(*s3_and_sts_clients(stack), stack)

    return make


class Claims:
    """A deployment's bodies in S3."""

    def __init__(self, store: Callable[[], ClaimStore]) -> None:
        """Args: store: made when it is first needed, for most messages have none."""
        self._make = store
        self._store: ClaimStore | None = None

    def fetch(self, claim: Claim) -> bytes:
        """The body. Raises LostClaimError, and CommandError where S3 refuses."""
        try:
            return self._opened().fetch(claim)
        except SinkUnavailableError as error:
            code = ExitCode.REFUSED if "AccessDenied" in str(error) else ExitCode.UNREACHABLE
            raise CommandError(code, f"a body cannot be fetched from S3: {error}") from error

    def before(
        self, send: Callable[[Sequence[Outgoing]], Sequence[Receipt]]
    ) -> Callable[[Sequence[Outgoing]], Sequence[Receipt]]:
        """The same sending, with deposits made first; where one cannot be made, nothing is sent."""

        def deposit_and_send(outgoing: Sequence[Outgoing]) -> Sequence[Receipt]:
            try:
                ready = [self._deposited(one) for one in outgoing]
            except SinkUnavailableError as error:
                return [Receipt("unknown", str(error))] * len(outgoing)
            return send(ready)

        return deposit_and_send

    def _deposited(self, one: Outgoing) -> Outgoing:
        if one.deposit is None:
            return one
        return replace(one, body=write_pointer(self._opened().put(one.deposit), one.deposit.key))

    def _opened(self) -> ClaimStore:
        if self._store is None:
            self._store = self._make()
        return self._store
