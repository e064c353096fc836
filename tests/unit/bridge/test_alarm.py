import threading
from collections.abc import Iterator
from select import select

import pytest

from bridge.alarm import Alarm

WITHIN_S = 10.0


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    one = Alarm()
    yield one
    one.close()


def is_ringing(alarm: Alarm) -> bool:
    return bool(select([alarm], [], [], 0)[0])


def test_it_rings_until_it_is_quieted(alarm: Alarm) -> None:
    assert not is_ringing(alarm)
    alarm.ring()
    assert is_ringing(alarm)
    assert is_ringing(alarm)
    alarm.quiet()
    assert not is_ringing(alarm)


def test_it_can_be_rung_again(alarm: Alarm) -> None:
    for _ in range(3):
        alarm.ring()
        alarm.quiet()
        assert not is_ringing(alarm)
    alarm.ring()
    assert is_ringing(alarm)


def test_to_quiet_one_that_does_not_ring_changes_nothing(alarm: Alarm) -> None:
    alarm.quiet()
    alarm.ring()
    assert is_ringing(alarm)


def test_however_often_it_was_rung_it_never_blocks_and_is_quieted_once(alarm: Alarm) -> None:
    for _ in range(10_000):  # more than there is room for
        alarm.ring()
    assert is_ringing(alarm)
    alarm.quiet()
    assert not is_ringing(alarm)


@pytest.mark.parametrize("octets", [4_095, 4_096, 4_097, 8_192])
def test_it_is_quieted_however_much_there_is_to_read(alarm: Alarm, octets: int) -> None:
    alarm._rung.sendall(bytes(octets))
    alarm.quiet()
    assert not is_ringing(alarm)


def test_another_thread_wakes_whoever_waits(alarm: Alarm) -> None:
    woken = threading.Thread(target=alarm.ring)
    woken.start()
    assert select([alarm], [], [], WITHIN_S)[0]
    woken.join()


def test_one_that_is_closed_may_be_rung_and_closed_again() -> None:
    alarm = Alarm()
    alarm.ring()
    alarm.close()
    alarm.ring()
    alarm.close()
    assert alarm.fileno() == -1
