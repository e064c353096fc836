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
CONTROL = naming.control_table_name(STACK)
LETTERS = naming.letters_table_name(STACK)
BUCKET = naming.claim_bucket_name(STACK, "000000000000", "eu-west-1")
FIRST, OTHER = FAMILIES[0], FAMILIES[-1]
DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}
RECORD_CONTEXT = {"tenant": "default", "table": "records", "purpose": "record"}
OUTCOME_CONTEXT = {"tenant": "default", "table": "ledger", "purpose": "outcome"}
LETTER_CONTEXT = {"tenant": "default", "table": "letters", "purpose": "letter"}
CONTEXTS = {"records": RECORD_CONTEXT, "ledger": OUTCOME_CONTEXT, "letters": LETTER_CONTEXT}
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
    other_secret = secrets.create_secret(Name="not-for-workers", SecretString="x")["ARN"]
    stream = client("dynamodb").describe_table(TableName=LEDGER)["Table"]["LatestStreamArn"]
    urls = {url.rsplit("/", 1)[1]: url for url in sqs.list_queues()["QueueUrls"]}
    ciphertexts = {
        table: kms.encrypt(KeyId=seal_key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
        for table, context in CONTEXTS.items()
    }
    secret = deployed.deployment.parameters["WebhookSecretArn"]
    return World(urls, seal_key, ciphertexts, secret, other_secret, stream)


class Calls:
    """One method a call; each either works, fails for another reason than permission, or is denied."""

    def __init__(self, session: boto3.Session, world: World) -> None:
        self._session = session
        self._world = world
        self._clients: dict[str, Any] = {}

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=ONE_TRY)  # type: ignore[call-overload]
        return self._clients[service]

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

    def load(self, family: str) -> None:
        """What a family's function reads before it decides: three tables in one call."""
        keys = {RECORDS: ITEM_KEY, LEDGER: KEY, CONTROL: _control_key(f"authority#{family}")}
        self._client("dynamodb").batch_get_item(RequestItems={table: {"Keys": [key]} for table, key in keys.items()})

    def ask(self, *attributes: str) -> None:
        """Read these attributes of the ledger's entries; none means all of them."""
        what: dict[str, Any] = {"Keys": [KEY]}
        what |= {"ProjectionExpression": ", ".join(attributes)} if attributes else {}
        self._client("dynamodb").batch_get_item(RequestItems={LEDGER: what})

    def get_row(self, partition: str) -> None:
        self._client("dynamodb").get_item(TableName=CONTROL, Key=_control_key(partition))

    def query_rows(self, partition: str) -> None:
        self._client("dynamodb").query(
            TableName=CONTROL,
            KeyConditionExpression="#pk = :pk",
            ExpressionAttributeNames={"#pk": "pk"},
            ExpressionAttributeValues={":pk": {"S": partition}},
        )

    def put_row(self, partition: str) -> None:
        self._client("dynamodb").put_item(TableName=CONTROL, Item=_control_key(partition))

    def update_row(self, partition: str) -> None:
        self._client("dynamodb").update_item(TableName=CONTROL, Key=_control_key(partition))

    def remove_row(self, partition: str) -> None:
        self._client("dynamodb").delete_item(TableName=CONTROL, Key=_control_key(partition))

    def move(self, partition: str) -> None:
        """Write the control table inside of a transaction."""
        item = _control_key(partition)
        self._client("dynamodb").transact_write_items(TransactItems=[{"Put": {"TableName": CONTROL, "Item": item}}])

    def put_batch(self, partition: str) -> None:
        request = {"PutRequest": {"Item": _control_key(partition)}}
        self._client("dynamodb").batch_write_item(RequestItems={CONTROL: [request]})

    def search(self, index: str, hash_key: str) -> None:
        self._client("dynamodb").query(
            TableName=LETTERS if index == "open" else LEDGER,
            IndexName=index,
            KeyConditionExpression="#hash = :value",
            ExpressionAttributeNames={"#hash": hash_key},
            ExpressionAttributeValues={":value": {"S": "none"}},
        )

    def tell(self, bus: str) -> None:
        entry = {"EventBusName": bus, "Source": "strangler.probe", "DetailType": "probe", "Detail": "{}"}
        self._client("events").put_events(Entries=[entry])

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
        ciphertext, key = self._world.ciphertexts[table], self._world.seal_key
        self._client("kms").decrypt(CiphertextBlob=ciphertext, EncryptionContext=CONTEXTS[table], KeyId=key)

    def encrypt(self, *context: str) -> None:
        self._client("kms").encrypt(KeyId=self._world.seal_key, Plaintext=b"x", EncryptionContext=_context(context))

    def read_secret(self, which: str) -> None:
        arn = {"webhooks": self._world.secret, "other": self._world.other_secret}[which]
        self._client("secretsmanager").get_secret_value(SecretId=arn)

    def deposit(self, key: str) -> None:
        self._client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")

    def fetch(self, key: str) -> None:
        self._client("s3").get_object(Bucket=BUCKET, Key=key)

    def finish(self, key: str) -> None:
        self.copy(key, key)

    def copy(self, source: str, key: str) -> None:
        self._client("s3").copy_object(
            Bucket=BUCKET,
            Key=key,
            CopySource={"Bucket": BUCKET, "Key": source},
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",
            Tagging="finished=true",
        )

    def mark(self, key: str) -> None:
        tags = [{"Key": "finished", "Value": "true"}]
        self._client("s3").put_object_tagging(Bucket=BUCKET, Key=key, Tagging={"TagSet": tags})

    def list_claims(self, bucket: str) -> None:
        self._client("s3").list_objects_v2(Bucket=bucket)

    def delete_claim(self, key: str) -> None:
        self._client("s3").delete_object(Bucket=BUCKET, Key=key)

    def loosen(self, bucket: str) -> None:
        self._client("s3").delete_bucket_policy(Bucket=bucket)

    def invoke(self, function: str) -> None:
        self._client("lambda").invoke(FunctionName=function)

    def widen(self, role: str) -> None:
        self._client("iam").put_role_policy(RoleName=role, PolicyName="more", PolicyDocument="{}")

    def assume(self, role: str) -> None:
        arn = f"arn:aws:iam::000000000000:role/{role}"
        self._client("sts").assume_role(RoleArn=arn, RoleSessionName="shipper-2")


