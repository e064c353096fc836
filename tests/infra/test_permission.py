import pytest

from contracts import naming
from contracts.registry import FAMILIES
from tests.infra.golden import FOLDER, documents
from tests.infra.template import ACCOUNT, REGION, STACK, Template

BUCKET = naming.claim_bucket_name(STACK, ACCOUNT, REGION)
ADVICE = "read the difference; if it is meant, `python -m tests.infra.golden` writes the reviewed copies anew"


def test_policies_and_counts_are_the_reviewed_ones(template: Template) -> None:
    reviewed = {file.name: file.read_text("utf-8") for file in FOLDER.glob("*.json")}
    assert documents(template) == reviewed, ADVICE


def test_every_function_has_a_role_of_its_own(template: Template) -> None:
    roles = [function.properties["Role"] for function in template.resources("AWS::Lambda::Function")]
    assert len(set(roles)) == len(roles)


def test_no_role_has_a_managed_policy_and_no_policy_stands_alone(template: Template) -> None:
    assert not [role for role in template.resources("AWS::IAM::Role") if role.properties.get("ManagedPolicyArns")]
    assert not template.resources("AWS::IAM::Policy")
    assert not template.resources("AWS::IAM::ManagedPolicy")


def test_no_statement_has_a_wildcard_but_for_the_streams_of_one_log_group_and_keys_of_claims(
    template: Template,
) -> None:
    for role in template.resources("AWS::IAM::Role"):
        for policy in role.properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in str(statement["Action"]), statement
                resources = [one for one in _listed(statement["Resource"]) if one not in _claims(role.name)]
                wild = [one for one in resources if "*" in one.removesuffix(":*")]
                assert not wild, statement
                assert not str(statement["Resource"]).endswith(":*") or statement["Sid"] == "Log", statement


def test_every_use_of_the_seal_key_names_tenant_table_and_purpose(template: Template) -> None:
    statements = [
        statement
        for role in template.resources("AWS::IAM::Role")
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "kms:" in str(statement["Action"])
    ]
    assert statements
    for statement in statements:
        assert set(statement["Condition"]["StringEquals"]) == {
            "kms:EncryptionContext:tenant",
            "kms:EncryptionContext:table",
            "kms:EncryptionContext:purpose",
        }


@pytest.mark.parametrize("key", ["SealKey", "TableKey"])
def test_who_administers_a_key_cannot_use_it(template: Template, key: str) -> None:
    (document,) = [one for one in template.resources("AWS::KMS::Key") if one.name == key]
    administer, use = document.properties["KeyPolicy"]["Statement"]
    used = {"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:CreateGrant"}
    assert not [action for action in used for allowed in administer["Action"] if _covers(allowed, action)]
    assert use["Condition"]


def test_a_shipper_reaches_the_channels_and_nothing_else(template: Template) -> None:
    role = template.named("AWS::IAM::Role", naming.shipper_role_name(STACK))
    ((statement, deposit),) = [policy["PolicyDocument"]["Statement"] for policy in role.properties["Policies"]]
    names = [naming.queue_name(STACK, family.name, ordered=family.ordered) for family in FAMILIES]
    names += [naming.outcome_queue_name(STACK), naming.invalid_queue_name(STACK)]
    assert [arn.rsplit(":", 1)[1] for arn in statement["Resource"]] == names
    assert (deposit["Action"], deposit["Resource"]) == ("s3:PutObject", _claims(role.name))


def test_a_familys_function_puts_nothing_into_the_bucket_but_what_lies_there(template: Template) -> None:
    for family in FAMILIES:
        role = next(
            one for one in template.resources("AWS::IAM::Role") if one.name.startswith(family.name.capitalize())
        )
        statements = [one for policy in role.properties["Policies"] for one in policy["PolicyDocument"]["Statement"]]
        on_objects = [one for one in statements if "/*" in str(one["Resource"])]
        assert {one["Action"] for one in on_objects} == {"s3:GetObject", "s3:PutObject", "s3:PutObjectTagging"}
        (put,) = [one for one in on_objects if one["Action"] == "s3:PutObject"]
        assert put["Condition"] == {"StringLike": {"s3:x-amz-copy-source": f"{BUCKET}/{family.name}/*"}}


def test_every_use_of_the_control_table_names_its_partitions(template: Template) -> None:
    control = f"table/{naming.control_table_name(STACK)}"
    roles = {
        role.name: statement
        for role in template.resources("AWS::IAM::Role")
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if control in str(statement["Resource"])
    }
    families = [family.name for family in FAMILIES]
    types = [one.name for family in FAMILIES for one in family.types]
    assert len(roles) == len(families) + 2, "each family's function, the judge, and the router"
    for name, statement in roles.items():
        condition = statement["Condition"]
        named = _listed(condition["ForAllValues:StringEquals"]["dynamodb:LeadingKeys"])
        assert {one.partition("#")[2] for one in named} <= set(types if name == "JudgeRole" else families)
        assert condition["Null"] == {"dynamodb:LeadingKeys": "false"}, "a request without keys is not one of all keys"


def _claims(role: str) -> list[str]:
    """Objects of the bucket that a role may reach."""
    if role == naming.returner_role_name(STACK):
        return [f"arn:aws:s3:::{BUCKET}/*"]
    families = [one.name for one in FAMILIES]
    if role != naming.shipper_role_name(STACK):
        families = [name for name in families if role.startswith(name.capitalize())]
    return [f"arn:aws:s3:::{BUCKET}/{name}/*" for name in families]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _covers(allowed: str, action: str) -> bool:
    return action.startswith(allowed.removesuffix("*")) if allowed.endswith("*") else action == allowed
