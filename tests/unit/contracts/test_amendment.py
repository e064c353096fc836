from datetime import UTC, datetime, timedelta

import pytest

from contracts.amendment import KEPT, Amendment, Because, Standing, amend, read_amendments, write_amendments
from contracts.verdict import Verdict

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def test_the_first_verdict_amends_nothing() -> None:
    assert amend(None, Verdict.MATCH, AT) == Standing(Verdict.MATCH, AT)


def test_the_same_verdict_again_leaves_what_stands() -> None:
    stands = Standing(Verdict.MATCH, AT, (Amendment(Verdict.EXPIRED, AT, AT, "late outcome"),), 1)
    assert amend(stands, Verdict.MATCH, LATER) is stands


@pytest.mark.parametrize(
    ("former", "verdict", "because"),
    [
        (Verdict.CANDIDATE_ONLY, Verdict.MATCH, "late outcome"),
        (Verdict.CONTROL_ONLY, Verdict.NOT_COMPARABLE, "late outcome"),
        (Verdict.EXPIRED, Verdict.ERROR_ONE_SIDE, "late outcome"),
        (Verdict.MATCH, Verdict.DUPLICATE, "further outcome"),
        (Verdict.ERROR_ONE_SIDE, Verdict.MATCH, "further outcome"),
        (Verdict.SINGLE, Verdict.MATCH, "further outcome"),
        (Verdict.MATCH, Verdict.ID_CONFLICT, "further outcome"),
        (Verdict.CANDIDATE_ONLY, Verdict.EXPIRED, "overdue"),
        (Verdict.MATCH, Verdict.EXPIRED, "overdue"),
    ],
)
def test_a_former_verdict_is_kept_with_its_time_and_why_it_went(
    former: Verdict, verdict: Verdict, because: Because
) -> None:
    gone = Amendment(former, AT, LATER, because)
    assert amend(Standing(former, AT), verdict, LATER) == Standing(verdict, LATER, (gone,), 1)


def test_at_every_moment_exactly_one_verdict_stood() -> None:
    stands: Standing | None = None
    given = [Verdict.CANDIDATE_ONLY, Verdict.EXPIRED, Verdict.MATCH, Verdict.MATCH, Verdict.DUPLICATE]
    for hour, verdict in enumerate(given):
        stands = amend(stands, verdict, AT + timedelta(hours=hour))
    assert stands is not None
    times = [*((one.since, one.until) for one in stands.amendments), (stands.since, None)]
    assert [until for _, until in times[:-1]] == [since for since, _ in times[1:]]
    assert times[0][0] == AT


def test_only_the_latest_are_kept_and_all_are_counted() -> None:
    stands = Standing(Verdict.MATCH, AT)
    for number in range(KEPT + 5):
        verdict = Verdict.DUPLICATE if number % 2 == 0 else Verdict.MATCH
        stands = amend(stands, verdict, AT + timedelta(hours=number + 1))
    assert (len(stands.amendments), stands.amended) == (KEPT, KEPT + 5)
    assert stands.amendments[-1].until == stands.since
    assert len(write_amendments(stands.amendments)) < 3_000


def test_what_was_written_is_read_to_the_millisecond() -> None:
    precise = AT + timedelta(milliseconds=123)
    amendments = (
        Amendment(Verdict.CANDIDATE_ONLY, AT, precise, "late outcome"),
        Amendment(Verdict.MATCH, precise, LATER, "further outcome"),
    )
    assert read_amendments(write_amendments(amendments)) == amendments


@pytest.mark.parametrize("text", ["", "{", '[{"verdict": "perhaps"}]', '[{"verdict": "match", "since": "soon"}]'])
def test_what_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError)):
        read_amendments(text)
