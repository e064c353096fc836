from pathlib import Path

import pytest

from ops.scaffold.design import naming
from ops.scaffold.guide import ALL, anchors
from ops.scaffold.registry_edit import FAMILIES, HANDLERS, NoPlaceError, with_family, with_handler

REPOSITORY = Path(__file__).parents[4]
REGISTRY = (REPOSITORY / FAMILIES).read_text("utf-8")
LOGIC = (REPOSITORY / HANDLERS).read_text("utf-8")


@pytest.mark.parametrize("family", ["aaa", "invoice", "zzz"])
def test_a_family_gets_its_import_in_order_and_a_line_at_the_end(family: str) -> None:
    text = with_family(REGISTRY, naming(f"{family}.create", None))
    imports = [line for line in text.splitlines() if line.startswith("from contracts.family.")]
    assert f"from contracts.family.{family} import {family.upper()}" in imports
    assert imports == sorted(imports)
    assert f"    {family.upper()},\n)\n" in text
    assert len(text.splitlines()) == len(REGISTRY.splitlines()) + 2


def test_a_name_that_the_registry_has_is_refused() -> None:
    with pytest.raises(NoPlaceError, match="free name PAYOUTS"):
        with_family(REGISTRY, naming("payouts.create", None))


def test_a_handler_gets_its_import_in_order_and_a_line_at_the_end() -> None:
    text = with_handler(LOGIC, naming("invoice.create", None))
    assert "import balance, card_transaction, invoice_create, payin, payout\n" in text
    assert '    "invoice.create": invoice_create.HANDLER,\n}\n' in text


def test_a_line_that_gets_too_long_is_broken_and_goes_on() -> None:
    text = LOGIC
    for number in range(9):
        text = with_handler(text, naming(f"some.long.type{'abcdefghi'[number]}", None))
    assert "from workers.logic import (\n    balance,\n    card_transaction,\n" in text
    assert text.count(".HANDLER,\n") == LOGIC.count(".HANDLER,\n") + 9


@pytest.mark.parametrize("text", ["", "from contracts.family.payin import PAYIN\nFAMILIES = ()\n"])
def test_a_registry_of_another_form_is_not_guessed_at(text: str) -> None:
    with pytest.raises(NoPlaceError, match="by hand"):
        with_family(text, naming("invoice.create", None))


@pytest.mark.parametrize("text", ["", "from workers.logic import payin\nHANDLERS = {}\n"])
def test_handlers_of_another_form_are_not_guessed_at(text: str) -> None:
    with pytest.raises(NoPlaceError, match="by hand"):
        with_handler(text, naming("invoice.create", None))


@pytest.mark.parametrize(
    ("type_name", "family", "module", "class_name"),
    [
        ("balance.update", "balance", "balance_update", "BalanceUpdate"),
        ("App\\Message\\PayoutUpdate", "payoutupdate", "app_message_payout_update", "AppMessagePayoutUpdate"),
        ("order:paid/v2", "order", "order_paid_v_2", "OrderPaidV2"),
        ("import", "import", "type_import", "Import"),
        ("3ds.create", None, "type_3_ds_create", "Type3DsCreate"),
    ],
)
def test_names_are_made_of_the_types_words(type_name: str, family: str | None, module: str, class_name: str) -> None:
    if family is None:
        with pytest.raises(ValueError, match="family"):
            naming(type_name, None)
    named = naming(type_name, family or "threeds")
    assert (named.family, named.module, named.class_name) == (family or "threeds", module, class_name)


def test_every_section_that_a_handler_is_referred_to_is_in_the_guide() -> None:
    assert ALL - set(anchors((REPOSITORY / "docs" / "porting.md").read_text("utf-8"))) == set()
