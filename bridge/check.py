"""What `--check` looks at: both ends of a process of the bridge, as far as that changes nothing.

Nothing is declared, bound, consumed, published, sent or written. So what only doing it would show is not seen here:
other arguments of a queue that is there, and rights that only a declaration, a publish or a send asks for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, Protocol

from bridge.port import SourceLostError, SourceRefusedError

Fault = Literal["settings", "absent", "unreachable", "refused"]
"""`settings`: ours are wrong. `absent`: what has to be there is not. `unreachable`: nobody answers, or somebody whom we
do not trust. `refused`: we are not let in."""
WORST_FIRST: Sequence[Fault] = ("refused", "settings", "absent", "unreachable")
"""What only a person mends comes before what may pass by itself."""


class ProbeError(Exception):
    """Something is not as it has to be. The text says what, and what to do."""

    def __init__(self, fault: Fault, text: str, *, general: bool = False) -> None:
        """Args: general: whether whatever else is asked of the same service would fail likewise."""
        super().__init__(text)
        self.fault = fault
        self.general = general


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has found."""

    subject: str
    text: str
    fault: Fault | None = None


class Broker(Protocol):
    """One connection to RabbitMQ. Every method raises SourceLostError, SourceRefusedError."""

    def has_exchange(self, name: str) -> bool:
        """Whether there is such an exchange."""

    def has_queue(self, name: str) -> bool:
        """Whether there is such a queue."""

    def close(self) -> None:
        """Let go. Never raises for a lost connection."""


class Cloud(Protocol):
    """AWS, as far as the process's role may see it. Every method blocks for a call; raises ProbeError."""

    def find_queue(self, name: str) -> str:
        """Look an SQS queue up; says where it was found."""

    def read_authority(self, family: str) -> str:
        """Read what is decided about a family; says what that is."""

    def read_ledger(self) -> str:
        """Read from the ledger."""


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the broker."""

    name: str
    """Without credentials."""
    connect: Callable[[], Broker]
    """Raises SourceLostError, SourceRefusedError."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a process needs on both ends."""

    hosts: Sequence[Host]
    cloud: Cloud
    user: str
    """Of the broker; empty where a certificate says it."""
    exchanges: Sequence[tuple[str, str]] = ()
    """The monolith's, each with whose messages come by it."""
    queues: Sequence[tuple[str, str]] = ()
    """The monolith's, each with the family."""
    own: Sequence[str] = ()
    """Queues of ours, declared where they are not there."""
    destinations: Sequence[str] = ()
    """SQS queues."""
    authority: Sequence[str] = ()
    """Families whose authority is read; the ledger is, too, where there are any."""
    journal: Callable[[], str] | None = None
    """Looks whether the journal can be worked with; says what is there. Raises ProbeError."""


def check(plan: Plan) -> Iterator[Finding]:
    """Try everything, one after the other; a finding each. Blocks for seconds where nobody answers."""
    if plan.journal is not None:
        yield _probe("journal", plan.journal)
    yield from _check_broker(plan)
    yield from _check_cloud(plan)


def worst(findings: Sequence[Finding]) -> Fault | None:
    """The fault that has to be mended first; None where all is well."""
    faults = {finding.fault for finding in findings}
    return next((fault for fault in WORST_FIRST if fault in faults), None)


def _check_broker(plan: Plan) -> Iterator[Finding]:
    looked = False
    for host in plan.hosts:
        subject = f"RabbitMQ {host.name}"
        try:
            broker = host.connect()
        except (SourceLostError, SourceRefusedError) as error:
            yield _failed(host, error)
            continue
        try:
            yield Finding(subject, f"takes us as {plan.user or 'our certificate says'}")
            if not looked:  # the hosts are of one broker: what one has, all have
                yield from _look(plan, broker)
            looked = True
        except (SourceLostError, SourceRefusedError) as error:
            yield _failed(host, error)
        finally:
            broker.close()


def _look(plan: Plan, broker: Broker) -> Iterator[Finding]:
    for name, whose in plan.exchanges:
        yield _needed(f"exchange {name}", whose, there=broker.has_exchange(name))
    for name, whose in plan.queues:
        yield _needed(f"queue {name}", whose, there=broker.has_queue(name))
    for name in plan.own:
        yield Finding(f"queue {name}", "is there" if broker.has_queue(name) else "not there yet: will be declared")


def _needed(subject: str, whose: str, *, there: bool) -> Finding:
    if there:
        return Finding(subject, f"is there, for {whose}")
    return Finding(
        subject,
        f"not there, and {whose} needs it: the monolith declares it; or another virtual host is meant (AMQP_URL)",
        "absent",
    )


def _check_cloud(plan: Plan) -> Iterator[Finding]:
    cloud = plan.cloud
    yield from _until_general([(f"SQS queue {name}", partial(cloud.find_queue, name)) for name in plan.destinations])
    if plan.authority:
        reads = [(f"authority over {family}", partial(cloud.read_authority, family)) for family in plan.authority]
        yield from _until_general([*reads, ("ledger", cloud.read_ledger)])


def _until_general(probes: Sequence[tuple[str, Callable[[], str]]]) -> Iterator[Finding]:
    """One line says that nobody answers, not one for each question that is left."""
    for number, (subject, ask) in enumerate(probes):
        try:
            yield Finding(subject, ask())
        except ProbeError as error:
            left = len(probes) - number - 1
            rest = f"; {left} more not looked at" if error.general and left else ""
            yield Finding(subject, f"{error}{rest}", error.fault)
            if error.general:
                return


def _probe(subject: str, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, ask())
    except ProbeError as error:
        return Finding(subject, str(error), error.fault)


def _failed(host: Host, error: SourceLostError | SourceRefusedError) -> Finding:
    text = str(error).removeprefix(f"RabbitMQ at {host.name}").lstrip(": ")
    fault: Fault = "refused" if isinstance(error, SourceRefusedError) else "unreachable"
    return Finding(f"RabbitMQ {host.name}", text, fault)
