"""Entry point of the judge function: images of the ledger's stream in, verdicts out; some are tried with mutants."""

import base64
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from contracts.liveness import Liveness
from contracts.message_type import MessageType
from contracts.registry import type_named
from contracts.verdict import AGREED, Verdict
from workers.batch import side_by_side
from workers.bootstrap import judge as bootstrap
from workers.fate import UnavailableError
from workers.handlers import kept
from workers.judging import Judged, judge_image
from workers.observability import count, logger, metrics
from workers.probing import Fates, Probing
from workers.store.seal import Sealer
from workers.store.verdicts import VerdictStore, standing


@dataclass(frozen=True, slots=True)
class _Written:
    """A verdict that was written."""

    judged: Judged
    message_type: MessageType
    at: datetime


@kept
@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Judge a batch of ledger entries; one that fails is tried again by the stream, alone after bisection."""
    store, sealer = bootstrap.verdict_store()  # here, for clients cannot be built side by side
    probing, fates = bootstrap.probing()
    chosen: list[_Written] = []

    def report(record: dict[str, Any], judged: Future[_Written | None]) -> None:
        written = _report(record, judged)
        if written is not None and probing.wants(written.judged, written.message_type):
            chosen.append(written)

    answer = side_by_side(
        EventType.DynamoDBStreams, event, context, lambda record: _judge(record, store, sealer), report
    )
    if chosen:
        _probe(chosen, probing)
        _save({one.message_type.name: one.message_type for one in chosen}.values(), probing, fates)
    return answer


def _report(record: dict[str, Any], judged: Future[_Written | None]) -> _Written | None:
    try:
        written = judged.result()
    except Exception as error:
        # Whatever it is, the stream brings the record again; the class says what, a text could quote the outcome.
        reason = str(error) if isinstance(error, UnavailableError) else type(error).__name__
        logger.error("not judged", reason=reason, record_id=record["eventID"])
        raise
    if written is not None:
        count("MessagesJudged")
        verdict = written.judged.judgement.verdict
        if verdict not in AGREED:
            count("MessagesDiffering")
            message_id = record["dynamodb"]["NewImage"]["pk"]["S"]
            logger.warning("differs", message_id=message_id, verdict=verdict.value)
    return written


def _judge(record: dict[str, Any], store: VerdictStore, sealer: Sealer) -> _Written | None:
    """The verdict that was written; None where it is pending, has one, or a later revision is on its way."""
    image = {name: _binary(value) for name, value in record["dynamodb"].get("NewImage", {}).items()}
    if "type" not in image:
        return None
    now = datetime.now(UTC)
    message_id, message_type = image["pk"]["S"], type_named(image["type"]["S"])
    judged = judge_image(image, message_type, sealer, now.date())
    if judged.judgement.verdict is Verdict.PENDING:
        return None
    revision = int(image["revision"]["N"])
    written = store.write(message_id, revision, message_type, judged.judgement, now, standing(image))
    return _Written(judged, message_type, now) if written else None


def _probe(chosen: Iterable[_Written], probing: Probing) -> None:
    """Try the judge with mutants of messages whose verdicts are written: whatever happens here, those stand."""
    made = Liveness()
    for one in chosen:
        try:
            made.add(probing.probe(one.judged, one.message_type, one.at.date()))
        except Exception as error:  # noqa: BLE001  # no I/O is in it; a mutant that cannot be made must fail no record
            logger.error("not probed", type=one.message_type.name, reason=type(error).__name__)
    if made.fates:
        count("MutantsMade", made.fates.total())
    for survivor in made.survivors:
        count("MutantsSurvived", survivor.count)
        logger.error("a mutant survived", type=survivor.type, kind=survivor.kind, place=survivor.path)


def _save(types: Iterable[MessageType], probing: Probing, fates: Fates) -> None:
    """Add the counts to the others'; what cannot be added is tried again with the next mutants of that type."""
    for message_type in types:
        try:
            fates.add(message_type, probing.unsaved, datetime.now(UTC))
        except UnavailableError as error:
            logger.warning("mutants not noted", type=message_type.name, reason=str(error))
            count("MutantsNotNoted")
        else:
            probing.saved(message_type)


def _binary(value: dict[str, Any]) -> dict[str, Any]:
    """The stream's JSON has binary as base64."""
    return {"B": base64.b64decode(value["B"])} if isinstance(value.get("B"), str) else value
