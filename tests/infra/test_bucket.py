from contracts import naming
from contracts.claim import FINISHED_TAG
from tests.infra.template import ACCOUNT, REGION, STACK, Resource, Template


def claims(template: Template) -> Resource:
    return template.named("AWS::S3::Bucket", naming.claim_bucket_name(STACK, ACCOUNT, REGION))


def test_claims_are_encrypted_with_the_key_that_tables_have(template: Template) -> None:
    (rule,) = claims(template).properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    by_default = rule["ServerSideEncryptionByDefault"]
    assert by_default["SSEAlgorithm"] == "aws:kms"
    assert by_default["KMSMasterKeyID"].endswith("key/TableKey")


def test_claims_are_nobody_elses_and_not_public(template: Template) -> None:
    properties = claims(template).properties
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert "VersioningConfiguration" not in properties


def test_claims_are_reached_by_tls_only(template: Template) -> None:
    (policy,) = template.resources("AWS::S3::BucketPolicy")
    (statement,) = policy.properties["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_what_is_finished_expires_sixty_days_later(template: Template) -> None:
    rules = claims(template).properties["LifecycleConfiguration"]["Rules"]
    tag, value = FINISHED_TAG
    assert [one for one in rules if any(name.startswith("Expiration") for name in one)] == [
        {"ExpirationInDays": 60, "Id": "Finished", "Status": "Enabled", "TagFilters": [{"Key": tag, "Value": value}]}
    ]
    assert [one["AbortIncompleteMultipartUpload"] for one in rules if "AbortIncompleteMultipartUpload" in one] == [
        {"DaysAfterInitiation": 1}
    ]


def test_claims_outlive_the_stack_unless_it_is_disposable(template: Template, disposable_template: Template) -> None:
    assert claims(template).attributes["DeletionPolicy"] == "Retain"
    assert claims(disposable_template).attributes["DeletionPolicy"] == "Delete"
