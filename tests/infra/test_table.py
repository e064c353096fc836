import pytest

from contracts import naming
from tests.infra.template import STACK, Resource, Template

TABLES = (naming.records_table_name(STACK), naming.ledger_table_name(STACK))


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


def test_the_ledger_streams_new_images_and_forgets_by_date(template: Template) -> None:
    properties = _table(template, naming.ledger_table_name(STACK)).properties
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_IMAGE"}
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}


def test_the_index_of_verdicts_carries_no_outcome(template: Template) -> None:
    (index,) = _table(template, naming.ledger_table_name(STACK)).properties["GlobalSecondaryIndexes"]
    assert index["Projection"]["ProjectionType"] == "INCLUDE"
    assert not {"candidate", "control", "sealed"} & set(index["Projection"]["NonKeyAttributes"])


def test_keys_are_rotated_and_outlive_the_stack_unless_it_is_disposable(
    template: Template, disposable_template: Template
) -> None:
    for key in template.resources("AWS::KMS::Key"):
        assert key.properties["EnableKeyRotation"] is True
        assert key.attributes["DeletionPolicy"] == "Retain"
    assert {key.attributes["DeletionPolicy"] for key in disposable_template.resources("AWS::KMS::Key")} == {"Delete"}
