from contracts.group import Group, group

FEE_ROW = "payin.create | row:payins.fee | value | float -> float"
FEE_WEBHOOK = "payin.create | webhook:payin.booked.body.fee | value | float -> float"
NET_ROW = "payin.create | row:payins.net | value | float -> float"
LOST = "payin.create | row:journal | missing effect | effect -> -"


def test_one_bug_is_one_group_wherever_it_shows() -> None:
    messages = {f"w{n}": [FEE_WEBHOOK, FEE_ROW] for n in range(3)}
    assert group(messages) == (Group(FEE_ROW, ("w0", "w1", "w2"), (FEE_WEBHOOK,)),)


def test_two_bugs_are_two_groups_the_larger_one_first() -> None:
    messages = {"w1": [LOST], "w2": [FEE_ROW], "w3": [FEE_ROW]}
    assert [(one.signature, one.count) for one in group(messages)] == [(FEE_ROW, 2), (LOST, 1)]


def test_a_message_with_two_bugs_is_put_down_to_the_more_frequent_one() -> None:
    messages = {"w1": [FEE_ROW, LOST], "w2": [FEE_ROW], "w3": [LOST], "w4": [FEE_ROW]}
    assert group(messages) == (
        Group(FEE_ROW, ("w1", "w2", "w4"), (LOST,)),
        Group(LOST, ("w3",), ()),
    )


def test_a_place_that_explains_more_messages_goes_before_a_row() -> None:
    messages = {"w1": [FEE_WEBHOOK, FEE_ROW], "w2": [FEE_WEBHOOK], "w3": [FEE_WEBHOOK]}
    assert group(messages) == (Group(FEE_WEBHOOK, ("w1", "w2", "w3"), (FEE_ROW,)),)


def test_what_came_along_is_told_the_most_frequent_first() -> None:
    messages = {"w1": [FEE_ROW, NET_ROW, FEE_WEBHOOK], "w2": [FEE_ROW, FEE_WEBHOOK]}
    (one,) = group(messages)
    assert one.also == (FEE_WEBHOOK, NET_ROW)


def test_messages_without_differences_are_in_no_group() -> None:
    assert group({"w1": [], "w2": iter(())}) == ()


def test_a_place_that_differs_twice_in_one_message_counts_once() -> None:
    messages = {"w1": [LOST, LOST, LOST], "w2": [FEE_ROW], "w3": [FEE_ROW]}
    assert group(messages)[0].signature == FEE_ROW
