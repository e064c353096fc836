"""What comes out of rounds, what has to be reached, and whether it is. Pure."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

OURS, MQ_BRIDGE, NOOP = "ours", "mq-bridge", "no-op"
AT_LEAST = {"vs_mq_bridge_cpu": 1.1, "vs_mq_bridge_wall": 1.15, "vs_noop_wall": 0.6, "latency_15ms_ratio": 0.85}
AT_MOST = {"p99_ms_at_1000": 10.0}


@dataclass(frozen=True, slots=True)
class Round:
    """One contender, once."""

    contender: str
    messages: int
    wall_s: float
    """From the first message that arrives to the last."""
    cpu_s: float
    """Of the whole process, its start included."""
    lost: int
    """Too few, or too many; -1 where as many arrived and not the same."""

    @property
    def per_s(self) -> float:
        """Messages a second."""
        return self.messages / self.wall_s

    @property
    def per_cpu_s(self) -> float:
        """Messages a CPU second."""
        return self.messages / self.cpu_s


def figures(rounds: Sequence[Round], slow: Sequence[Round], p99_ms: Mapping[str, float]) -> dict[str, float]:
    """Ratios of medians, as far as their contenders ran.

    Args:
        rounds: of all contenders.
        slow: of ours, with a delay added to every answer of the sink.
        p99_ms: how long messages took that came at an even pace, by contender.
    """
    names = {one.contender for one in rounds}
    wall = {name: statistics.median(one.per_s for one in rounds if one.contender == name) for name in names}
    cpu = {name: statistics.median(one.per_cpu_s for one in rounds if one.contender == name) for name in names}
    found: dict[str, float] = {}
    if {OURS, MQ_BRIDGE} <= names:
        found["vs_mq_bridge_cpu"] = cpu[OURS] / cpu[MQ_BRIDGE]
        found["vs_mq_bridge_wall"] = wall[OURS] / wall[MQ_BRIDGE]
    if {OURS, NOOP} <= names:
        found["vs_noop_wall"] = wall[OURS] / wall[NOOP]
    if slow and OURS in names:
        found["latency_15ms_ratio"] = statistics.median(one.per_s for one in slow) / wall[OURS]
    if {OURS, NOOP} <= p99_ms.keys():
        found["p99_ms_at_1000"] = p99_ms[OURS] - p99_ms[NOOP]
    return found


def verdict(name: str, figure: float) -> str:
    """Whether a figure reaches its bar, in words; empty where it has none."""
    if name in AT_LEAST:
        return f"at least {AT_LEAST[name]:g}: {'holds' if figure >= AT_LEAST[name] else 'MISSED'}"
    if name in AT_MOST:
        return f"at most {AT_MOST[name]:g}: {'holds' if figure <= AT_MOST[name] else 'MISSED'}"
    return ""


def all_hold(found: Mapping[str, float], lost: Iterable[int]) -> bool:
    """Whether every bar is reached and nothing was lost."""
    return not any(lost) and not any(verdict(name, figure).endswith("MISSED") for name, figure in found.items())
