"""What each role may and may not do, tried out in the embedded AWS with the role's own credentials.

The reviewed policies (tests/infra/golden) say what was meant; this says that it is enough, and no more than that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from contracts import naming
from contracts.registry import FAMILIES
from tests.deployed import ONE_TRY, STACK, Deployed

pytest_plugins = ("tests.fixtures_stack",)

RECORDS = naming.records_table_name(STACK)
LEDGER = naming.ledger_table_name(STACK)
FIRST, OTHER = FAMILIES[0], FAMILIES[-1]
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
RECORD_CONTEXT = {"tenant": "default", "table": "records", "purpose": "record"}
OUTCOME_CONTEXT = {"tenant": "default", "table": "ledger", "purpose": "outcome"}
KEY = {"pk": {"S": "probe"}}
ITEM_KEY = {"pk": {"S": "probe"}, "sk": {"S": "probe"}}


@dataclass(frozen=True, slots=True)
class World:
    """What calls are made on; ciphertexts are the root's."""

    urls: Mapping[str, str]
    seal_key: str
    ciphertexts: Mapping[str, bytes]
    secret: str
    other_secret: str
    stream: str


@pytest.fixture(scope="module")
def world(deployed: Deployed) -> World:
    client = deployed.session.client
    kms, sqs, secrets = client("kms"), client("sqs"), client("secretsmanager")
    seal_key = deployed.outputs["SealKeyArn"]
    contexts = {"records": RECORD_CONTEXT, "ledger": OUTCOME_CONTEXT}
    other_secret = secrets.create_secret(Name="not-for-workers", SecretString="x")["ARN"]
    stream = client("dynamodb").describe_table(TableName=LEDGER)["Table"]["LatestStreamArn"]
    urls = {url.rsplit("/", 1)[1]: url for url in sqs.list_queues()["QueueUrls"]}
    ciphertexts = {
        table: kms.encrypt(KeyId=seal_key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        for table, context in contexts.items()
    }
    secret = deployed.deployment.parameters["WebhookSecretArn"]
    return World(urls, seal_key, ciphertexts, secret, other_secret, stream)


class Calls:
    """One method a call; each either works, fails for another reason than permission, or is denied."""

    def __init__(self, session: boto3.Session, world: World) -> None:
        self._session = session
        self._world = world

    def _client(self, service: str) -> Any:
        return self._session.client(service, config=ONE_TRY)  # type: ignore[call-overload]

    def send(self, queue: str) -> None:
        # An empty body: refused by SQS where the sender is allowed, so that nothing gets into the queue.
        self._client("sqs").send_message(QueueUrl=self._world.urls[queue], MessageBody="")

    def send_batch(self, queue: str) -> None:
        self._client("sqs").send_message_batch(
            QueueUrl=self._world.urls[queue], Entries=[{"Id": "1", "MessageBody": ""}]
        )

    def look_up(self, queue: str) -> None:
        self._client("sqs").get_queue_url(QueueName=queue)

    def receive(self, queue: str) -> None:
        self._client("sqs").receive_message(QueueUrl=self._world.urls[queue])

    def delete(self, queue: str) -> None:
        self._client("sqs").delete_message(QueueUrl=self._world.urls[queue], ReceiptHandle="none")

    def delay(self, queue: str) -> None:
        entry = {"Id": "1", "ReceiptHandle": "none", "VisibilityTimeout": 1}
        self._client("sqs").change_message_visibility_batch(QueueUrl=self._world.urls[queue], Entries=[entry])

    def purge(self, queue: str) -> None:
        self._client("sqs").purge_queue(QueueUrl=self._world.urls[queue])

    def batch_get(self, table: str) -> None:
        self._client("dynamodb").batch_get_item(RequestItems={table: {"Keys": [_key(table)]}})

    def get(self, table: str) -> None:
        self._client("dynamodb").get_item(TableName=table, Key=_key(table))

    def query(self, table: str) -> None:
        self._client("dynamodb").query(
            TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "probe"}}
        )

    def scan(self, table: str) -> None:
        self._client("dynamodb").scan(TableName=table)

    def put(self, table: str) -> None:
        self._client("dynamodb").put_item(TableName=table, Item=_key(table))

    def update(self, table: str) -> None:
        self._client("dynamodb").update_item(TableName=table, Key=_key(table))

    def remove(self, table: str) -> None:
        self._client("dynamodb").delete_item(TableName=table, Key=_key(table))

    def transact(self, *actions: str) -> None:
        """`Put records`, `Update ledger`, …: all in one transaction."""
        items = []
        for action in actions:
            verb, table = action.split()
            name = f"{STACK}-{table}"
            what: dict[str, Any] = {"TableName": name}
            what |= {"Item": _key(name)} if verb == "Put" else {"Key": _key(name)}
            what |= (
                {"UpdateExpression": "ADD revision :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
                if (verb == "Update")
                else {}
            )
            items.append({verb: what})
        self._client("dynamodb").transact_write_items(TransactItems=items)

    def follow(self, _: str) -> None:
        self._client("dynamodbstreams").describe_stream(StreamArn=self._world.stream)

    def seal(self, *context: str) -> None:
        """`seal("default", "records", "record")`."""
        self._client("kms").generate_data_key(
            KeyId=self._world.seal_key, KeySpec="AES_256", EncryptionContext=_context(context)
        )

    def open(self, table: str) -> None:
        context = {"records": RECORD_CONTEXT, "ledger": OUTCOME_CONTEXT}[table]
        ciphertext = self._world.ciphertexts[table]
        self._client("kms").decrypt(CiphertextBlob=ciphertext, EncryptionContext=context, KeyId=self._world.seal_key)

    def encrypt(self, *context: str) -> None:
        self._client("kms").encrypt(KeyId=self._world.seal_key, Plaintext=b"x", EncryptionContext=_context(context))

    def read_secret(self, which: str) -> None:
        arn = {"webhooks": self._world.secret, "other": self._world.other_secret}[which]
        self._client("secretsmanager").get_secret_value(SecretId=arn)

    def invoke(self, function: str) -> None:
        self._client("lambda").invoke(FunctionName=function)

    def widen(self, role: str) -> None:
        self._client("iam").put_role_policy(RoleName=role, PolicyName="more", PolicyDocument="{}")

    def assume(self, role: str) -> None:
        arn = f"arn:aws:iam::000000000000:role/{role}"
        self._client("sts").assume_role(RoleArn=arn, RoleSessionName="shipper-2")


def _key(table: str) -> dict[str, Any]:
    return dict(ITEM_KEY if table == RECORDS else KEY)


def _context(values: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(("tenant", "table", "purpose"), values, strict=False))


def _queue(family: Any) -> str:
    return naming.queue_name(STACK, family.name, ordered=family.ordered)


def _dead_letters(family: Any) -> str:
    return naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered)


