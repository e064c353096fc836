"""An operator's errand of moving authority: in whose name, how patiently, with what tools, and how it ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bridge.port import Clock
from contracts.authority import AuthorityRecord
from ops.audit_chain import Act
from ops.objection import Objection

Result = Literal["done", "nothing", "refused", "undone", "unfinished"]
"""`nothing`: it was so already. `refused`: nothing was begun. `undone`: begun, and taken back before the switch.
`unfinished`: authority is where it should be, and routers have not released what was held yet."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who moves it, and why."""

    operator: str
    """ARN of the credentials."""
    reason: str
    ticket: str | None = None
    named: str | None = None
    """Whom they say that they are."""

    def act(self, action: str, family: str, detail: Mapping[str, Any]) -> Act:
        """What they are about to do, for the audit chain."""
        return Act(action, self.operator, self.reason, family, self.ticket, detail, self.named)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each step may take, in seconds."""

    confirm_s: float = 30.0
    quiesce_s: float = 300.0
    """Also for judging, and for the monolith's catching up."""
    release_s: float = 300.0
    preflight_s: float = 30.0
    """How long what is under way between both sides may take to come to its end."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a move needs besides."""

    clock: Clock
    wait: Callable[[float], None]
    """Lets so many seconds pass."""
    tell: Callable[[str], None]
    """A line of progress."""
    run_id: Callable[[], str]
    """A new id for a move."""


class OvertakenError(Exception):
    """Somebody else has changed the record while we waited or worked."""

    def __init__(self, published: int = 0) -> None:
        """Args: published: messages that the monolith was given until then."""
        self.published = published
        super().__init__(f"{published} published")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    result: Result
    record: AuthorityRecord
    objections: tuple[Objection, ...] = ()
