from bridge.observation import EVERY_S, watch
from bridge.snapshot import Pane, Snapshot
from tests.fakes.clock import FakeClock


def test_a_snapshot_is_taken_once_a_second_however_often_the_loop_comes_by() -> None:
    clock, pane, taken = FakeClock(), Pane(), list[float]()

    def observe(now: float) -> Snapshot:
        taken.append(now)
        return Snapshot(now, connected=True)

    look = watch(pane, observe, wanted=True, monotonic=clock.monotonic)
    assert pane.latest is None
    for _ in range(8):
        look()
        clock.advance(EVERY_S / 4)
    assert taken == [0.0, 1.0]
    assert pane.latest == Snapshot(1.0, connected=True)


def test_no_snapshot_is_taken_where_nobody_is_to_look_at_it() -> None:
    pane = Pane()
    watch(pane, lambda now: Snapshot(now, connected=True), wanted=False)()
    assert pane.latest is None