Call = tuple[str, ...]
OUTCOMES = naming.outcome_queue_name(STACK)
JUDGE_DEAD_LETTERS = naming.judge_dead_letter_queue_name(STACK)

NOBODY: list[Call] = [
    ("scan", RECORDS),
    ("scan", LEDGER),
    ("remove", RECORDS),
    ("remove", LEDGER),
    ("get", LEDGER),
    ("put", LEDGER),
    ("transact", "Delete ledger"),
    ("purge", _queue(FIRST)),
    ("encrypt", "default", "records", "record"),
    ("seal",),
    ("seal", "another", "records", "record"),
    ("seal", "default", "records", "outcome"),
    ("seal", "default", "ledger", "record"),
    ("seal", "default", "records"),
    ("read_secret", "other"),
    ("invoke", naming.judge_function_name(STACK)),
    ("widen", naming.shipper_role_name(STACK)),
    ("assume", naming.shipper_role_name(STACK)),
]


def _process_allowed(family: Any) -> list[Call]:
    return [
        ("receive", _queue(family)),
        ("delete", _queue(family)),
        ("delay", _queue(family)),
        ("send", _dead_letters(family)),
        ("batch_get", RECORDS),
        ("batch_get", LEDGER),
        ("update", LEDGER),
        ("transact", "Put records", "Update ledger"),
        ("transact", "Update records", "Update ledger"),
        ("seal", "default", "records", "record"),
        ("open", "records"),
        ("seal", "default", "ledger", "outcome"),
        ("read_secret", "webhooks"),
    ]


