import pytest

from contracts.authority import AuthorityRecord, Stage
from contracts.envelope import Stamp
from contracts.staleness import Staleness, staleness


@pytest.mark.parametrize(
    ("stamp", "stage", "stamp_epoch", "expected"),
    [
        (Stamp("legacy", 0), "legacy", 0, None),
        (Stamp("legacy", 0), "shadow", 0, None),
        (Stamp("legacy", 4), "shadow", 4, None),
        (Stamp("new", 4), "live", 4, None),
        (Stamp("new", 4), "shadow", 8, "hold"),
        (Stamp("new", 4), "live", 12, "hold"),
        (Stamp("new", 4), "legacy", 4, "hold"),
        (Stamp("new", 12), "live", 4, "hold"),
        (Stamp("legacy", 0), "live", 4, "not comparable"),
        (Stamp("legacy", 4), "live", 4, "not comparable"),
        (Stamp("legacy", 0), "shadow", 8, "not comparable"),
    ],
)
def test_a_stamp_holds_unless_authority_has_moved_since(
    stamp: Stamp, stage: Stage, stamp_epoch: int, expected: Staleness | None
) -> None:
    assert staleness(stamp, AuthorityRecord("payin", stage, 20, stamp_epoch)) == expected


def test_a_fence_alone_makes_no_stamp_stale() -> None:
    fenced = AuthorityRecord("payin", "live", 9, 4, "fenced", "shadow", "r1")
    assert staleness(Stamp("new", 4), fenced) is None


def test_records_written_under_a_later_epoch_make_a_stamp_stale() -> None:
    record = AuthorityRecord("payin", "live", 4, 4)
    assert staleness(Stamp("new", 4), record, 4) is None
    assert staleness(Stamp("new", 4), record, 5) == "hold"
    assert staleness(Stamp("legacy", 0), AuthorityRecord("payin"), 1) == "not comparable"
