"""The bridge's metrics, made of its last snapshot when somebody asks. Labels are names of ours, never of a message."""

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from bridge.snapshot import FamilyView, LaneView, Pane, Snapshot

_PREFIX = "strangler_bridge_"
COUNTERS: Mapping[str, str] = {
    "shipped": "Messages that SQS has accepted",
    "diverted": "Messages that went to the Invalid Message Channel",
    "put_aside": "Messages too large for the index of dead letters",
    "resent": "Entries that were sent again",
    "dropped": "Messages that full tap queues have dropped, as far as is known",
    "reconnected": "Connections to the broker after the first",
    "released": "Messages that were held and have gone on",
    "paused": "Pauses of a family, begun or gone on with",
    "returned": "Messages published for the new side",
    "refused": "Messages of the new side that no queue took, or that cannot be read",
}
"""Counts of the loops that are metrics of their own, each with what it counts."""
ROUTES = ("legacy", "shadow", "new", "hold", "unread")
_RENAMED = {"paused": "pauses"}
"""`paused` is the gauge."""


def metrics(pane: Pane, monotonic: Callable[[], float] = time.monotonic) -> Callable[[], bytes]:
    """Writes what is known, in Prometheus' text format; any thread may call it."""
    registry = CollectorRegistry()
    registry.register(_PaneCollector(pane, monotonic))
    return lambda: generate_latest(registry)


class _PaneCollector(Collector):
    def __init__(self, pane: Pane, monotonic: Callable[[], float]) -> None:
        self._pane = pane
        self._monotonic = monotonic

    def collect(self) -> Iterator[Metric]:
        yield _gauge("broker_blocked", "Whether the broker takes no publishes", self._pane.blocked)
        snapshot = self._pane.latest
        if snapshot is None:
            return
        yield _gauge("connected", "Whether there is a connection to the broker", snapshot.connected)
        yield _gauge("loop_age_seconds", "Since the loop last came by", self._monotonic() - snapshot.at)
        yield from _counters(snapshot)
        if snapshot.lanes:
            yield from _lanes(snapshot.lanes)
        if snapshot.families:
            yield from _families(snapshot.families)


def _counters(snapshot: Snapshot) -> Iterator[Metric]:
    for name, text in COUNTERS.items():
        if name in snapshot.counts:
            yield CounterMetricFamily(_PREFIX + _RENAMED.get(name, name), text, value=snapshot.counts[name])
    if snapshot.families:
        routed = CounterMetricFamily(f"{_PREFIX}routed", "Messages that have found their next queue", labels=["route"])
        for route in ROUTES:
            routed.add_metric([route], snapshot.counts.get(route, 0))
        yield routed


def _lanes(lanes: tuple[LaneView, ...]) -> Iterator[Metric]:
    in_hand = _by("in_hand", "Messages taken and not settled", "queue")
    oldest = _by("oldest_in_hand_seconds", "How long the oldest of them has been in hand", "queue")
    accepted = _by("last_acceptance_age_seconds", "Since SQS last accepted something, where it has", "queue")
    paused = _by("paused", "1 where sending pauses, by why", "queue", "reason")
    for lane in lanes:
        in_hand.add_metric([lane.queue], lane.in_hand)
        oldest.add_metric([lane.queue], lane.oldest_s)
        if lane.accepted_ago_s is not None:
            accepted.add_metric([lane.queue], lane.accepted_ago_s)
        if lane.paused is not None:
            paused.add_metric([lane.queue, lane.paused], 1)
    yield from (in_hand, oldest, accepted, paused)


def _families(families: tuple[FamilyView, ...]) -> Iterator[Metric]:
    active = _by("active", "Whether this router is the one of the family", "family")
    holding = _by("holding", "Whether it holds what arrives", "family")
    held = _by("held", "Messages ready in the hold queue", "family")
    epoch = _by("epoch", "Epoch of what is decided, where that is known", "family")
    in_hand = _by("family_in_hand", "Messages decided and not settled", "family")
    unsettled = _by("journal_unsettled", "Messages that the journal does not know to be final", "family")
    paused = _by("family_paused", "1 where routing pauses, by why", "family", "reason")
    for one in families:
        active.add_metric([one.family], one.active)
        holding.add_metric([one.family], one.holding)
        held.add_metric([one.family], one.held)
        in_hand.add_metric([one.family], one.in_hand)
        unsettled.add_metric([one.family], one.unsettled)
        if one.epoch is not None:
            epoch.add_metric([one.family], one.epoch)
        if one.paused is not None:
            paused.add_metric([one.family, one.paused], 1)
    yield from (active, holding, held, epoch, in_hand, unsettled, paused)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, text, value=value)


def _by(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, text, labels=labels)
