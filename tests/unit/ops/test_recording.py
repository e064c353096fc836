"""A recording acknowledges only what is on the disk, and ends when it is to end."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.port import Delivery, SourceLostError
from contracts import point
from ops.corpus import CorpusReader
from ops.corpus_format import CorpusError
from ops.corpus_key import CorpusKey, file_key, make_key_file
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode
from ops.notification import Line, write_notification
from ops.recording import SEAL_AFTER_S, Bounds, Course, Recording
from tests.fakes.clock import FakeClock
from tests.fakes.feed import MemoryQueue

ENDLESS, A_WHILE = Bounds(), Bounds(for_s=30.0)


class Site:
    """A queue, a corpus, and a recording between."""

    def __init__(self, folder: Path) -> None:
        make_key_file(folder / "key")
        self.key: CorpusKey = file_key(folder / "key")
        self.path = folder / "corpus"
        self.clock = FakeClock()
        self.queue = MemoryQueue(self.clock)
        self.writer = CorpusWriter.create(self.path, self.key, now=datetime.now(UTC), types=None)

    def recording(self, bounds: Bounds = ENDLESS) -> Recording:
        return Recording(self.queue.connect, self.writer, _line, self.clock, self.clock.advance, bounds)

    def run(self, bounds: Bounds = A_WHILE, draw: Callable[[Course], None] = lambda _: None) -> Course:
        recording = self.recording(bounds)
        recording.run(lambda: False, draw)
        return recording.course

    def bodies(self) -> list[bytes]:
        with CorpusReader(self.path, self.key, unfinished=True) as reader:
            return [base64.b64decode(json.loads(one.line)["body_base64"]) for one in reader.records()]


def _line(delivery: Delivery, at: float) -> Line:
    return write_notification(delivery, "payin.create", datetime.fromtimestamp(at, UTC), None)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.writer.close()


def bodies(count: int) -> list[bytes]:
    return [b'{"n":%d}' % number for number in range(count)]


def test_so_many_are_recorded_and_the_rest_stays_where_it_is(site: Site) -> None:
    site.queue.publish(*bodies(5))
    recording = site.recording(Bounds(messages=3))
    recording.run(lambda: False, lambda _: None)
    assert site.bodies() == site.queue.acknowledged == bodies(3)
    assert recording.leave(delete=True)
    assert site.queue.deleted
    assert [body for body, _ in site.queue.waiting] == bodies(5)[3:]


def test_so_long_is_recorded(site: Site) -> None:
    site.queue.publish(*bodies(2))
    course = site.run(Bounds(for_s=3.0))
    assert 3.0 <= site.clock.seconds < 3.5
    assert (course.sealed, site.bodies()) == (2, bodies(2))


def test_whoever_stops_it_gets_everything_that_was_taken(site: Site) -> None:
    site.queue.publish(*bodies(2))
    recording = site.recording()
    recording.run(lambda: recording.course.taken == 2, lambda _: None)
    assert site.bodies() == site.queue.acknowledged == bodies(2)


def test_nothing_is_acknowledged_before_it_is_on_the_disk(site: Site) -> None:
    site.queue.publish(*bodies(3))
    seen: list[tuple[str, int, int]] = []
    point.hook(lambda name: seen.append((name, len(site.bodies()), len(site.queue.acknowledged))))
    try:
        site.run(Bounds(messages=3))
    finally:
        point.hook(None)
    assert seen == [("record.taken", 0, 0), ("record.sealed", 3, 0)]


def test_a_few_wait_only_so_long(site: Site) -> None:
    site.queue.publish(*bodies(2))
    sealed_at: list[float] = []

    def draw(course: Course) -> None:
        if course.sealed and not sealed_at:
            sealed_at.append(site.clock.seconds)

    site.run(draw=draw)
    assert SEAL_AFTER_S <= sealed_at[0] < SEAL_AFTER_S + 0.5


def test_a_broker_that_hands_out_no_more_gets_its_answer_at_once(site: Site) -> None:
    site.queue.prefetch = 64
    site.queue.publish(*bodies(640))
    site.run(Bounds(messages=640))
    assert site.clock.seconds < SEAL_AFTER_S
    assert site.bodies() == bodies(640)


def test_segments_are_closed_as_they_fill(site: Site) -> None:
    site.queue.publish(*bodies(2500))
    site.run(Bounds(messages=2500))
    assert (site.writer.segments, site.bodies()) == (3, bodies(2500))


def test_a_lost_connection_loses_nothing_and_doubles_nothing_that_was_not_sealed(site: Site) -> None:
    site.queue.publish(*bodies(3))

    def draw(course: Course) -> None:
        if course.taken == 3 and not course.reconnected and not course.lost:
            site.queue.lose_before = "poll"

    course = site.run(draw=draw)
    assert (course.reconnected, course.lost, course.redelivered) == (1, None, 3)
    assert site.bodies() == bodies(3)


def test_what_was_sealed_and_could_not_be_acknowledged_stands_twice_and_is_told(site: Site) -> None:
    site.queue.publish(*bodies(2))
    site.queue.lose_before = "acknowledge"
    course = site.run()
    assert site.bodies() == bodies(2) * 2
    assert (course.redelivered, site.queue.acknowledged) == (2, bodies(2))


def test_a_broker_that_stays_away_is_asked_again_with_pauses(site: Site) -> None:
    site.queue.lose_before = "poll"

    def draw(course: Course) -> None:
        if course.lost and not site.queue.unreachable and site.queue.connections == 1:
            site.queue.unreachable = 3 if not seen else 0
            seen.append(course.lost)

    seen: list[str] = []
    course = site.run(Bounds(for_s=60.0), draw)
    assert course.reconnected == 1
    assert site.clock.seconds >= 60


def test_a_broker_that_is_not_there_at_first_is_told(site: Site) -> None:
    site.queue.unreachable = 1
    with pytest.raises(SourceLostError):
        site.run()


def test_one_that_goes_at_the_end_leaves_the_queue(site: Site) -> None:
    recording = site.recording(Bounds(for_s=1.0))
    recording.run(lambda: False, lambda _: None)
    site.queue.lose_before = "leave"
    assert not recording.leave(delete=True)
    assert not site.queue.deleted


def test_a_full_disk_acknowledges_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.queue.publish(*bodies(2))

    def refuse(_: CorpusWriter) -> None:
        raise CorpusError(ExitCode.CANNOT_WRITE, "no space")

    monkeypatch.setattr(CorpusWriter, "flush", refuse)
    with pytest.raises(CorpusError):
        site.run()
    assert site.queue.acknowledged == []


def test_what_the_queue_drops_is_counted(site: Site) -> None:
    site.queue.dropped = 7
    assert site.run(Bounds(for_s=1.0)).dropped == 7


def test_a_queue_that_is_gone_where_it_should_be_filling_is_told(site: Site) -> None:
    assert site.run(Bounds(for_s=1.0)).gaps == 0, "the first one has none yet"
    again = Recording(
        site.queue.connect, site.writer, _line, site.clock, site.clock.advance, Bounds(for_s=1.0), goes_on=True
    )
    again.run(lambda: False, lambda _: None)
    assert again.leave(delete=True)
    assert again.course.gaps == 0
    gone = Recording(
        site.queue.connect, site.writer, _line, site.clock, site.clock.advance, Bounds(for_s=1.0), goes_on=True
    )
    gone.run(lambda: False, lambda _: None)
    assert gone.course.gaps == 1
