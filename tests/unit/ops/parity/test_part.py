"""A part of a corpus, through both sides and through its file."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from contracts.coverage import Coverage
from contracts.difference import Difference
from contracts.effect import parse_json
from contracts.judge import Judgement
from contracts.registry import type_named
from contracts.shape import ABSENT, shape
from contracts.tally import Sighting
from contracts.verdict import Verdict
from ops.corpus import CorpusReader
from ops.corpus_format import CorpusError
from ops.corpus_key import CorpusKey, WrongKeyError, file_key, make_key_file
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.parity.candidate import Candidate
from ops.parity.oracle import OracleError
from ops.parity.part import Part, Sides, compare_part
from ops.parity.part_file import read_part, write_part
from ops.parity.plan import plan
from tests.fakes.message import IBAN, NAME, balance, payin
from tests.fakes.notification import notification, write_corpus
from tests.fakes.program import NOW, SECRET, answering, outcomes, program

TODAY = date(2026, 11, 21)
Compare = Callable[..., Part]


def created(webhook: str, key: str, **fields: Any) -> dict[str, Any]:
    return notification("payin.create", payin(webhook, key, **fields), at="2026-11-21T10:00:00Z")


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Compares these messages with what an oracle answers, in so many parts; all parts' findings."""
    monkeypatch.setattr("ops.parity.candidate.Candidate", partial(Candidate, clock=lambda: NOW))

    def of(notifications: Sequence[dict[str, Any]], oracle: Sequence[str], parts: int = 1) -> Part:
        if not (tmp_path / "corpus").exists():
            write_corpus(tmp_path, notifications)
        sides = Sides(tmp_path / "corpus", str(tmp_path / "key"), False, oracle, SECRET, TODAY)  # noqa: FBT003
        with CorpusReader(sides.corpus, file_key(tmp_path / "key")) as reader:
            divided = plan(reader.records(), None, parts)
        whole, ticked = Part(), 0

        def tick(count: int) -> None:
            nonlocal ticked
            ticked += count

        for number in sorted(set(divided.parts)):
            whole.merge(compare_part(sides, divided, number, tick))
        assert ticked == divided.messages
        return whole

    return of


def counts(part: Part) -> dict[str, dict[str, int]]:
    return {name: {str(verdict): n for verdict, n in one.counts.items()} for name, one in part.tally.types.items()}


TRAFFIC = [
    created("w1", "p1"),
    created("w2", "p2"),
    created("w1", "p1"),
    notification("balance.update", balance("w3", "7")),
    notification("payin.create", b"{", id="w4"),
    created("w5", "p5", at=1),
]


@pytest.mark.parametrize("parts", [1, 3])
def test_two_sides_that_do_the_same_agree_on_every_message(tmp_path: Path, compare: Compare, parts: int) -> None:
    part = compare(TRAFFIC, answering(tmp_path, TRAFFIC, outcomes(TRAFFIC)), parts)
    found = counts(part)
    assert sum(found["payin.create"].values()) == 4, "a repeated delivery is no message of its own"
    assert set(found["payin.create"]) <= {"match", "match by rule"}, "no clock is looked at but by a rule"
    assert part.liveness.survivors == ()
    assert part.liveness.counts("killed")["balance.update", "lost row"] == 1
    assert part.coverage["payin.create"].messages == 5


def test_an_answer_of_another_amount_is_a_difference_in_one_place(tmp_path: Path, compare: Compare) -> None:
    answers = outcomes(TRAFFIC)
    answers[1] = answers[1].replace(b'"fee":133.39', b'"fee":133.40')
    (name, types) = ("payin.create", compare(TRAFFIC, answering(tmp_path, TRAFFIC, answers)).tally.types)
    ((signatures, found),) = types[name].classes.items()
    assert f"{name} | row:payins.fee | value | float -> float" in signatures
    assert (found.examples[0].message_id, found.first) == ("w2", Sighting(1, "2026-11-21T10:00:00Z"))


