"""What the ledger knows of a message, and what follows from it for a router. Pure."""

from dataclasses import dataclass

from contracts.authority import Authority, AuthorityRecord
from contracts.routing import Decision, Route, direct


@dataclass(frozen=True, slots=True)
class Finality:
    """How far a message has got. One that the ledger does not know is nowhere final: the default."""

    control_final: bool = False
    """The monolith will not try it again."""
    candidate: Authority | None = None
    """The new side has ended with it, under this authority; None where it has not."""
    rejected: bool = False
    """The new side has ended with it without processing it: whoever gets it next may still do so."""
    stale: bool = False
    """A copy that the new side has set aside, because authority had moved since."""


UNKNOWN = Finality()


def is_settled(route: Route, known: Finality) -> bool:
    """Whether a message is final wherever it was sent."""
    if route == "hold":
        return True
    if route == "legacy":
        return known.control_final
    if route == "shadow":
        return known.control_final and (known.candidate is not None or known.stale)
    # One that the new side handed back was stamped anew; where it then went to the monolith, that has ended it.
    return known.candidate is not None or known.control_final


def resolve(known: Finality, record: AuthorityRecord) -> Decision:
    """Where a message goes that may have been routed before, by what the ledger says after the last move.

    Whoever has it goes on having it. Where nobody has, it was not routed before the last move, for a move ends only
    when everything that was stamped before is final; and whatever was routed since was routed as `direct` says.
    """
    # First: of what new has done the monolith's outcome may be there, too, by a catch-up. The worker knows the message
    # before it looks at its stamp, so that it ends there whatever is decided.
    if known.candidate == "new" and not known.rejected:
        return Decision("new", record.stamp_epoch)
    if known.control_final or known.candidate == "legacy":
        return Decision("legacy", record.stamp_epoch)
    return direct(record)
