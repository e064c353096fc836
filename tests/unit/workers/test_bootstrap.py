from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import JSONFileLoader
from botocore.stub import Stubber

from tests.fakes.message import NAME
from workers.bootstrap import client, control, letters, outlet, process, timekeeper
from workers.fate import UnavailableError
from workers.outlet.outlet import Outlet
from workers.store.awaited import AwaitedEntries
from workers.store.control import ControlStore
from workers.store.dynamo import DynamoStore
from workers.store.letters import LetterStore
from workers.store.pending import PendingEntries

SECRET_ARN = "arn:aws:secretsmanager:eu-west-3:123456789012:secret:w"


ENVIRONMENT = {
    "STRANGLER_FAMILY": "payin",
    "RECORDS_TABLE": "s-records",
    "LEDGER_TABLE": "s-ledger",
    "SEAL_KEY_ARN": "arn:aws:kms:eu-west-3:123456789012:key/k",
    "QUEUE_URL": "https://sqs/1/s-payin.fifo",
    "DEAD_LETTER_QUEUE_URL": "https://sqs/1/s-payin-dead.fifo",
    "WEBHOOK_SECRET_ARN": SECRET_ARN,
    "CONTROL_TABLE": "s-control",
    "CLAIM_BUCKET": "s-claims",
    "RETURN_QUEUE_URL": "https://sqs/1/s-return.fifo",
    "EVENT_BUS": "s-events",
    "LETTERS_TABLE": "s-letters",
    "ALLOWED_LATENESS_S": "3600",
    "AWS_DEFAULT_REGION": "eu-west-3",
}


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    session = boto3.Session("x", "x", region_name="eu-west-3")
    return {name: session.client(name) for name in ("secretsmanager", "sqs", "dynamodb", "events")}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, clients: dict[str, Any]) -> Stubber:
    """Secrets Manager, stubbed, behind a bootstrap that opens no connection."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "make", clients.__getitem__)
    monkeypatch.setattr(process, "Receiver", lambda *arguments: arguments)
    return Stubber(clients["secretsmanager"])


def built() -> Any:
    """What the receiver is built of."""
    return process.receiver.__wrapped__()


def test_a_receiver_is_built_of_its_familys_adapters(secrets: Stubber) -> None:
    family, _, store, *_ = built()
    assert family.name == "payin"
    assert isinstance(store, DynamoStore)


@pytest.mark.parametrize("answer", [{"SecretString": "s3cret"}, {"SecretBinary": b"s3cret"}])
def test_the_webhooks_secret_is_asked_for_once_and_not_shown(secrets: Stubber, answer: dict[str, Any]) -> None:
    secrets.add_response("get_secret_value", answer, {"SecretId": SECRET_ARN})
    with secrets:
        *_, context_of = built()
        first, second = context_of("w1"), context_of("w2")
    assert (first.message_id, second.message_id) == ("w1", "w2")
    assert first.webhook_secret == second.webhook_secret == b"s3cret"
    assert first.now.tzinfo is not None
    assert "s3cret" not in repr(first)
    assert first.uuid() != first.uuid()


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "InternalServiceError"])
def test_a_secret_that_is_refused_is_an_outage_that_quotes_nothing(secrets: Stubber, code: str) -> None:
    secrets.add_client_error("get_secret_value", code, NAME)
    with secrets:
        *_, context_of = built()
        with pytest.raises(UnavailableError, match="webhook secret: ") as unavailable:
            context_of("w1")
    assert NAME not in str(unavailable.value)


def test_the_outlets_and_the_index_of_letters_are_built_of_their_own_adapters(
    secrets: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(outlet.outlet.__wrapped__(), Outlet)
    assert isinstance(outlet.pending_entries.__wrapped__(), PendingEntries)
    monkeypatch.delenv("LEDGER_TABLE")
    assert isinstance(letters.letter_store.__wrapped__(), LetterStore)


def test_the_ledgers_other_sides_are_built_of_their_own_adapters(
    secrets: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(control.control_store.__wrapped__(), ControlStore)
    monkeypatch.delenv("SEAL_KEY_ARN")
    comparisons, lateness_s = timekeeper.comparisons.__wrapped__()
    assert isinstance(comparisons, AwaitedEntries)
    assert lateness_s == 3600


def test_a_client_has_little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    config = client.make("dynamodb").meta.config
    assert (config.connect_timeout, config.read_timeout, config.retries["total_max_attempts"]) == (1, 3, 2)


def test_what_services_and_regions_there_are_is_read_once_for_all_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    read: list[str] = []
    load = JSONFileLoader.load_file

    def noted(self: JSONFileLoader, path: str) -> object:
        read.append(path)
        return load(self, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    for cached in (client._boto3_session, client._session):
        cached.cache_clear()
    client.make("dynamodb")
    client.sealer(ENVIRONMENT["SEAL_KEY_ARN"])
    client.make("s3", client.CAREFUL)  # whose methods boto3 enters, and refuses to enter twice
    assert sum(path.endswith("/endpoints") for path in read) == 1


@pytest.mark.parametrize("config", [client.USUAL, client.HASTY])
def test_what_is_wrong_with_a_request_the_service_says(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-3")
    dynamodb = client.make("dynamodb", config)
    dynamodb.meta.events.register("before-call", lambda **_: (SimpleNamespace(status_code=200), {"asked": True}))
    assert dynamodb.get_item(TableName="t") == {"asked": True}, "botocore would have missed a key"
