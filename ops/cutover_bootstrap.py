"""Builds what moves authority, over real AWS and RabbitMQ: the only place that does."""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bridge.amqp_settings import AmqpSettings
from bridge.port import Outlet, SourceLostError, SourceRefusedError, SystemClock
from contracts.authority import Stage
from contracts.message_type import Family
from contracts.registry import FAMILIES, family_named
from ops.audit_chain import AuditChain
from ops.authority import AuthorityStore, Router
from ops.catch_up import CatchUp, Keys
from ops.claim import Claims, claim_store
from ops.cutover import Cutover
from ops.cutover_view import FamilyView, Plan, see
from ops.errand import Patience, Tools, Who
from ops.evidence import Evidence
from ops.exit_code import ExitCode
from ops.export import Export
from ops.fault import CommandError
from ops.letter_option import needed
from ops.output import note
from ops.preflight import Preflight
from ops.record import Records
from ops.sealing import open_sealer
from ops.session import dynamodb_client, who_am_i
from ops.state import StateComparison, compare_state

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAUSES_S = (2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
"""Between two looks at rows that are not the same while messages arrive: longer each time."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands work on."""

    family: Family
    store: AuthorityStore
    evidence: Evidence
    preflight: Preflight
    catch_up: CatchUp
    tools: Tools

    def cutover(self, who: Who, patience: Patience) -> Cutover:
        """Moves of the family in somebody's name."""
        return Cutover(self.family.name, self.store, self.preflight, self.catch_up, who, patience, self.tools)

    def plan(self, target: Stage, patience_s: float) -> Plan:
        """What a move would do, and what stands against it now. Raises CommandError."""
        standing = self.store.standing(self.family.name)
        record = standing.record
        objections = tuple(self.preflight.objections(record, self._routers, target, patience_s))
        back = record.authority == "new" and target != "live"
        owed = len(self.catch_up.owed(record)) if back else 0
        letters = len(self.evidence.letters()) if back else 0
        return Plan(see(standing, self._routers()), target, owed, objections, letters)

    def _routers(self) -> tuple[Router, ...]:
        return self.store.routers(self.family.name, _now())


def look(store: AuthorityStore, family: str | None) -> list[FamilyView]:
    """How one family stands, or all of them. Raises CommandError."""
    names: Iterable[str] = [one.name for one in FAMILIES] if family is None else [family]
    return [see(store.standing(name), store.routers(name, _now())) for name in names]


def open_chain(stack: str) -> AuditChain:
    """The deployment's audit chain."""
    return AuditChain(dynamodb_client(stack), stack, _now)


def open_store(stack: str) -> AuthorityStore:
    """What is decided about every family."""
    return AuthorityStore(dynamodb_client(stack), stack, open_chain(stack))


def open_desk(stack: str, family_name: str, monolith: str | None) -> Desk:
    """All that a move needs. Args: monolith: the command that exports its state; None where nobody says."""
    client, family, clock = dynamodb_client(stack), family_named(family_name), SystemClock()
    comparison = None if monolith is None else partial(compare, client, stack, family, Export(monolith, family.name))
    store = AuthorityStore(client, stack, AuditChain(client, stack, _now))
    evidence = Evidence(client, stack, family)
    return Desk(
        family,
        store,
        evidence,
        Preflight(family, evidence, comparison, clock, time.sleep),
        CatchUp(
            client,
            stack,
            Keys(partial(open_sealer, stack), Claims(claim_store(stack)).fetch),
            _connect,
            clock,
            time.sleep,
            note,
            current=lambda name: store.standing(name).record,
        ),
        Tools(clock, time.sleep, note, lambda: f"{family.name}-{uuid.uuid4().hex[:12]}"),
    )


def compare(
    client: "DynamoDBClient", stack: str, family: Family, export: Export, patience_s: float, *, shown: int = 20
) -> StateComparison:
    """Compare both sides' state of a family, giving rows so many seconds to become the same. Raises CommandError."""
    records = Records(client, stack, partial(open_sealer, stack))
    return compare_state(
        family,
        export.rows,
        lambda: records.rows(family),
        today=_now().date(),
        shown=shown,
        pauses=_pauses(patience_s),
    )


def name_operator() -> str:
    """ARN of the credentials that it is done with.

    Raises CommandError where STS does not tell. That is never for want of permission: no policy can forbid to ask
    (AWS STS API reference, GetCallerIdentity).
    """
    try:
        arn = who_am_i(hasty=False)
    except CommandError as error:
        raise CommandError(error.code, f"STS does not tell who you are, so nothing was done: {error}") from error
    if arn is None:
        raise CommandError(
            ExitCode.REFUSED, "no AWS credentials are set, so nobody knows who you are: nothing was done"
        )
    return arn


def sign(named: str | None, reason: str | None, ticket: str | None) -> Who:
    """In whose name something is done, and why. Raises CommandError where no reason is given, or STS does not tell.

    Args: named: whom the operator says that it is; stands beside the credentials' ARN, never in its place.
    """
    why = needed(reason, "moving authority")
    return Who(name_operator(), why, ticket, named or None)


def _pauses(patience_s: float) -> Iterator[Callable[[], None]]:
    left = patience_s
    for pause_s in PAUSES_S:
        if left <= 0:
            return
        yield partial(time.sleep, min(pause_s, left))
        left -= pause_s


def _connect() -> Outlet:
    """RabbitMQ, as AMQP_URL has it."""
    from bridge.amqp_connection import AmqpConnection  # noqa: PLC0415  # brings pika, which few wait for

    url = os.environ.get("AMQP_URL")
    if not url:
        raise CommandError(
            ExitCode.SETTINGS,
            "AMQP_URL is not set: the monolith catches up through RabbitMQ (amqp://user:password@host)",
        )
    try:
        return AmqpConnection(AmqpSettings((url,), name="strangler catch-up"))
    except SourceRefusedError as error:
        raise CommandError(ExitCode.REFUSED, str(error)) from error
    except SourceLostError as error:
        raise CommandError(ExitCode.UNREACHABLE, str(error)) from error


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def terminating() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: it says what it leaves behind."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