def _process_denied(family: Any) -> list[Call]:
    other = OTHER if family is not OTHER else FIRST
    return [
        *NOBODY,
        ("send", _queue(family)),
        ("receive", _dead_letters(family)),
        ("receive", _queue(other)),
        ("delete", _queue(other)),
        ("delay", _queue(other)),
        ("send", _dead_letters(other)),
        ("send", OUTCOMES),
        ("query", LEDGER),
        ("transact", "Put records", "Put ledger"),
        ("open", "ledger"),
        ("follow", LEDGER),
    ]


ROLES: dict[str, tuple[list[Call], list[Call]]] = {
    **{
        naming.family_function_name(STACK, family.name): (_process_allowed(family), _process_denied(family))
        for family in FAMILIES
    },
    naming.control_function_name(STACK): (
        [("receive", OUTCOMES), ("delete", OUTCOMES), ("update", LEDGER), ("seal", "default", "ledger", "outcome")],
        [
            *NOBODY,
            ("send", OUTCOMES),
            ("receive", _queue(FIRST)),
            ("delay", OUTCOMES),
            ("batch_get", LEDGER),
            ("update", RECORDS),
            ("put", RECORDS),
            ("open", "ledger"),
            ("seal", "default", "records", "record"),
            ("read_secret", "webhooks"),
        ],
    ),
    naming.judge_function_name(STACK): (
        [("follow", LEDGER), ("update", LEDGER), ("open", "ledger"), ("send", JUDGE_DEAD_LETTERS)],
        [
            *NOBODY,
            ("receive", _queue(FIRST)),
            ("receive", OUTCOMES),
            ("batch_get", LEDGER),
            ("batch_get", RECORDS),
            ("update", RECORDS),
            ("open", "records"),
            ("seal", "default", "ledger", "outcome"),
            ("read_secret", "webhooks"),
        ],
    ),
    naming.shipper_role_name(STACK): (
        [
            call
            for queue in [*map(_queue, FAMILIES), OUTCOMES]
            for call in [("send", queue), ("send_batch", queue), ("look_up", queue)]
        ],
        [
            *NOBODY,
            *(("send", _dead_letters(family)) for family in FAMILIES),
            ("send_batch", _dead_letters(FIRST)),
            ("look_up", _dead_letters(FIRST)),
            ("send", JUDGE_DEAD_LETTERS),
            ("receive", _queue(FIRST)),
            ("delete", _queue(FIRST)),
            ("batch_get", LEDGER),
            ("update", LEDGER),
            ("put", RECORDS),
            ("open", "records"),
            ("seal", "default", "records", "record"),
            ("read_secret", "webhooks"),
        ],
    ),
}


@pytest.fixture(scope="module")
def calls(deployed: Deployed, world: World) -> Callable[[str], Calls]:
    known: dict[str, Calls] = {}

    def of(role: str) -> Calls:
        if role not in known:
            shipper = role == naming.shipper_role_name(STACK)
            arn = deployed.outputs["ShipperRoleArn"] if shipper else deployed.role_of(role)
            known[role] = Calls(deployed.as_role(arn, "shipper-1"), world)
        return known[role]

    return of


def _verdict(calls: Calls, call: Call) -> str:
    name, *arguments = call
    try:
        getattr(calls, name)(*arguments)
    except ClientError as error:
        return "denied" if error.response["Error"]["Code"] in DENIED else "allowed"
    return "allowed"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_it_needs(role: str, calls: Callable[[str], Calls]) -> None:
    verdicts = {call: _verdict(calls(role), call) for call in ROLES[role][0]}
    assert verdicts == dict.fromkeys(verdicts, "allowed")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_nothing_else(role: str, calls: Callable[[str], Calls]) -> None:
    verdicts = {call: _verdict(calls(role), call) for call in ROLES[role][1]}
    assert verdicts == dict.fromkeys(verdicts, "denied")


def test_the_root_may_do_what_the_roles_may_not(deployed: Deployed, world: World) -> None:
    """The denials are the roles' own, not the embedded AWS' way with these calls."""
    root = Calls(deployed.session, world)
    verdicts = {call: _verdict(root, call) for call in [*NOBODY, *ROLES[naming.judge_function_name(STACK)][1]]}
    assert verdicts == dict.fromkeys(verdicts, "allowed")


def test_a_shipper_has_to_say_that_it_is_one(deployed: Deployed) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        deployed.as_role(deployed.outputs["ShipperRoleArn"], "somebody")
