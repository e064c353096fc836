import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.letter import (
    LetterContent,
    MalformedLetterError,
    fingerprint,
    fold_digits,
    letter_id,
    read_content,
    write_content,
)
from tests.fakes.message import NAME


def test_the_same_message_is_the_same_letter_and_no_other() -> None:
    ids = {
        letter_id("sqs", "w1", "d"),
        letter_id("sqs", "w1", "d"),
        letter_id("invalid", "w1", "d"),
        letter_id("sqs", "w2", "d"),
        letter_id("sqs", "w1", "e"),
        letter_id("sqs", None, "d"),
    }
    assert len(ids) == 5
    assert all(len(one) == 32 and set(one) <= set("0123456789abcdef") for one in ids)


def test_equal_failures_have_one_fingerprint_whatever_the_numbers_in_them() -> None:
    one = fingerprint("payin.create", "model:payins.17.amount")
    assert one == fingerprint("payin.create", "model:payins.3.amount")
    assert len({one, fingerprint("payin.update", "model:payins.3.amount"), fingerprint(None, "model"), one}) == 3
    assert len(one) == 16
    assert fold_digits("unreadable:syntax at 1024") == "unreadable:syntax at #"


@settings(max_examples=50)
@given(st.text(), st.dictionaries(st.text(), st.text()), st.none() | st.text())
def test_any_content_comes_back(body: str, attributes: dict[str, str], group: str | None) -> None:
    content = LetterContent(body, attributes, group)
    assert read_content(write_content(content)) == content


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "1",
        '{"body":1,"attributes":{},"group":null}',
        '{"body":"","attributes":[],"group":null}',
        '{"body":"","attributes":{"a":1},"group":null}',
        '{"body":"","attributes":{},"group":1}',
    ],
)
def test_a_content_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(MalformedLetterError):
        read_content(text)


def test_a_content_is_not_shown_by_accident() -> None:
    assert NAME not in repr(LetterContent(NAME, {"envelope": NAME}, None))
