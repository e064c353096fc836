"""What replays leave on their way, as it stands against a move. Over moto."""

from collections.abc import Iterator

import boto3
import pytest

from contracts import point
from contracts.authority import AuthorityRecord
from contracts.envelope import Stamp
from contracts.registry import PAYIN, PAYOUT
from ops.evidence import Evidence
from tests.fakes.desk import STACK, Scene, create

LIVE = AuthorityRecord("payin", "live", 2, 2)
BACK = AuthorityRecord("payin", "shadow", 4, 4)
NEW = Stamp("new", 2)


@pytest.fixture
def scene(aws: None) -> Iterator[Scene]:
    dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
    create(dynamodb, sqs)
    yield Scene(dynamodb, sqs)
    point.hook(None)


def take(scene: Scene, *letters: str) -> None:
    """A run has marked these, and was killed."""
    for letter in letters:
        assert scene.desk.letters.mark(scene.found(letter), "r1")


def test_a_letter_that_was_sent_and_not_answered_counts_whatever_became_of_its_run(scene: Scene) -> None:
    letter = scene.letter("w1", stamp=NEW)
    scene.letter("w2", stamp=NEW)
    evidence = Evidence(scene.dynamodb, STACK, PAYIN)
    assert evidence.unanswered(LIVE) == ()
    take(scene, letter)
    assert evidence.unanswered(LIVE) == (letter,)
    assert Evidence(scene.dynamodb, STACK, PAYOUT).unanswered(LIVE) == ()
    scene.desk.letters.resolve(scene.found(letter), "r1", "processed", scene.desk.now())
    assert evidence.unanswered(LIVE) == ()


def test_a_message_whose_stamp_holds_no_longer_changes_nothing(scene: Scene) -> None:
    letter = scene.letter("w1", stamp=NEW)
    take(scene, letter)
    evidence = Evidence(scene.dynamodb, STACK, PAYIN)
    assert evidence.unanswered(LIVE) == (letter,)
    assert evidence.unanswered(BACK) == ()


def test_what_nobody_could_read_counts_for_every_family_as_the_tap_would_have_stamped_it(scene: Scene) -> None:
    letter = scene.parked(b"{")
    take(scene, letter)
    for family in (PAYIN, PAYOUT):
        evidence = Evidence(scene.dynamodb, STACK, family)
        assert evidence.unanswered(AuthorityRecord(family.name, "shadow", 1)) == (letter,)
        assert evidence.unanswered(LIVE) == ()


def test_a_webhook_that_goes_again_changes_no_rows(scene: Scene) -> None:
    take(scene, scene.undelivered("w1"))
    assert Evidence(scene.dynamodb, STACK, PAYIN).unanswered(LIVE) == ()


def test_what_a_run_has_sent_counts_when_it_is_told_to_stop_and_when_it_has_given_up_on_answers(scene: Scene) -> None:
    letter = scene.letter("w1")
    scene.behave = lambda _, __: "silent"
    plan, evidence = scene.planned(), Evidence(scene.dynamodb, STACK, PAYIN)
    told: list[tuple[str, ...]] = []
    record = AuthorityRecord("payin", "shadow", 1)

    def reached(name: str) -> None:
        if name == "replay.sent":
            scene.desk.runs.cancel(plan.run, "stop", scene.desk.now())
        if name == "replay.noted":
            told.append(evidence.replays() + evidence.unanswered(record))

    point.hook(reached)
    scene.run(plan, timeout_s=3)
    assert told[0] == (plan.run,)
    assert all(letter in one for one in told[1:])
    assert (evidence.replays(), evidence.unanswered(record)) == ((), (letter,))
