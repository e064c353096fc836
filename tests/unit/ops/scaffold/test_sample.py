from collections.abc import Iterator

import orjson
import pytest

from ops.corpus import Recorded
from ops.scaffold import sample
from ops.scaffold.sample import take_sample
from tests.unit.ops.scaffold.conftest import recorded


def numbered(first: int, last: int, copies: int = 1) -> Iterator[Recorded]:
    for one in recorded((b"%d" % number for number in range(first, last)), "invoice.create"):
        line = orjson.loads(one.line) | {"id": f"i{first + one.position}"}
        for _ in range(copies):
            yield Recorded(one.position, orjson.dumps(line))


def test_all_are_counted_and_the_first_taken_as_they_came() -> None:
    others = recorded([b"x"] * 3, "payin.create", exchange="payins")
    taken = take_sample([*numbered(0, 500), *others], "invoice.create", first=10, spread=50)
    assert (taken.deliveries, taken.others) == (500, {"payin.create": 3})
    assert (taken.origins, taken.neighbours) == ({("billing", "invoice.create"): 500}, {"payins"})
    assert [one.body for one in taken.first] == [b"%d" % number for number in range(10)]
    assert 10 < len(taken.spread) <= 50


def test_of_a_message_behind_the_first_ones_all_deliveries_are_taken_or_none() -> None:
    taken = take_sample(numbered(0, 300, copies=2), "invoice.create", first=0, spread=100)
    bodies = [one.body for one in taken.all]
    assert 25 < len(bodies) <= 100
    assert all(bodies.count(body) == 2 for body in bodies)


def test_large_messages_are_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    records = list(numbered(0, 300))
    monkeypatch.setattr(sample, "_MOST_BYTES", 20 * len(records[0].line))
    taken = take_sample(records, "invoice.create", first=100, spread=100)
    assert len(taken.first) <= 21
    assert len(taken.spread) <= 20
    assert taken.deliveries == 300
