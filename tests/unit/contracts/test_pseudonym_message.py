"""What a contract names plain stays, everything else gets pseudonyms, in the body and beside it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codecs.laravel import read_job
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.symfony import ENVELOPE, decode_symfony
from contracts.php.text import addslashes
from contracts.php.value import PhpObject
from contracts.pseudonym import Pseudonyms
from contracts.pseudonym_message import (
    Personal,
    pseudonymise_body,
    pseudonymise_headers,
    pseudonymise_properties,
)
from contracts.registry import type_named

ONE = Pseudonyms(b"s" * 32)
NONE = Personal(ONE, None)
PAYIN = Personal(ONE, type_named("payin.create"))
PAYOUT = Personal(ONE, type_named("payout.update"))
CARD = Personal(ONE, type_named("cardtransaction.create"))
NAME, IBAN = "Zoé Zzyx-d'Arc", "FR1420041010050500013M02606"


def changed(document: Any, change: Personal = NONE) -> Any:
    body = json.dumps(document).encode()
    found = pseudonymise_body(body, change)
    assert (len(found.body), found.readable) == (len(body), True)
    return json.loads(found.body)


def test_what_the_contract_names_plain_stays_at_any_depth() -> None:
    document = {
        "webhook_id": "w-1",
        "object_id": "p-1",
        "object_payload": {"payins": [{"amount": "12.50", "walletId": "77", "ibanFullname": NAME, "DbtrIBAN": IBAN}]},
    }
    found = changed(document, PAYIN)
    transfer = found["object_payload"]["payins"][0]
    assert (found["webhook_id"], found["object_id"], transfer["amount"], transfer["walletId"]) == (
        "w-1", "p-1", "12.50", "77",
    )  # fmt: skip
    assert (transfer["ibanFullname"], transfer["DbtrIBAN"]) == (ONE.text(NAME), ONE.text(IBAN))


def test_of_a_type_without_a_contract_everything_changes_but_keys() -> None:
    found = changed({"webhook_id": "w-1", "amount": 12, "paid": True, "note": None, "status": "VALIDATED", "x": ""})
    assert found == {
        "webhook_id": ONE.text("w-1"), "amount": int(ONE.number("12")), "paid": True, "note": None,
        "status": ONE.text("VALIDATED"), "x": "",
    }  # fmt: skip


def test_a_key_that_cannot_be_a_fields_name_is_a_value() -> None:
    keys = ["jean@dupont.fr", "Jean Dupont", IBAN, "33612345678", "12345"]
    names = ["amount", "App\\M", "a.b-c", "12", "_x"]
    found = changed(dict.fromkeys([*keys, *names], True))
    assert list(found) == [*map(ONE.text, keys), *names]


def test_both_codecs_give_equal_values_equal_pseudonyms() -> None:
    in_json = changed({"beneficiary": NAME, "iban": IBAN})
    stamps, message = (f"\0{ENVELOPE}\0{name}" for name in ("stamps", "message"))
    body = addslashes(
        php_serialize(
            PhpObject(
                ENVELOPE,
                {
                    "stamps": {
                        "Symfony\\Component\\Messenger\\Stamp\\BusNameStamp": [_stamp("BusNameStamp", busName="bus")]
                    },
                    "message": PhpObject("App\\M", {"name": NAME, "iban": f" {IBAN[:4]} {IBAN[4:]}", "amount": 12}),
                },
                {"stamps": stamps, "message": message},
            )
        )
    )
    found = decode_symfony(pseudonymise_body(body, NONE).body)
    assert found.properties["name"] == in_json["beneficiary"]
    assert found.properties["iban"].replace(" ", "") == in_json["iban"]
    assert found.properties["amount"] == int(ONE.number("12"))
    assert found.stamps["Symfony\\Component\\Messenger\\Stamp\\BusNameStamp"][0].properties == {"busName": "bus"}


def _stamp(name: str, **properties: Any) -> PhpObject:
    return PhpObject(f"Symfony\\Component\\Messenger\\Stamp\\{name}", dict[int | str, Any](properties.items()))


def test_what_an_exception_said_is_no_technical_part() -> None:
    kept = {"sender": _stamp("SentStamp", senderClass="async")}
    told = {
        "error": _stamp("ErrorDetailsStamp", exceptionMessage=NAME),
        "again": _stamp("RedeliveryStamp", retryCount=2),
    }
    body = pseudonymise_body(php_serialize({**kept, **told}), NONE).body
    assert b"async" in body
    assert NAME.encode() not in body
    assert b'"retryCount";i:2;' in body


def test_a_date_object_is_still_one() -> None:
    date = PhpObject(
        "DateTimeImmutable", {"date": "2024-06-14 10:50:08.000000", "timezone_type": 3, "timezone": "Europe/Paris"}
    )
    body = pseudonymise_body(php_serialize({"at": date}), NONE).body
    assert b'"timezone_type";i:3;s:8:"timezone";s:12:"Europe/Paris";' in body
    assert b"2024-06-14" not in body
    assert changed({"timezone": NAME})["timezone"] == ONE.text(NAME)


def test_a_job_of_laravels_is_looked_into() -> None:
    command = php_serialize(PhpObject("App\\Jobs\\Pay", {"name": NAME, "id": 5})).decode()
    job = {
        "uuid": "550e8400-e29b-41d4-a716-446655440000",
        "displayName": "App\\Jobs\\Pay",
        "job": "Illuminate\\Queue\\CallQueuedHandler@call",
        "maxTries": 3,
        "data": {"commandName": "App\\Jobs\\Pay", "command": command},
    }
    body = json.dumps(job).replace("/", "\\/").encode()
    found = pseudonymise_body(body, NONE).body
    assert len(found) == len(body)
    read = read_job(found, {})
    assert read.name == "App\\Jobs\\Pay"
    assert read.payload.properties == {"name": ONE.text(NAME), "id": int(ONE.number("5"))}
    assert json.loads(found)["maxTries"] == 3


@pytest.mark.parametrize("body", [b'{"name":"Zoe Zzyx"', b"Zoe Zzyx", b'{"name":"Zoe Zzyx \xe9"}', b's:99:"Zoe Zzyx";'])
def test_what_cannot_be_read_loses_every_letter_and_digit(body: bytes) -> None:
    found = pseudonymise_body(body, PAYIN)
    assert not found.readable
    assert len(found.body) == len(body)
    assert b"Zzyx" not in found.body
    assert b"name" not in found.body


def test_nothing_stays_nothing() -> None:
    assert pseudonymise_body(b"", NONE).body == b""


def test_headers_change_but_for_technical_ones() -> None:
    stamp = "X-Message-Stamp-Symfony\\Component\\Messenger\\Stamp\\"
    headers = {
        "type": "App\\M",
        "customer": NAME,
        "count": 17,
        "rate": 2.5,
        "flag": True,
        "none": None,
        "list": [NAME, {"iban": IBAN}],
        "raw": {"base64": base64.b64encode(b"Zzyx \xff").decode()},
        "x-death": [{"queue": "q", "count": 2}],
        "laravel": {"attempts": 2},
        f"{stamp}BusNameStamp": '[{"busName":"bus"}]',
        f"{stamp}ErrorDetailsStamp": json.dumps([{"exceptionMessage": NAME}]),
        "X-Message-Stamp-App\\Stamp\\Customer": json.dumps([{"name": NAME}], ensure_ascii=False),
    }
    found = pseudonymise_headers(headers, NONE)
    for name in ("type", "flag", "none", "x-death", "laravel", f"{stamp}BusNameStamp"):
        assert found[name] == headers[name]
    assert found["customer"] == ONE.text(NAME)
    assert found["list"] == [ONE.text(NAME), {"iban": ONE.text(IBAN)}]
    assert found["count"] == int(ONE.number("17"))
    assert found["rate"] == float(ONE.number("2.5"))
    assert base64.b64decode(found["raw"]["base64"]) == f"{ONE.text('Zzyx')} ".encode() + b"\xff"
    assert json.loads(found[f"{stamp}ErrorDetailsStamp"]) == [{"exceptionMessage": ONE.text(NAME)}]
    assert json.loads(found["X-Message-Stamp-App\\Stamp\\Customer"]) == [{"name": ONE.text(NAME)}]


def test_properties_keep_the_identity() -> None:
    properties = {"message_id": "m-1", "correlation_id": "c-1", "content_type": "application/json", "timestamp": 5}
    found = pseudonymise_properties(properties, CARD)
    assert found == {**properties, "correlation_id": ONE.text("c-1")}


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text("abcXY 019é-'\"\\/", max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("abcd"), inner, max_size=4)),
    max_leaves=10,
)


@given(values, st.text("qwertzuiop", min_size=10, max_size=20))
def test_no_planted_value_survives_anywhere(value: Any, planted: str) -> None:
    body = json.dumps({"a": value, "b": [planted, {"c": f"x {planted} y"}], "d": json.dumps({"e": planted})}).encode()
    found = pseudonymise_body(body, NONE)
    assert found.readable
    assert len(found.body) == len(body)
    assert planted.encode() not in found.body
