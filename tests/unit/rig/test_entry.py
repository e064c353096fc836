"""What SQS counts and refuses of one message."""

from typing import Any

import pytest

from tests.rig.entry import Entry, attribute_checksum, body_checksum, object_to


def text(value: str) -> dict[str, Any]:
    return {"DataType": "String", "StringValue": value}


def code(entry: Entry, *, fifo: bool = False) -> str | None:
    objection = object_to(entry, fifo=fifo, by_content=False)
    return None if objection is None else objection.code


def test_size_counts_the_bytes_of_the_body_and_of_each_attributes_name_type_and_value() -> None:
    binary = {"DataType": "Binary.x", "BinaryValue": "AAEC"}
    entry = Entry("1", "é\U0001f600", {"né": text("ü"), "b": binary})
    assert entry.size_bytes == (2 + 4) + (3 + 6 + 2) + (1 + 8 + 3)


def test_checksums_are_those_of_the_developer_guide() -> None:
    # The body is the example of SendMessage's API reference; the attributes' sum is what boto3's users see of SQS for
    # one attribute `timestamp` of type Number with value 1493147359900 (moto and LocalStack are held to it, too).
    entry = Entry("1", "This is a test message", {"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}})
    assert body_checksum(entry) == "fafb00f5732ab283681e124bf8747ed1"
    assert attribute_checksum(entry) == "235c5c510d26fb653d073faed50ae77c"
    assert attribute_checksum(Entry("1", "b")) is None


@pytest.mark.parametrize("body", ["\x00", "a\x0bb", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_characters_that_xml_has_not_are_refused(body: str) -> None:
    assert code(Entry("1", body)) == "InvalidMessageContents"
    assert code(Entry("1", "b", {"a": text(body)})) == "InvalidParameterValue"


@pytest.mark.parametrize("body", ["\t\r\n ~\x7f\x85", "\ud7ff\ue000\ufffd", "\U00010000\U0010ffff"])
def test_all_other_characters_are_taken(body: str) -> None:
    assert code(Entry("1", body, {"a": text(body)})) is None


def test_an_empty_body_is_refused() -> None:
    assert code(Entry("1", "")) == "MissingParameter"


@pytest.mark.parametrize(
    "attributes",
    [
        {f"a{n}": text("x") for n in range(11)},
        {"AWS.x": text("x")},
        {"a..b": text("x")},
        {"a": text("")},
        {"a": {"DataType": "Text", "StringValue": "x"}},
        {"a": {"DataType": "Binary", "StringValue": "x"}},
        {"a": {"DataType": "String", "BinaryValue": "AAEC"}},
    ],
)
def test_attributes_that_are_too_many_or_wrong_are_refused(attributes: dict[str, Any]) -> None:
    assert code(Entry("1", "b", attributes)) == "InvalidParameterValue"


def test_ten_attributes_are_taken() -> None:
    assert code(Entry("1", "b", {f"a.{n}": text("x") for n in range(10)})) is None


def test_a_fifo_queue_asks_for_a_group_and_for_what_tells_repetitions() -> None:
    assert code(Entry("1", "b", deduplication="d"), fifo=True) == "MissingParameter"
    assert code(Entry("1", "b", group="g"), fifo=True) == "InvalidParameterValue"
    assert code(Entry("1", "b", group="a b", deduplication="d"), fifo=True) == "InvalidParameterValue"
    assert code(Entry("1", "b", group="g", deduplication="d"), fifo=True) is None


def test_any_other_queue_takes_a_group_but_nothing_that_tells_repetitions() -> None:
    assert code(Entry("1", "b", group="fair")) is None
    assert code(Entry("1", "b", deduplication="d")) == "InvalidParameterValue"
