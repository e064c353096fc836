import pytest

from contracts import naming
from tests.infra.template import STACK, Resource, Template

LEDGER, LETTERS = naming.ledger_table_name(STACK), naming.letters_table_name(STACK)
CONTROL = naming.control_table_name(STACK)
TABLES = (naming.records_table_name(STACK), LEDGER, CONTROL, LETTERS)
MOST_IN_AN_INDEX = 20
SECRET = {"candidate", "control", "message", "parts", "sealed"}


def _table(template: Template, name: str) -> Resource:
    return template.named("AWS::DynamoDB::Table", name)


def test_tables_have_the_names_of_the_contracts(template: Template) -> None:
    assert sorted(table.name for table in template.resources("AWS::DynamoDB::Table")) == sorted(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_encrypted_with_our_key_and_can_be_restored(template: Template, name: str) -> None:
    properties = _table(template, name).properties
    assert properties["SSESpecification"]["KMSMasterKeyId"].endswith("key/TableKey")
    assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


@pytest.mark.parametrize("name", TABLES)
def test_a_table_outlives_the_stack_unless_it_is_disposable(
    template: Template, disposable_template: Template, name: str
) -> None:
    kept, gone = _table(template, name), _table(disposable_template, name)
    assert (kept.attributes["DeletionPolicy"], kept.properties["DeletionProtectionEnabled"]) == ("Retain", True)
    assert (gone.attributes["DeletionPolicy"], gone.properties["DeletionProtectionEnabled"]) == ("Delete", False)


def test_the_ledger_streams_new_images_and_no_other_table_does(template: Template) -> None:
    streams = {
        one.name: one.properties.get("StreamSpecification") for one in template.resources("AWS::DynamoDB::Table")
    }
    assert streams.pop(LEDGER) == {"StreamViewType": "NEW_IMAGE"}
    assert not any(streams.values())


@pytest.mark.parametrize("name", [LEDGER, CONTROL, LETTERS])
def test_a_table_forgets_by_date_only(template: Template, name: str) -> None:
    properties = _table(template, name).properties
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


@pytest.mark.parametrize(
    ("table", "name", "keys"),
    [
        (LEDGER, "verdicts", ("verdict_of", "judged_at")),
        (LEDGER, "outlets", ("outlet_of", "due_at")),
        (LEDGER, "stamped", ("stamped", "processed_at")),
        (LEDGER, "awaited", ("awaited_of", "awaited_since")),
        (LETTERS, "open", ("state", "last_seen")),
    ],
)
def test_an_index_carries_nothing_that_is_sealed(
    template: Template, table: str, name: str, keys: tuple[str, str]
) -> None:
    (index,) = [one for one in _table(template, table).properties["GlobalSecondaryIndexes"] if one["IndexName"] == name]
    assert [(one["AttributeName"], one["KeyType"]) for one in index["KeySchema"]] == [
        (keys[0], "HASH"),
        (keys[1], "RANGE"),
    ]
    carried = index["Projection"].get("NonKeyAttributes", [])
    assert index["Projection"]["ProjectionType"] == ("INCLUDE" if carried else "KEYS_ONLY")
    assert len(carried) <= MOST_IN_AN_INDEX
    assert not SECRET & set(carried)


def test_keys_are_rotated_and_outlive_the_stack_unless_it_is_disposable(
    template: Template, disposable_template: Template
) -> None:
    for key in template.resources("AWS::KMS::Key"):
        assert key.properties["EnableKeyRotation"] is True
        assert key.attributes["DeletionPolicy"] == "Retain"
    assert {key.attributes["DeletionPolicy"] for key in disposable_template.resources("AWS::KMS::Key")} == {"Delete"}
