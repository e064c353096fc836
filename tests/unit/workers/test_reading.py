import pytest
from msgspec import structs

from contracts.registry import family_named
from tests.fakes.message import card_transaction, payin, received, translated
from workers.fate import RejectedError
from workers.reading import open_record, read_message

TYPES = {one.name: one for one in (*family_named("payin").types, *family_named("cardtransaction").types)}


def test_a_record_is_opened_with_its_type_its_bytes_and_their_digest() -> None:
    body = payin()
    opened = open_record(received(translated("payin.create", body)), TYPES)
    assert (opened.envelope.id, opened.message_type.name, opened.body) == ("w1", "payin.create", body)
    assert len(opened.digest) == 64


@pytest.mark.parametrize("body", [b"", b"\x00\xff", b"\xef\xbf\xbe"])
def test_bytes_that_sqs_does_not_take_come_back_as_the_monolith_published_them(body: bytes) -> None:
    entry = translated("cardtransaction.create", body, message_id="m1")
    assert open_record(received(entry), TYPES).body == body


def test_a_message_touches_its_id_and_the_records_of_its_key() -> None:
    work = read_message(open_record(received(translated("payin.create", payin())), TYPES), "payin")
    assert work.touches == {"message#w1", "records#default#payin#p1"}
    assert work.aggregate.partition == "default#payin#p1"


def test_the_key_of_an_unordered_message_is_read_from_its_body() -> None:
    entry = translated("cardtransaction.create", card_transaction("c7"), message_id="m1")
    work = read_message(open_record(received(entry), TYPES), "cardtransaction")
    assert work.aggregate.key == "c7"


def test_neither_record_nor_message_shows_what_is_in_it() -> None:
    record = received(translated("payin.create", payin()))
    opened = open_record(record, TYPES)
    work = read_message(opened, "payin")
    assert not [one for one in (record, opened, work) if "Planted" in repr(one)]


def test_a_body_that_is_not_what_its_envelope_says_is_rejected() -> None:
    record = structs.replace(received(translated("cardtransaction.create", b"\xff", message_id="m1")), body="é")
    with pytest.raises(RejectedError, match="envelope"):
        open_record(record, TYPES)