def test_an_empty_answer_is_a_rejection(tmp_path: Path, compare: Compare) -> None:
    traffic = [created("w1", "p1"), notification("payin.create", b"{", id="w2")]
    part = compare(traffic, program("import sys\nfor line in sys.stdin: print()"))
    assert counts(part) == {"payin.create": {"error on one side": 1, "match": 1}}


def test_other_bytes_under_one_id_are_a_conflict_whoever_has_what(tmp_path: Path, compare: Compare) -> None:
    traffic = [created("w1", "p1"), created("w1", "p2"), notification("balance.update", balance("w1", "7"))]
    answers = [outcomes([one])[0] for one in traffic]
    assert counts(compare(traffic, answering(tmp_path, traffic, answers), 50)) == {"balance.update": {"id conflict": 1}}


def test_an_id_that_was_recorded_as_a_number_is_compared_like_any_other(tmp_path: Path, compare: Compare) -> None:
    traffic = [{**notification("payin.create", b"{"), "id": 17}]
    assert counts(compare(traffic, program("print()"))) == {"payin.create": {"match": 1}}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (f'"{NAME}"', "notification 1 of the corpus: outcome: unfit"),
        ("{", "notification 1 of the corpus: outcome: not JSON"),
        ('{"message_id":"w1","type":"payin.create","effects":5}', "outcome.effects: unfit"),
        (
            '{"message_id":"w1","type":"payin.create","effects":[{"kind":"row","name":"t","value":5}]}',
            r"outcome.effects\[0\].value: expected an object",
        ),
        (
            '{"message_id":"w1","type":"payin.create","effects":[{"kind":"row","name":"t","value":{"a":1e9999999999999999999}}]}',
            "notification 1, or a later one: .*not JSON",
        ),
    ],
)
def test_an_answer_that_is_no_outcome_is_the_oracles_fault_and_not_quoted(
    compare: Compare, answer: str, told: str
) -> None:
    with pytest.raises(OracleError, match=told) as refused:
        compare([created("w1", "p1")], program(f"print({answer!r})"))
    assert NAME not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "told"),
    [("print(); print()", "without a notification"), ("pass", "after 0 answers"), ("raise SystemExit(3)", "with 3")],
)
def test_an_oracle_that_fails_fails_the_part(compare: Compare, code: str, told: str) -> None:
    with pytest.raises(OracleError, match=told):
        compare([created("w1", "p1")], program(code))


def test_a_corpus_that_was_altered_fails_the_part(tmp_path: Path, compare: Compare) -> None:
    traffic = [created("w1", "p1")]
    compare(traffic, answering(tmp_path, traffic, outcomes(traffic)))
    data = bytearray((tmp_path / "corpus").read_bytes())
    data[-300] ^= 1
    (tmp_path / "corpus").write_bytes(data)
    with pytest.raises(CorpusError):
        compare(traffic, program("import sys\nfor line in sys.stdin: print()"))


@pytest.fixture
def key(tmp_path: Path) -> CorpusKey:
    make_key_file(tmp_path / "key")
    return file_key(tmp_path / "key")


VALUES: list[Any] = [
    None, True, False, 0, -5, 2**70, "", NAME, "\u0000\u2028", Decimal("1.50"), Decimal("1.5"), Decimal("-0.0"),
    Decimal("0.1"), parse_json("1e-7"), parse_json("1E+300"), parse_json("1e30"), Decimal("12345678901234567890.12"),
    [], {}, [1, [Decimal("2.0")], {"a": None}], {"base64": "w6k="}, {"é": {"x": [NAME]}},
]  # fmt: skip


