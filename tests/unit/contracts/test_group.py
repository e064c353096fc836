from hypothesis import given
from hypothesis import strategies as st

from contracts.group import ClassGroup, Group, group, group_classes

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


def test_classes_are_grouped_as_their_messages_would_be() -> None:
    classes = {
        frozenset({FEE_ROW, FEE_WEBHOOK}): 3,
        frozenset({FEE_WEBHOOK}): 1,
        frozenset({LOST}): 2,
        frozenset({LOST, FEE_WEBHOOK}): 1,
        frozenset[str](): 9,
        frozenset({NET_ROW}): 0,
    }
    assert group_classes(classes) == (
        ClassGroup(
            FEE_WEBHOOK,
            (frozenset({FEE_ROW, FEE_WEBHOOK}), frozenset({FEE_WEBHOOK}), frozenset({LOST, FEE_WEBHOOK})),
            5,
            (FEE_ROW, LOST),
        ),
        ClassGroup(LOST, (frozenset({LOST}),), 2, ()),
    )


@given(st.dictionaries(st.frozensets(st.sampled_from("abcdef"), max_size=4), st.integers(0, 5), max_size=8))
def test_every_class_is_in_exactly_one_group_and_the_largest_group_comes_first(
    classes: dict[frozenset[str], int],
) -> None:
    groups = group_classes(classes)
    members = [one for found in groups for one in found.classes]
    assert sorted(map(sorted, members)) == sorted(sorted(one) for one, count in classes.items() if one and count)
    assert all(found.signature in one for found in groups for one in found.classes)
    assert [found.count for found in groups] == [sum(classes[one] for one in found.classes) for found in groups]
    assert [found.count for found in groups] == sorted((found.count for found in groups), reverse=True)


@given(st.data())
def test_groups_do_not_hang_on_the_order_in_which_classes_were_met(data: st.DataObject) -> None:
    classes = data.draw(
        st.dictionaries(st.frozensets(st.sampled_from("abcd"), min_size=1), st.integers(1, 5), max_size=6)
    )
    shuffled = dict(data.draw(st.permutations(list(classes.items()))))

    def told(found: ClassGroup) -> tuple[str, frozenset[frozenset[str]], int, tuple[str, ...]]:
        return found.signature, frozenset(found.classes), found.count, found.also

    assert [*map(told, group_classes(classes))] == [*map(told, group_classes(shuffled))]


def plainly(classes: dict[frozenset[str], int]) -> list[tuple[str, int]]:
    """Leading signatures and counts, as the module's first paragraph says it."""
    left, found = {one: count for one, count in classes.items() if one and count}, []
    while left:
        counts = {signature: sum(left[one] for one in left if signature in one) for one in left for signature in one}
        leading = min(counts, key=lambda one: (-counts[one], " | row:" not in one, one))
        found.append((leading, counts[leading]))
        left = {one: count for one, count in left.items() if leading not in one}
    return found


@given(
    st.dictionaries(
        st.frozensets(st.sampled_from([FEE_ROW, FEE_WEBHOOK, NET_ROW, LOST, "a", "b"]), max_size=4),
        st.integers(0, 5),
        max_size=10,
    )
)
def test_each_group_is_led_by_what_explains_most_of_what_is_left(classes: dict[frozenset[str], int]) -> None:
    assert [(one.signature, one.count) for one in group_classes(classes)] == plainly(classes)
