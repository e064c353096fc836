"""How often SQS may have taken a message: once a delivery, once more for each answer that hid the truth."""

from tests.chaos.allowance import Acceptance, Allowance, allow
from tests.rig.history import Message, Published

W1: Message = ("w1", "digest")
W2: Message = ("w2", "digest")


def accepted(message: Message = W1, taken: str = "10:00", *, hidden: bool = False) -> Acceptance:
    return Acceptance(message, taken, hidden)


def judge(
    acceptances: list[Acceptance],
    *deliveries: Message,
    published: int = 1,
    kills: int = 0,
    routed: bool = False,
) -> Allowance:
    return allow([Published(*W1)] * published, acceptances, deliveries, kills=kills, routed=routed)


def test_one_acceptance_of_one_delivery_needs_no_reason() -> None:
    assert judge([accepted()], W1) == Allowance(0, ())


def test_a_second_acceptance_without_a_reason_is_beyond() -> None:
    assert judge([accepted(), accepted()], W1) == Allowance(0, ("w1",))


def test_a_message_that_is_delivered_twice_may_be_accepted_twice() -> None:
    assert judge([accepted(), accepted(taken="10:01")], W1, W1) == Allowance(1, ())


def test_one_delivery_may_not_be_accepted_twice_because_there_was_another() -> None:
    assert judge([accepted(), accepted()], W1, W1) == Allowance(0, ("w1",))


def test_a_second_taking_that_no_journal_knows_is_no_reason() -> None:
    assert judge([accepted(), accepted(taken="10:01")], W1) == Allowance(0, ("w1",))


def test_behind_a_router_two_deliveries_may_be_taken_at_the_same_time() -> None:
    assert judge([accepted(), accepted()], W1, W1, routed=True) == Allowance(1, ())


def test_what_another_message_may_do_is_no_reason() -> None:
    others = [accepted(W2), accepted(W2, "10:01")]
    assert judge([accepted(), accepted(), *others], W1, W2, W2) == Allowance(1, ("w1",))


def test_an_answer_that_hides_the_truth_is_a_reason_for_one_more() -> None:
    assert judge([accepted(hidden=True), accepted()], W1) == Allowance(1, ())
    assert judge([accepted(hidden=True), accepted(), accepted()], W1) == Allowance(1, ("w1",))


def test_what_its_sender_repeats_is_no_duplicate() -> None:
    assert judge([accepted(), accepted()], W1, W1, published=2) == Allowance(0, ())


def test_a_killed_process_may_have_had_a_delivery_that_is_in_no_journal() -> None:
    acceptances = [accepted(), accepted(taken="10:01")]
    assert judge(acceptances, W1, kills=1) == Allowance(1, ())
    assert judge([accepted(), accepted()], W1, kills=1) == Allowance(0, ("w1",))
    assert judge([accepted(), accepted()], W1, kills=1, routed=True) == Allowance(0, ("w1",))
