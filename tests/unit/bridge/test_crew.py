import threading

import pytest

from bridge.crew import Crew


def test_a_call_is_made_on_another_thread_and_its_result_is_handed_over() -> None:
    here = threading.get_ident()
    assert Crew(1).submit(threading.get_ident).result(10) != here


def test_what_a_call_raises_is_handed_over() -> None:
    def fail() -> None:
        raise ValueError("no")

    crew = Crew(1)
    with pytest.raises(ValueError, match="no"):
        crew.submit(fail).result(10)
    assert crew.submit(lambda: 1).result(10) == 1, "the thread goes on"


def test_a_call_that_hangs_keeps_no_other_waiting() -> None:
    crew, release = Crew(2), threading.Event()
    hanging = crew.submit(lambda: release.wait(10))
    assert crew.submit(lambda: 1).result(10) == 1
    assert not hanging.done()
    release.set()
    assert hanging.result(10)


def test_a_call_that_was_cancelled_before_it_began_is_not_made() -> None:
    crew, release, made = Crew(1), threading.Event(), list[int]()
    hanging = crew.submit(lambda: release.wait(10))
    waiting = crew.submit(lambda: made.append(1))
    assert waiting.cancel()
    release.set()
    assert hanging.result(10)
    assert crew.submit(lambda: 1).result(10) == 1
    assert made == []


def test_its_threads_keep_no_process_from_ending() -> None:
    before = set(threading.enumerate())
    Crew(2)
    assert all(one.daemon for one in set(threading.enumerate()) - before)