def _control_key(partition: str) -> dict[str, Any]:
    return {"pk": {"S": partition}, "sk": {"S": "record"}}


def _key(table: str) -> dict[str, Any]:
    return dict(ITEM_KEY if table in (RECORDS, CONTROL) else KEY)


def _context(values: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(("tenant", "table", "purpose"), values, strict=False))


def _queue(family: Any) -> str:
    return naming.queue_name(STACK, family.name, ordered=family.ordered)


def _dead_letters(family: Any) -> str:
    return naming.dead_letter_queue_name(STACK, family.name, ordered=family.ordered)


Call = tuple[str, ...]
OUTCOMES = naming.outcome_queue_name(STACK)
JUDGE_DEAD_LETTERS = naming.judge_dead_letter_queue_name(STACK)
OUTLET_DEAD_LETTERS = naming.outlet_dead_letter_queue_name(STACK)
RETURN = naming.return_queue_name(STACK)
RETURN_DEAD_LETTERS = naming.return_dead_letter_queue_name(STACK)
INVALID = naming.invalid_queue_name(STACK)
BUS = naming.event_bus_name(STACK)

NOBODY: list[Call] = [
    *(("scan", table) for table in (RECORDS, LEDGER, CONTROL, LETTERS)),
    *(("remove", table) for table in (RECORDS, LEDGER, CONTROL, LETTERS)),
    *((verb, table) for verb in ("get", "put", "batch_get") for table in (CONTROL, LETTERS)),
    *((verb, f"authority#{FIRST.name}") for verb in ("put_row", "update_row", "remove_row", "query_rows", "move")),
    *((verb, "audit") for verb in ("get_row", "put_row", "query_rows", "move", "put_batch")),
    ("put_batch", f"router#{FIRST.name}"),
    ("put", LEDGER),
    ("transact", "Delete ledger"),
    ("purge", _queue(FIRST)),
    ("encrypt", "default", "records", "record"),
    ("seal",),
    ("seal", "another", "records", "record"),
    ("seal", "default", "records", "outcome"),
    ("seal", "default", "ledger", "record"),
    ("seal", "default", "ledger", "letter"),
    ("seal", "default", "records"),
    ("open", "letters"),
    ("search", "open", "state"),
    ("search", "stamped", "stamped"),
    ("search", "verdicts", "verdict_of"),
    ("tell", "default"),
    ("read_secret", "other"),
    ("deposit", "outcomes/probe"),
    ("copy", f"{FIRST.name}/probe", f"{OTHER.name}/probe"),
    ("delete_claim", f"{FIRST.name}/probe"),
    ("loosen", BUCKET),
    ("invoke", naming.judge_function_name(STACK)),
    ("invoke", naming.sweeper_function_name(STACK)),
    ("invoke", naming.timekeeper_function_name(STACK)),
    ("widen", naming.shipper_role_name(STACK)),
    ("assume", naming.shipper_role_name(STACK)),
]