def part_of(*differences: Difference) -> Part:
    part, payin_create = Part(), type_named("payin.create")
    tally = part.tally.of("payin.create")
    for position, verdict in enumerate((Verdict.MISMATCH, Verdict.DUPLICATE)):
        tally.add(Judgement(verdict, differences), "payin.create", f"w{position}", Sighting(position, "2026"), 7)
    tally.add(Judgement(Verdict.CONTROL_ONLY), "payin.create", "w9", Sighting(9), 7)
    tally.add(Judgement(Verdict.MATCH_BY_RULE, rules=payin_create.rules), "payin.create", "w8", Sighting(8), 7)
    part.liveness.note(payin_create, "one cent", "row:payins.fee", Verdict.MATCH)
    part.liveness.note(payin_create, "one hour", "row:payins.recorded_at", Verdict.MATCH_BY_RULE)
    part.coverage["payin.create"] = Coverage()
    part.coverage["payin.create"].add(frozenset({"ending done", "effect row:payins"}))
    return part


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_parts_file_gives_back_every_value_as_it_was(tmp_path: Path, key: CorpusKey, value: Any) -> None:
    differences = (
        Difference("row:payins.a", "value", shape(value), shape(value), value, value),
        Difference("row:payins.b", "missing", shape(value), shape(ABSENT), value, None),
        Difference("row:payins.c", "extra", shape(ABSENT), shape(value), None, value),
    )
    written = part_of(*differences)
    write_part(tmp_path / "part", written, key)
    read = read_part(tmp_path / "part", key)
    assert read == written
    assert repr(read.tally) == repr(written.tally), "to the digit, and of the same type"
    found = [example.differences for one in read.tally.of("payin.create").classes.values() for example in one.examples]
    assert repr(found) == repr([differences, differences, ()])


def test_a_parts_file_holds_nothing_in_clear_and_is_its_owners_alone(tmp_path: Path, key: CorpusKey) -> None:
    write_part(tmp_path / "part", part_of(Difference("row:payins.a", "value", "", "", NAME, IBAN)), key)
    data = (tmp_path / "part").read_bytes()
    assert NAME.encode() not in data
    assert IBAN.encode() not in data
    assert b"row:payins" not in data
    assert (tmp_path / "part").stat().st_mode & 0o777 == 0o600
    assert {one.name for one in tmp_path.iterdir()} == {"key", "part"}


def test_what_an_interrupted_writer_left_is_written_over(tmp_path: Path, key: CorpusKey) -> None:
    (tmp_path / "part.unfinished").write_bytes(b"half")
    write_part(tmp_path / "part.sealed", part_of(), key)
    assert read_part(tmp_path / "part.sealed", key) == part_of()


@pytest.mark.parametrize("at", [40, 500, -1, -200])
def test_a_parts_file_that_was_altered_is_refused(tmp_path: Path, key: CorpusKey, at: int) -> None:
    write_part(tmp_path / "part", part_of(), key)
    data = bytearray((tmp_path / "part").read_bytes())
    data[at] ^= 1
    (tmp_path / "part").write_bytes(data)
    with pytest.raises(CommandError):
        read_part(tmp_path / "part", key)


def test_another_key_opens_no_part(tmp_path: Path, key: CorpusKey) -> None:
    write_part(tmp_path / "part", part_of(), key)
    make_key_file(tmp_path / "other")
    with pytest.raises(WrongKeyError):
        read_part(tmp_path / "part", file_key(tmp_path / "other"))


@pytest.mark.parametrize("lines", [[], [b"{}"], [b"[]"], [b"5"], [b"nonsense"], [b"{}", b"{}"], [b'{"types":5}']])
def test_a_sealed_file_that_is_no_part_is_refused(tmp_path: Path, key: CorpusKey, lines: list[bytes]) -> None:
    (tmp_path / "part").unlink(missing_ok=True)
    writer = CorpusWriter.create(tmp_path / "part", key, now=datetime.now(UTC), types=None)
    for line in lines:
        writer.append(line, "x", None)
    writer.finish()
    with pytest.raises(CommandError, match="holds no findings of a run") as refused:
        read_part(tmp_path / "part", key)
    assert refused.value.code is ExitCode.FAILED


def test_parts_add_up(tmp_path: Path, key: CorpusKey) -> None:
    difference = Difference("row:payins.a", "value", "int", "int", 1, 2)
    whole = part_of(difference)
    write_part(tmp_path / "part", part_of(difference), key)
    whole.merge(read_part(tmp_path / "part", key))
    assert whole.tally.of("payin.create").counts[Verdict.CONTROL_ONLY] == 2
    assert whole.coverage["payin.create"].messages == 2
    assert whole.liveness.survivors[0].count == 2
