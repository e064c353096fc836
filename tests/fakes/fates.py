"""Counts of mutants in memory: the port's promises without DynamoDB. Held to the real ones by tests/conformance."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from contracts.judge_fingerprint import judge_fingerprint
from contracts.liveness import Liveness
from contracts.message_type import MessageType
from workers.fate import UnavailableError


@dataclass
class MemoryFates:
    """`Fates`, and what was counted. `refuse` makes so many of the next calls fail as an outage does."""

    refuse: int = 0
    writes: int = 0
    _counted: list[tuple[datetime, str, str, Liveness]] = field(default_factory=list)

    def add(self, message_type: MessageType, liveness: Liveness, now: datetime) -> None:
        if self.refuse:
            self.refuse -= 1
            raise UnavailableError("refused by the test")
        of_type = {known: count for known, count in liveness.fates.items() if known[0] == message_type.name}
        if of_type:
            self.writes += 1
            fingerprint = judge_fingerprint(message_type, now.date())
            self._counted.append((now, message_type.name, fingerprint, Liveness(Counter(of_type))))

    def read(self, type_name: str) -> Liveness:
        """What would be shown."""
        found = [one for one in self._counted if one[1] == type_name]
        shown = Liveness()
        if found:
            current = max(found, key=lambda one: one[0])[2]
            for _, _, fingerprint, liveness in found:
                if fingerprint == current:
                    shown.add(liveness)
        return shown