# What some role may, and each other one may not.
SOMEBODY: list[Call] = [
    *((verb, queue) for verb in ("send", "receive", "delete") for queue in (_queue(FIRST), OUTCOMES, RETURN, INVALID)),
    *((verb, _dead_letters(FIRST)) for verb in ("send", "receive", "delete")),
    ("delete", RETURN_DEAD_LETTERS),
    *(("send", queue) for queue in (JUDGE_DEAD_LETTERS, OUTLET_DEAD_LETTERS, RETURN_DEAD_LETTERS)),
    *(("receive", queue) for queue in (JUDGE_DEAD_LETTERS, OUTLET_DEAD_LETTERS, RETURN_DEAD_LETTERS)),
    *(("delay", queue) for queue in (_queue(FIRST), RETURN)),
    ("look_up", RETURN),
    ("look_up", INVALID),
    *(("get", table) for table in (RECORDS, LEDGER)),
    *(("batch_get", table) for table in (RECORDS, LEDGER)),
    *(("update", table) for table in (RECORDS, LEDGER, LETTERS)),
    ("put", RECORDS),
    ("query", LEDGER),
    ("search", "outlets", "outlet_of"),
    ("search", "awaited", "awaited_of"),
    ("load", FIRST.name),
    ("ask", "pk", "control_final"),
    ("ask",),
    *((verb, f"router#{FIRST.name}") for verb in ("get_row", "put_row", "update_row", "remove_row", "query_rows")),
    ("move", f"router#{FIRST.name}"),
    ("get_row", f"authority#{FIRST.name}"),
    ("follow", LEDGER),
    ("tell", BUS),
    ("open", "records"),
    ("open", "ledger"),
    ("seal", "default", "records", "record"),
    ("seal", "default", "ledger", "outcome"),
    ("seal", "default", "letters", "letter"),
    ("read_secret", "webhooks"),
    *((verb, f"{FIRST.name}/probe") for verb in ("deposit", "fetch", "finish", "mark")),
    ("list_claims", BUCKET),
]


def _process_allowed(family: Any) -> list[Call]:
    return [
        ("receive", _queue(family)),
        ("delete", _queue(family)),
        ("delay", _queue(family)),
        ("send", _dead_letters(family)),
        ("send", RETURN),
        ("load", family.name),
        ("batch_get", RECORDS),
        ("batch_get", LEDGER),
        ("ask", "pk", "control_final"),
        ("ask",),
        ("put", RECORDS),
        ("update", RECORDS),
        ("update", LEDGER),
        ("transact", "Put records", "Update ledger"),
        ("transact", "Update records", "Update ledger"),
        ("seal", "default", "records", "record"),
        ("open", "records"),
        ("seal", "default", "ledger", "outcome"),
        ("read_secret", "webhooks"),
        *((verb, f"{family.name}/probe") for verb in ("fetch", "finish", "mark")),
        ("list_claims", BUCKET),
    ]


def _process_denied(family: Any) -> list[Call]:
    other = OTHER if family is not OTHER else FIRST
    return [
        ("send", _queue(family)),
        ("receive", _dead_letters(family)),
        ("receive", _queue(other)),
        ("delete", _queue(other)),
        ("delay", _queue(other)),
        ("send", _dead_letters(other)),
        ("load", other.name),
        ("transact", "Put records", "Put ledger"),
        ("deposit", f"{family.name}/probe"),
        *((verb, f"{other.name}/probe") for verb in ("fetch", "finish", "mark")),
        ("copy", f"{other.name}/probe", f"{family.name}/probe"),
    ]


LETTING_LEAVE: list[Call] = [
    ("get", LEDGER),
    ("update", LEDGER),
    ("update", LETTERS),
    ("open", "ledger"),
    ("seal", "default", "letters", "letter"),
    ("tell", BUS),
    ("send", RETURN),
]

