"""Builds what a replay talks to: the one place that joins index, ledger, control table, queues and the key."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bridge.port import ClaimStore, Clock, SystemClock
from contracts import naming
from contracts.authority import AuthorityRecord
from contracts.effect_id import read_effect_id
from contracts.message_type import Family
from contracts.registry import FAMILIES
from ops.audit_chain import AuditChain
from ops.authority import AuthorityStore
from ops.claim import Claims, claim_store
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter import Letter
from ops.letter_index import LetterIndex
from ops.letter_opening import Contents, LetterOpener
from ops.plan_file import Plan, PlannedLetter
from ops.replay_course import Progress
from ops.replay_ledger import ReplayLedger
from ops.replay_message import Outgoing
from ops.replay_outlet import SqsOutlet
from ops.replay_planning import compose
from ops.replay_record import RunRecords
from ops.replay_run import Surroundings
from ops.sealing import letter_contents
from ops.session import dynamodb_client
from workers.fate import UnavailableError
from workers.store.pending import PendingEntries

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands about letters and replays work with, for one deployment."""

    stack: str
    letters: LetterIndex
    ledger: ReplayLedger
    runs: RunRecords
    chain: AuditChain
    opener: LetterOpener
    claims: Claims
    authority: AuthorityStore
    pending: PendingEntries
    families: Mapping[str, Family]
    clock: Clock

    def now(self) -> datetime:
        """The time, UTC."""
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def record(self, family: str) -> AuthorityRecord:
        """What is decided about a family now. Raises CommandError."""
        return self.authority.standing(family).record

    def surroundings(
        self,
        plan: Plan,
        sqs: "SQSClient",
        interrupted: Callable[[], bool],
        show: Callable[[Progress], None],
        wait: Callable[[float], None] = time.sleep,
    ) -> Surroundings:
        """What the run of a plan talks to."""

        def opened(planned: PlannedLetter, letter: Letter) -> Outgoing:
            return compose(planned, letter, self.opener.open(letter), self.families, plan.run, self.now())

        def reopen(planned: PlannedLetter) -> None:
            message_id, ordinal = read_effect_id(planned.effect or "")
            try:
                self.pending.reopen(message_id, ordinal, self.now())
            except UnavailableError as error:
                raise CommandError(ExitCode.UNREACHABLE, f"the effect cannot be made due: {error}") from error

        return Surroundings(
            letters=self.letters,
            records=self.runs,
            glances=self.ledger.glances,
            open=opened,
            send=self.claims.before(SqsOutlet(sqs).send),
            reopen=reopen,
            authority=lambda: {one.name: self.record(one.name) for one in plan.families},
            clock=self.clock,
            wait=wait,
            interrupted=interrupted,
            show=show,
        )


def open_desk(stack: str) -> Desk:
    """The desk over AWS. Raises CommandError."""
    return desk_over(dynamodb_client(stack), stack, letter_contents(stack), claim_store(stack), SystemClock())


def desk_over(
    client: "DynamoDBClient",
    stack: str,
    contents: Callable[[], Contents],
    bodies: Callable[[], ClaimStore],
    clock: Clock,
) -> Desk:
    """A desk over given ends."""
    claims = Claims(bodies)
    chain = AuditChain(client, stack, lambda: datetime.fromtimestamp(clock.now(), UTC))
    return Desk(
        stack=stack,
        letters=LetterIndex(client, stack),
        ledger=ReplayLedger(client, stack),
        runs=RunRecords(client, stack),
        chain=chain,
        opener=LetterOpener(contents, claims.fetch),
        claims=claims,
        authority=AuthorityStore(client, stack, chain),
        pending=PendingEntries(client, naming.ledger_table_name(stack)),
        families={one.name: one for one in FAMILIES},
        clock=clock,
    )
