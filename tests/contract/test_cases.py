"""Value traps, a directory each: real PHP and our port agree, and a naive port is seen to differ where it says."""

import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contracts.effect import Attempt, MalformedOutcomeError
from contracts.group import group
from contracts.judge import judge
from contracts.message_type import MessageType
from contracts.registry import type_named
from contracts.verdict import AGREED, Verdict
from tests.contract import put_back
from tests.contract.case import Case, CaseError, Unported, anchors, read_case, read_cases, read_unported
from tests.contract.parity.side import candidate, control
from tests.contract.put_back import NaivePort, PutBackError

CASES = read_cases()
TODAY = date(2026, 11, 21)
UNREACHED = {
    "bcmath-cuts-it-does-not-round",
    "in_array-compares-loosely",
    "explode-implode-and-htmlspecialchars",
    "urlencode-and-http_build_query",
    "sorting-mixes-numbers-and-texts",
    "a-month-later-a-day-later-24-hours-later",
}
"""Headings about functions that no handler of this monolith calls."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides of every case, each run once: no two cases share an id."""

    theirs: Mapping[str, Sequence[tuple[MessageType, Attempt]]]
    """By case: one attempt a message, and the type that it was published as."""
    ours: Mapping[str, Attempt]
    """By message."""


def monolith(php: Sequence[str]) -> Sequence[Attempt]:
    """What PHP does with every message of every case. Raises CaseError where there is one that it has no outcome of."""
    try:
        return control(php, [message for case in CASES for message in case.messages])
    except (subprocess.CalledProcessError, MalformedOutcomeError):
        for case in CASES:
            try:
                control(php, case.messages)
            except (subprocess.CalledProcessError, MalformedOutcomeError) as error:
                raise CaseError(case.name, "the monolith's oracle has no outcome of it") from error
        raise


@pytest.fixture(scope="session")
def sides(php: Sequence[str]) -> Sides:
    messages = [(case.name, message) for case in CASES for message in case.messages]
    theirs = defaultdict(list)
    for (name, message), attempt in zip(messages, monolith(php), strict=True):
        theirs[name].append((type_named(message["type"]), attempt))
    store = candidate(message for _, message in messages)
    return Sides(theirs, {message_id: entry.attempt for message_id, entry in store.entries.items()})


@pytest.fixture(scope="session")
def naive_port() -> Iterator[NaivePort]:
    with put_back.naive_port() as port:
        yield port


def leading_difference(theirs: Sequence[tuple[MessageType, Attempt]], ours: Mapping[str, Attempt]) -> str | None:
    """Where two sides differ first of all, as `expect` says it; None where they agree on every message."""
    places: dict[str, str] = {}
    signatures: dict[str, list[str]] = {}
    for message_id, message_type in {attempt.message_id: message_type for message_type, attempt in theirs}.items():
        judgement = judge(
            [attempt for _, attempt in theirs if attempt.message_id == message_id],
            [ours[message_id]] if message_id in ours else [],
            message_type.terms,
            today=TODAY,
        )
        if judgement.verdict in AGREED:
            continue
        if judgement.verdict is not Verdict.MISMATCH:
            return judgement.verdict.value
        for one in judgement.differences:
            signature = one.signature(message_type.name)
            signatures.setdefault(message_id, []).append(signature)
            places[signature] = f"{one.kind} {one.path}" if one.kind.endswith("effect") else one.path
    groups = group(signatures)
    return places[groups[0].signature] if groups else None


def assert_seen(case: Case, sides: Sides, port: NaivePort) -> None:
    """The trap, put back, shows where the case says. Raises AssertionError, CaseError."""
    try:
        attempts = port.attempts(case.messages, case.sources())
    except PutBackError as error:
        raise CaseError(case.name, f"put back, it does not run: {error}") from error
    found = leading_difference(sides.theirs[case.name], {one.message_id: one for one in attempts})
    assert found == case.expect, f"{case.name}: put back, it differs at {found}, not at {case.expect}"


def _waiting(one: Unported) -> Any:
    return pytest.param(one, id=one.name, marks=pytest.mark.skip(reason=f"{one.type} is not ported yet (case.toml)"))


@pytest.fixture(params=[*(pytest.param(one, id=one.name) for one in CASES), *map(_waiting, read_unported())])
def case(request: pytest.FixtureRequest) -> Case:
    return request.param  # type: ignore[no-any-return]


def test_php_and_the_port_agree(case: Case, sides: Sides) -> None:
    assert leading_difference(sides.theirs[case.name], sides.ours) is None, case.title


def test_the_trap_put_back_is_seen(case: Case, sides: Sides, naive_port: NaivePort) -> None:
    assert_seen(case, sides, naive_port)


def test_there_are_cases_for_every_heading_that_handlers_reach() -> None:
    assert len(CASES) >= 40
    assert {case.guide for case in CASES} == set(anchors()) - UNREACHED
    assert set(anchors()) > UNREACHED
    assert len({case.title for case in CASES}) == len(CASES)