ALLOWED: dict[str, list[Call]] = {
    **{naming.family_function_name(STACK, family.name): _process_allowed(family) for family in FAMILIES},
    naming.control_function_name(STACK): [
        ("receive", OUTCOMES),
        ("delete", OUTCOMES),
        ("update", LEDGER),
        ("seal", "default", "ledger", "outcome"),
    ],
    naming.judge_function_name(STACK): [
        ("follow", LEDGER),
        ("update", LEDGER),
        ("open", "ledger"),
        ("send", JUDGE_DEAD_LETTERS),
        *(("update_row", f"liveness#{one.name}") for family in FAMILIES for one in family.types),
    ],
    naming.timekeeper_function_name(STACK): [
        ("search", "awaited", "awaited_of"),
        ("get", LEDGER),
        ("update", LEDGER),
    ],
    naming.outlet_function_name(STACK): [("follow", LEDGER), ("send", OUTLET_DEAD_LETTERS), *LETTING_LEAVE],
    naming.sweeper_function_name(STACK): [("search", "outlets", "outlet_of"), *LETTING_LEAVE],
    naming.letters_function_name(STACK): [
        *(
            (verb, queue)
            for verb in ("receive", "delete")
            for queue in [*(_dead_letters(family) for family in FAMILIES), RETURN_DEAD_LETTERS, INVALID]
        ),
        ("update", LETTERS),
        ("seal", "default", "letters", "letter"),
    ],
    naming.shipper_role_name(STACK): [
        *(
            call
            for queue in [*map(_queue, FAMILIES), OUTCOMES, INVALID]
            for call in [("send", queue), ("send_batch", queue), ("look_up", queue)]
        ),
        *(("deposit", f"{family.name}/probe") for family in FAMILIES),
    ],
    naming.router_role_name(STACK): [
        *(("get_row", f"authority#{family.name}") for family in FAMILIES),
        *((verb, f"router#{family.name}") for family in FAMILIES for verb in ("put_row", "remove_row")),
        ("move", f"router#{FIRST.name}"),
        ("ask", "pk", "control_final"),
        ("ask", "pk", "control_final", "candidate_ending", "stale", "authority"),
    ],
    naming.returner_role_name(STACK): [
        *((verb, RETURN) for verb in ("receive", "delete", "delay", "look_up")),
        *(("fetch", f"{family.name}/probe") for family in FAMILIES),
        ("list_claims", BUCKET),
    ],
}

DENIED_BESIDE: dict[str, list[Call]] = {
    **{naming.family_function_name(STACK, family.name): _process_denied(family) for family in FAMILIES},
    naming.control_function_name(STACK): [("delay", OUTCOMES)],
    naming.judge_function_name(STACK): [
        ("update_row", "liveness#unknown"),
        *((verb, f"liveness#{FIRST.types[0].name}") for verb in ("get_row", "query_rows", "put_row", "remove_row")),
    ],
    naming.shipper_role_name(STACK): [
        *(("send", _dead_letters(family)) for family in FAMILIES),
        ("send_batch", _dead_letters(FIRST)),
        ("look_up", _dead_letters(FIRST)),
    ],
    naming.router_role_name(STACK): [
        ("get_row", "authority#unknown"),
        ("put_row", "router#unknown"),
        ("ask", "pk", "candidate"),
        ("ask", "message"),
    ],
}
PROGRAMS = {
    naming.shipper_role_name(STACK): "Shipper",
    naming.router_role_name(STACK): "Router",
    naming.returner_role_name(STACK): "Returner",
}


def _denied(role: str) -> list[Call]:
    allowed = ALLOWED[role]
    return [call for call in [*NOBODY, *SOMEBODY, *DENIED_BESIDE.get(role, [])] if call not in allowed]


@pytest.fixture(scope="module")
def calls(deployed: Deployed, world: World) -> Callable[[str], Calls]:
    known: dict[str, Calls] = {}

    def of(role: str) -> Calls:
        if role not in known:
            program = PROGRAMS.get(role)
            arn = deployed.outputs[f"{program}RoleArn"] if program else deployed.role_of(role)
            known[role] = Calls(deployed.as_role(arn, f"{program or 'function'}-1".lower()), world)
        return known[role]

    return of


def _verdict(calls: Calls, call: Call) -> str:
    name, *arguments = call
    try:
        getattr(calls, name)(*arguments)
    except ClientError as error:
        return "denied" if error.response["Error"]["Code"] in DENIED else "allowed"
    return "allowed"


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_may_do_what_it_needs(role: str, calls: Callable[[str], Calls]) -> None:
    verdicts = {call: _verdict(calls(role), call) for call in ALLOWED[role]}
    assert verdicts == dict.fromkeys(verdicts, "allowed")


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_may_do_nothing_else(role: str, calls: Callable[[str], Calls]) -> None:
    verdicts = {call: _verdict(calls(role), call) for call in _denied(role)}
    assert verdicts == dict.fromkeys(verdicts, "denied")


def test_the_root_may_do_what_the_roles_may_not(deployed: Deployed, world: World) -> None:
    """The denials are the roles' own, not the embedded AWS' way with these calls."""
    root = Calls(deployed.session, world)
    beside = [call for calls in DENIED_BESIDE.values() for call in calls]
    verdicts = {call: _verdict(root, call) for call in [*NOBODY, *SOMEBODY, *beside]}
    assert verdicts == dict.fromkeys(verdicts, "allowed")


@pytest.mark.parametrize("program", PROGRAMS.values())
def test_a_program_of_the_bridge_has_to_say_which_it_is(deployed: Deployed, program: str) -> None:
    others = [f"{other.lower()}-1" for other in PROGRAMS.values() if other != program]
    for name in ["somebody", *others]:
        with pytest.raises(ClientError, match="AccessDenied"):
            deployed.as_role(deployed.outputs[f"{program}RoleArn"], name)
