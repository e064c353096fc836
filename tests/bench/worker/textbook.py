"""The handler that a careful developer writes from the documentation of Powertools for AWS Lambda (Python).

BatchProcessor for a FIFO queue, a parser model, an idempotent function for each record, data masking with KMS, one
`put_item`; where effects leave, `put_events`, `send_message` and a call to the partner besides. It imports nothing of
ours. Wherever the documentation leaves a choice, it has the one that is cheaper for it:

- all personal fields are encrypted in one call, with the committing suite without signatures, data keys cached;
- the payment and its line of the journal are one item, so that one call writes them;
- which of two messages of a payment is the newer one is a condition of that write, so that nothing is read before;
- clients are made once, as the module is imported.
"""

import json
import os
from typing import Any

import boto3
import urllib3
from aws_encryption_sdk.identifiers import AlgorithmSuite
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import SqsFifoPartialProcessor, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_masking import DataMasking
from aws_lambda_powertools.utilities.data_masking.provider.kms.aws_encryption_sdk import AWSEncryptionSDKProvider
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser.models import SqsRecordModel
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Json

FEE_RATES = {"20": 0.005, "27": 0.0085}
"""By method of payment."""


class Payin(BaseModel):
    """An incoming transfer."""

    amount: float
    walletId: str  # noqa: N815  the wire's names
    userId: str  # noqa: N815
    payinStatus: str  # noqa: N815
    paymentMethodId: str  # noqa: N815
    codeStatus: str  # noqa: N815
    currency: str
    messageToUser: str  # noqa: N815
    ibanFullname: str  # noqa: N815
    DbtrIBAN: str
    payinDate: str  # noqa: N815
    createdDate: str  # noqa: N815


class Payload(BaseModel):
    """One transfer, in a list."""

    payins: list[Payin]


class Notification(BaseModel):
    """payin.create or payin.update."""

    webhook: str
    webhook_id: str
    webhook_created_at: int
    object_id: str
    object_payload: Payload


class PayinRecord(SqsRecordModel):
    """A record of the queue."""

    body: Json[Notification]


logger = Logger()
metrics = Metrics()
dynamodb = boto3.resource("dynamodb")
table = dynamodb.Table(os.environ["TABLE"])
masker = DataMasking(provider=AWSEncryptionSDKProvider(keys=[os.environ["KEY_ARN"]]))
persistence = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
config = IdempotencyConfig(event_key_jmespath="webhook_id")
processor = SqsFifoPartialProcessor(model=PayinRecord, skip_group_on_error=True)
SUITE = {"algorithm": AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY}
EVENT_BUS = os.environ.get("EVENT_BUS", "")
RETURN_QUEUE_URL = os.environ.get("RETURN_QUEUE_URL", "")
PARTNER = os.environ.get("PARTNER", "")
LEAVES = bool(EVENT_BUS)
if LEAVES:
    events = boto3.client("events")
    sqs = boto3.client("sqs")
    http = urllib3.PoolManager()


@idempotent_function(data_keyword_argument="notification", persistence_store=persistence, config=config)  # type: ignore[untyped-decorator]
def book(notification: dict[str, Any]) -> dict[str, Any]:
    """Book one transfer."""
    payin = notification["object_payload"]["payins"][0]
    payin_id, amount = notification["object_id"], payin["amount"]
    fee = round(amount * FEE_RATES.get(payin["paymentMethodId"], 0), 2)
    sealed = masker.encrypt(
        {
            "user_id": payin["userId"],
            "debtor_name": payin["ibanFullname"].strip().lower().title(),
            "debtor_iban": payin["DbtrIBAN"].replace(" ", ""),
            "label": payin["messageToUser"].strip(),
            "statement_text": payin["messageToUser"].strip()[:35],
        },
        provider_options=SUITE,
        table="payins",
    )
    booked = {
        "payin_id": payin_id,
        "status": payin["payinStatus"],
        "code_status": payin["codeStatus"],
        "wallet_id": payin["walletId"],
        "amount": f"{amount:.2f}",
        "amount_cents": round(amount * 100),
        "fee": f"{fee:.2f}",
        "net": f"{amount - fee:.2f}",
        "currency": payin["currency"],
        "value_date": payin["payinDate"][:10],
        "created_at": payin["createdDate"],
        "last_event_at": notification["webhook_created_at"],
        "journal": {
            "webhook_id": notification["webhook_id"],
            "kind": notification["webhook"],
            "account": payin["walletId"].zfill(12),
        },
    }
    try:
        table.put_item(
            Item={"pk": payin_id, **booked, "sealed": sealed},
            ConditionExpression="attribute_not_exists(pk) OR last_event_at < :this",
            ExpressionAttributeValues={":this": notification["webhook_created_at"]},
        )
    except dynamodb.meta.client.exceptions.ConditionalCheckFailedException:
        logger.info("stale", payin_id=payin_id)
    if LEAVES:
        let_leave(notification, booked)
    return {"payin_id": payin_id}


def let_leave(notification: dict[str, Any], booked: dict[str, Any]) -> None:
    """The event, the message for accounting, and the partner's webhook."""
    event = {
        "EventBusName": EVENT_BUS,
        "Source": "payments.payin",
        "DetailType": notification["webhook"],
        "Detail": json.dumps(booked),
    }
    if events.put_events(Entries=[event])["FailedEntryCount"]:
        raise RuntimeError("the event was refused")
    sqs.send_message(
        QueueUrl=RETURN_QUEUE_URL,
        MessageBody=json.dumps({"payin.booked": booked}),
        MessageGroupId=notification["object_id"],
        MessageDeduplicationId=notification["webhook_id"],
    )
    payload = {"webhook": "payin.booked", "webhook_id": notification["webhook_id"], "object_payload": booked}
    answer = http.request("POST", f"{PARTNER}/hooks/payin.booked", body=json.dumps(payload))
    if answer.status >= 300:
        raise RuntimeError("the partner refused the webhook")


def settle(record: PayinRecord) -> dict[str, Any]:
    """One record."""
    notification: Any = record.body
    booked: dict[str, Any] = book(notification=notification.model_dump())
    metrics.add_metric(name="Booked", unit=MetricUnit.Count, value=1)
    return booked


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """A batch of records."""
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=settle, processor=processor, context=context)
