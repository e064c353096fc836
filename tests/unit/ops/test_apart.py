import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.apart import Parted, part


@pytest.mark.parametrize(
    ("control", "candidate", "parted"),
    [
        ("0.13", "0.12", (Parted("0.1", "3", ""), Parted("0.1", "2", ""))),
        ("BOOKED", "BOOKED ", (Parted("BOOKED", "", ""), Parted("BOOKED", " ", ""))),
        ("abcabc", "abc", (Parted("abc", "abc", ""), Parted("abc", "", ""))),
        ("one", "two", (Parted("", "one", ""), Parted("", "two", ""))),
        ("same", "same", (Parted("same", "", ""), Parted("same", "", ""))),
        ("12\u202f345", "12 345", (Parted("12", "\u202f", "345"), Parted("12", " ", "345"))),
    ],
)
def test_two_texts_part_where_they_differ(control: str, candidate: str, parted: tuple[Parted, Parted]) -> None:
    assert part(control, candidate) == parted


def test_a_letter_keeps_its_accent() -> None:
    assert part("Zoe\u0301", "Zoe") == (Parted("Zo", "e\u0301", ""), Parted("Zo", "e", ""))
    assert part("Zoe\u0301", "Zoa\u0301") == (Parted("Zo", "e\u0301", ""), Parted("Zo", "a\u0301", ""))


@given(st.text("ae\u0301 "), st.text("ae\u0301 "))
def test_nothing_is_lost_and_what_is_the_same_is_the_same(control: str, candidate: str) -> None:
    one, other = part(control, candidate)
    assert (one.before + one.apart + one.after, other.before + other.apart + other.after) == (control, candidate)
    assert (one.before, one.after) == (other.before, other.after)


def test_a_long_text_is_shown_around_the_place_and_what_is_left_out_is_counted() -> None:
    one, other = part("a" * 5_000 + "1" + "b" * 300, "a" * 5_000 + "2" + "b" * 300)
    assert one.shortened() == Parted(f"[4,940 the same] {'a' * 60}", "1", f"{'b' * 60} [240 the same]")
    assert other.shortened().apart == "2"


def test_a_long_difference_is_shown_by_its_ends() -> None:
    shown = Parted("", "x" * 240 + "y" * 5_000 + "z" * 60, "").shortened().apart
    assert shown == f"{'x' * 240} [5,000 more] {'z' * 60}"


def test_what_has_nothing_in_common_is_told_as_such() -> None:
    assert part("one", "two")[0].whole
    assert not part("ones", "twos")[0].whole
