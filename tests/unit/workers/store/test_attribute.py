import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.php.text import from_bytes
from tests.fakes.key import static_sealer
from tests.fakes.message import IBAN, NAME, PLANTED
from tests.fakes.outcome import attempt, message, row
from workers.logic.decision import Column, Row
from workers.store.attribute import DEFLATE_BYTES, open_attempt, read_row, row_sort_key, seal_attempt, write_row
from workers.store.seal import BrokenSealError

SEALER = static_sealer()
PARTITION = "default#payin#p1"
PLAIN = frozenset({"amount", "fee", "cents", "status"})

columns = st.dictionaries(
    st.sampled_from(["amount", "fee", "cents", "status", "label", "debtor_name", "x"]),
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
    | st.binary(max_size=6).map(from_bytes),
)


def written(**values: Column) -> Any:
    return write_row(Row("payins", "p1", values), PARTITION, "default", PLAIN, SEALER)


@given(columns)
def test_a_row_comes_back_as_it_was_written(values: dict[str, Column]) -> None:
    read = read_row(written(**values), "default", SEALER)
    assert (read.table, read.key) == ("payins", "p1")
    assert read.columns == values
    assert {name: repr(value) for name, value in read.columns.items()} == {n: repr(v) for n, v in values.items()}


@pytest.mark.parametrize("name", ["fee", "label"])
@pytest.mark.parametrize(
    "value", [10.0, 10, 0.1 + 0.2, 1e22, -0.0, 2**63 - 1, None, "", "10.0", "é", "\udcc3", "a\x00b"]
)
def test_a_value_keeps_type_and_digits_whether_sealed_or_plain(name: str, value: Column) -> None:
    assert repr(read_row(written(**{name: value}), "default", SEALER).columns[name]) == repr(value)


def test_two_halves_that_were_joined_are_one_character_again() -> None:
    assert read_row(written(label="\udcc3\udca9", status="\udcc3\udca9"), "default", SEALER).columns == {
        "label": "é",
        "status": "é",
    }


def test_only_what_a_contract_calls_plain_can_be_read_in_an_item() -> None:
    item = written(amount="1.00", status="PENDING", debtor_name=NAME, debtor_iban=IBAN)
    assert json.loads(item["plain"]["S"]) == {"amount": "1.00", "status": "PENDING"}
    assert not [value for value in PLANTED if value in repr(item)]
    assert (item["pk"], item["sk"]) == ({"S": PARTITION}, {"S": "row#payins#p1"})


def test_a_row_without_personal_columns_is_not_sealed() -> None:
    assert "sealed" not in written(amount="1.00")


def test_a_row_whose_columns_nobody_called_plain_is_sealed_whole() -> None:
    item = write_row(Row("payins", "p1", {"amount": "1.00"}), PARTITION, "default", frozenset(), SEALER)
    assert item["plain"] == {"S": "{}"}
    assert read_row(item, "default", SEALER).columns == {"amount": "1.00"}


@pytest.mark.parametrize("changed", [{"pk": {"S": "default#payin#p2"}}, {"sk": {"S": "row#payins#p2"}}])
def test_a_sealed_row_cannot_be_moved_to_another_item(changed: dict[str, Any]) -> None:
    with pytest.raises(BrokenSealError):
        read_row({**written(label=NAME), **changed}, "default", SEALER)


def test_a_sealed_row_cannot_be_moved_to_another_tenant() -> None:
    with pytest.raises(BrokenSealError):
        read_row(written(label=NAME), "other", SEALER)


def test_two_rows_of_one_aggregate_have_two_sort_keys() -> None:
    assert row_sort_key("payins", "1") != row_sort_key("journal", "1")


def test_an_outcome_comes_back_sealed_whole() -> None:
    one = attempt(row(debtor_name=NAME, fee=None), message('{"label":"é"}'))
    sealed = seal_attempt(one, "candidate", "default", SEALER)
    assert open_attempt(sealed, "w1", "candidate", "default", SEALER) == one
    assert not [value for value in (*PLANTED, "payins") if value.encode() in sealed]


def test_a_large_outcome_is_deflated_and_comes_back() -> None:
    one = attempt(row(label=NAME * 20_000), message('{"label":"é"}'))
    sealed = seal_attempt(one, "candidate", "default", SEALER)
    assert len(sealed) < DEFLATE_BYTES
    assert open_attempt(sealed, "w1", "candidate", "default", SEALER) == one


@pytest.mark.parametrize("deflated", ["é", "AAAA", "A"])
def test_an_outcome_that_cannot_be_inflated_is_a_broken_seal(deflated: str) -> None:
    sealed = SEALER.seal(
        {"deflated": deflated}, tenant="default", table="ledger", purpose="outcome", item="w1|candidate"
    )
    with pytest.raises(BrokenSealError):
        open_attempt(sealed, "w1", "candidate", "default", SEALER)


@pytest.mark.parametrize(
    ("message_id", "side", "tenant"),
    [("w2", "candidate", "default"), ("w1", "control1", "default"), ("w1", "candidate", "other")],
)
def test_an_outcome_cannot_be_moved_to_another_message_side_or_tenant(message_id: str, side: str, tenant: str) -> None:
    sealed = seal_attempt(attempt(row(a=1)), "candidate", "default", SEALER)
    with pytest.raises(BrokenSealError):
        open_attempt(sealed, message_id, side, tenant, SEALER)
