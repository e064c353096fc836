from dataclasses import replace

import pytest

from bridge.snapshot import FamilyView, LaneView, Shortcoming, Snapshot, shortcomings

LANE = LaneView("strangler.tap.payin", 3, 5.0, 1.0, None)
FAMILY = FamilyView(
    "payin", active=True, holding=False, held=0, epoch=4, in_hand=1, unsettled=2, paused=None, paused_s=0.0
)
WELL = Snapshot(100.0, connected=True, lanes=(LANE,), families=(FAMILY,))


def test_a_process_that_has_not_begun_is_not_ready() -> None:
    assert list(shortcomings(None, 5.0)) == [Shortcoming("not-started")]


@pytest.mark.parametrize(
    "snapshot",
    [
        WELL,
        replace(WELL, lanes=(replace(LANE, oldest_s=500.0),)),  # one message fails, others are accepted
        replace(WELL, lanes=(replace(LANE, in_hand=0, oldest_s=0.0, accepted_ago_s=None),)),
        replace(WELL, lanes=(replace(LANE, oldest_s=59.0, accepted_ago_s=3_000.0),)),  # nothing came for long
        replace(WELL, families=(replace(FAMILY, active=False),)),  # stands by
        replace(WELL, families=(replace(FAMILY, paused="journal", paused_s=59.0),)),
    ],
)
def test_a_process_that_gets_on_is_ready(snapshot: Snapshot) -> None:
    assert list(shortcomings(snapshot, 109.9)) == []


@pytest.mark.parametrize(
    ("snapshot", "shortcoming"),
    [
        (replace(WELL, at=95.0), Shortcoming("loop-silent", seconds=15.0)),
        (replace(WELL, connected=False), Shortcoming("not-connected")),
        (
            replace(WELL, lanes=(replace(LANE, oldest_s=90.0, accepted_ago_s=None, paused="throttled"),)),
            Shortcoming("lane-stuck", LANE.queue, 90.0, "throttled"),
        ),
        (
            replace(WELL, lanes=(LANE, replace(LANE, queue="other", oldest_s=90.0, accepted_ago_s=70.0))),
            Shortcoming("lane-stuck", "other", 70.0),
        ),
        (replace(WELL, families=(replace(FAMILY, epoch=None),)), Shortcoming("no-decision", "payin")),
        (
            replace(WELL, families=(replace(FAMILY, paused="not-routed", paused_s=61.0),)),
            Shortcoming("family-paused", "payin", 61.0, "not-routed"),
        ),
    ],
)
def test_a_process_that_does_not_is_not_and_says_why(snapshot: Snapshot, shortcoming: Shortcoming) -> None:
    assert list(shortcomings(snapshot, 110.0)) == [shortcoming]
