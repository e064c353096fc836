"""Its sockets are of 127.0.0.1, its clock is the test's."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge.listener import ListenError, listening
from bridge.metric import COUNTERS, ROUTES
from bridge.pause import Pause
from bridge.snapshot import FamilyView, LaneView, Pane, RoutePause, Snapshot

LANE = LaneView("strangler.tap.payin", 3, 5.0, 1.5, "throttled")
FAMILY = FamilyView("payin", active=True, holding=True, held=7, epoch=4, in_hand=1, unsettled=2, paused="journal")
SHIPPER = Snapshot(100.0, connected=True, counts={"shipped": 12, "dropped": 1}, lanes=(LANE,))
ROUTER = Snapshot(100.0, connected=True, counts={"legacy": 3, "paused": 2}, families=(FAMILY,))


@dataclass
class Site:
    """A listener on a free port, and a clock."""

    pane: Pane = field(default_factory=Pane)
    now: float = 101.0
    port: int = 0

    def get(self, path: str, method: str = "GET") -> tuple[int, str, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
        finally:
            connection.close()

    def samples(self) -> dict[tuple[str, ...], float]:
        """Value of each sample, by name and labels."""
        text = self.get("/metrics")[2].decode()
        return {
            (one.name.removeprefix("strangler_bridge_"), *one.labels.values()): one.value
            for family in text_string_to_metric_families(text)
            for one in family.samples
        }


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    with listening(("127.0.0.1", 0), site.pane, lambda: site.now) as port:
        assert port is not None
        site.port = port
        yield site


def test_it_lives_whatever_the_loop_does(site: Site) -> None:
    assert site.get("/live") == (200, "application/json", b'{"live": true}\n')
    site.pane.latest = replace(SHIPPER, at=-1e9, connected=False)
    assert site.get("/live")[0] == 200


def test_it_is_ready_only_while_the_loop_gets_on_and_says_why_not(site: Site) -> None:
    status, kind, body = site.get("/ready")
    assert (status, kind) == (503, "application/json")
    assert json.loads(body) == {"ready": False, "blocked": False, "reasons": [{"reason": "not-started"}]}
    site.pane.latest = SHIPPER
    assert (site.get("/ready")[0], json.loads(site.get("/ready")[2])["ready"]) == (200, True)
    site.pane.block(blocked=True)
    site.pane.latest = replace(SHIPPER, lanes=(replace(LANE, oldest_s=99.04, accepted_ago_s=80.0),))
    status, _, body = site.get("/ready")
    assert status == 503
    assert json.loads(body) == {
        "ready": False,
        "blocked": True,
        "reasons": [{"reason": "lane-stuck", "where": LANE.queue, "seconds": 80.0, "paused": "throttled"}],
    }


def test_a_shippers_metrics_are_its_last_snapshot(site: Site) -> None:
    site.pane.latest = SHIPPER
    samples = site.samples()
    assert samples["shipped_total",] == 12
    assert samples["connected",] == 1
    assert samples["broker_blocked",] == 0
    assert samples["loop_age_seconds",] == 1
    assert samples["in_hand", LANE.queue] == 3
    assert samples["oldest_in_hand_seconds", LANE.queue] == 5
    assert samples["last_acceptance_age_seconds", LANE.queue] == 1.5
    assert samples["paused", LANE.queue, "throttled"] == 1
    assert not [name for name in samples if "famil" in name[0] or name[0] == "routed_total"]


def test_a_routers_metrics_are_its_last_snapshot(site: Site) -> None:
    site.pane.latest = ROUTER
    site.pane.block(blocked=True)
    samples = site.samples()
    assert samples["routed_total", "legacy"] == 3
    assert {name[1] for name in samples if name[0] == "routed_total"} == set(ROUTES)
    assert samples["pauses_total",] == 2
    assert samples["broker_blocked",] == 1
    for name, value in (("active", 1), ("holding", 1), ("held", 7), ("epoch", 4), ("journal_unsettled", 2)):
        assert samples[name, "payin"] == value
    assert samples["family_paused", "payin", "journal"] == 1


def test_what_is_not_known_has_no_sample(site: Site) -> None:
    assert list(site.samples()) == [("broker_blocked",)]
    site.pane.latest = replace(SHIPPER, lanes=(replace(LANE, accepted_ago_s=None, paused=None),))
    assert not [name for name in site.samples() if name[0] in ("paused", "last_acceptance_age_seconds")]


def test_labels_are_names_of_ours_alone(site: Site) -> None:
    site.pane.latest = replace(SHIPPER, families=(FAMILY,))
    words = {label for name in site.samples() for label in name[1:]}
    assert words <= {LANE.queue, "payin", *ROUTES, *get_args(Pause), *get_args(RoutePause)}
    assert COUNTERS.keys() >= SHIPPER.counts.keys()


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("HEAD", "/live", 200), ("POST", "/live", 501)]
)
def test_there_is_nothing_else(method: str, path: str, status: int, site: Site) -> None:
    assert site.get(path, method)[0] == status


def test_a_caller_that_says_nothing_keeps_nobody_waiting(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port)):
        assert site.get("/live")[0] == 200


def test_a_port_that_is_taken_is_named_and_no_thread_stays(site: Site) -> None:
    before = threading.active_count()
    with (
        pytest.raises(ListenError, match=rf"127.0.0.1:{site.port} cannot be listened on"),
        listening(("127.0.0.1", site.port), Pane()),
    ):
        pass
    assert threading.active_count() == before


def test_nothing_listens_where_there_is_no_address() -> None:
    before = threading.active_count()
    with listening(None, Pane()) as port:
        assert port is None
        assert threading.active_count() == before
