"""What one run of the bridge under fire has shown, and whether that is good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.reconciliation import Reconciliation
from tests.chaos.allowance import Allowance
from tests.chaos.trouble import Trouble
from tests.rig.history import Finding


@dataclass(frozen=True, slots=True)
class Result:
    """What one run has shown."""

    trouble: Trouble
    finding: Finding
    account: Reconciliation
    allowance: Allowance
    """Duplicates that are allowed for what has happened, and messages that came more often."""
    hits: Mapping[str, int]
    settled: bool
    seconds: float
    hung: Sequence[str] = ()
    """Processes that were told to stop and had to be killed."""
    misfits: Sequence[str] = ()
    """What arrived elsewhere than it belongs, or other than it was published."""
    unexpected: Sequence[str] = ()
    """Anything else that must not be."""

    @property
    def good(self) -> bool:
        """Nothing lost, nothing out of order, nothing altered, no duplicate without a reason, journals that add up."""
        return not self.wrong

    @property
    def wrong(self) -> Sequence[str]:
        """What must not be, by name: the finding's faults,
        and `unsettled`, `beyond budget`, `missing`, `hung`, `misfit`, `other`."""
        others = {
            "unsettled": not self.settled,
            "beyond budget": bool(self.allowance.beyond) or self.finding.duplicates > self.allowance.budget,
            "missing": bool(self.account.missing),
            "hung": bool(self.hung),
            "misfit": bool(self.misfits),
            "other": bool(self.unexpected),
        }
        return (*self.finding.faults, *(name for name, there in others.items() if there))

    def as_text(self) -> str:
        """One line, with what it takes to repeat it."""
        word = "good" if self.good else "BAD"
        parts = [f"{self.finding.as_text()}, budget {self.allowance.budget}"]
        parts += [] if self.settled else ["NOT SETTLED"]
        parts += [f"{len(self.allowance.beyond)} CAME TOO OFTEN"] if self.allowance.beyond else []
        parts += [f"{len(self.account.missing)} MISSING IN JOURNALS"] if self.account.missing else []
        parts += [f"{name} DID NOT STOP" for name in self.hung]
        parts += [*self.misfits, *self.unexpected]
        return (
            f"seed {self.trouble.seed}: {word} in {self.seconds:.1f} s: {', '.join(parts)} [{self.trouble.as_text()}]"
        )