def test_no_two_cases_share_a_message_or_a_row(sides: Sides) -> None:
    owners = defaultdict(set)
    for name, attempts in sides.theirs.items():
        for _, attempt in attempts:
            owners[attempt.message_id].add(name)
            for effect in attempt.effects:
                if effect.kind == "row":
                    owners[f"{effect.name} {effect.key}"].add(name)
    assert [(what, names) for what, names in owners.items() if len(names) > 1] == []


def test_what_is_put_back_and_changes_nothing_is_a_failure(sides: Sides, naive_port: NaivePort) -> None:
    (patch, *_) = CASES[0].put_back
    harmless = replace(CASES[0], put_back=(replace(patch, new=patch.old),))
    with pytest.raises(AssertionError, match=f"{harmless.name}: put back, it differs at None"):
        assert_seen(harmless, sides, naive_port)


def test_what_is_put_back_and_shows_elsewhere_is_a_failure(sides: Sides, naive_port: NaivePort) -> None:
    with pytest.raises(AssertionError, match="not at row:elsewhere"):
        assert_seen(replace(CASES[0], expect="row:elsewhere"), sides, naive_port)


def test_nothing_of_a_naive_port_is_left_for_the_next(sides: Sides, naive_port: NaivePort) -> None:
    assert_seen(CASES[0], sides, naive_port)
    attempts = naive_port.attempts(CASES[0].messages, {})
    assert leading_difference(sides.theirs[CASES[0].name], {one.message_id: one for one in attempts}) is None


def test_a_naive_port_that_does_not_run_names_its_case(sides: Sides, naive_port: NaivePort) -> None:
    (patch, *_) = CASES[0].put_back
    broken = replace(CASES[0], put_back=(replace(patch, new="return ="),))
    with pytest.raises(CaseError, match=f"{broken.name}: put back, it does not run: SyntaxError"):
        assert_seen(broken, sides, naive_port)


@pytest.mark.parametrize(
    ("file", "old", "wrong"),
    [
        ("workers/logic/payin.py", "not to be found", "found 0 times"),
        ("workers/logic/payin.py", "return", "times, not once"),
        ("workers/logic/nowhere.py", "return", "is no module"),
        ("contracts/judge.py", "return", "is no module"),
    ],
)
def test_what_cannot_be_put_back_names_its_case(file: str, old: str, wrong: str) -> None:
    (patch, *_) = CASES[0].put_back
    with pytest.raises(CaseError, match=f"{CASES[0].name}: .*{wrong}"):
        replace(CASES[0], put_back=(replace(patch, file=file, old=old),)).sources()


_TOML = """
title = "a trap"
type = "payin.create"
guide = "0-is-false"
expect = "row:payins.fee"
[[put_back]]
file = "workers/logic/payin.py"
old = "a"
new = "b"
"""
_LINE = '{"id": "a", "body": {"amount": 10.0, "a": "\\u00e9"}}\n'


@pytest.mark.parametrize(
    ("toml", "lines", "wrong"),
    [
        ("title = 1", _LINE, "case.toml has title"),
        (_TOML + "more = 1", _LINE, "put_back is file, old and new"),
        (_TOML.replace("0-is", "1-is"), _LINE, "no heading #1-is-false"),
        (_TOML.replace("payin.create", "payin.destroy"), _LINE, "no message type 'payin.destroy'"),
        (_TOML, "", "a case has a message"),
        (_TOML, "not JSON", "messages.ndjson"),
        (_TOML, '{"id": "a"}', "a message has a body"),
        (_TOML, '{"body": {}}', "a message has an id"),
        (_TOML, '{"body": {}, "id": "a"}', "body comes last"),
    ],
)
def test_what_is_no_case_is_named(tmp_path: Path, toml: str, lines: str, wrong: str) -> None:
    folder = tmp_path / "some-trap"
    folder.mkdir()
    (folder / "case.toml").write_text(toml, "utf-8")
    (folder / "messages.ndjson").write_text(lines, "utf-8")
    with pytest.raises(CaseError, match=f"some-trap: .*{re.escape(wrong)}"):
        read_case(folder)


def test_a_case_that_is_not_ported_waits_and_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "new-first").mkdir()
    toml = 'title = "payin.create, first of all"\ntype = "payin.create"\nported = false\n'
    (tmp_path / "new-first" / "case.toml").write_text(toml, "utf-8")
    (tmp_path / "new-first" / "messages.ndjson").write_text(_LINE, "utf-8")
    assert read_cases(tmp_path) == ()
    (one,) = read_unported(tmp_path)
    assert (one.name, one.type, len(one.messages)) == ("new-first", "payin.create", 1)
    (tmp_path / "new-first" / "case.toml").write_text(toml.replace("false", "true"), "utf-8")
    with pytest.raises(CaseError, match=r"case\.toml has title"):
        read_cases(tmp_path)


def test_a_body_that_is_an_object_is_taken_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(_TOML, "utf-8")
    (tmp_path / "messages.ndjson").write_text(_LINE, "utf-8")
    ((message,), again) = read_case(tmp_path).messages, read_case(tmp_path)
    assert again == read_case(tmp_path)
    assert message["body_base64"] == "eyJhbW91bnQiOiAxMC4wLCAiYSI6ICJcdTAwZTkifQ=="
