"""DynamoDB streams to Lambda as AWS delivers them, in the place of MiniStack's own poller.

MiniStack 1.5.33 calls the function in the thread that also polls SQS, so that a slow comparer stalls every queue, and
of two functions that follow one stream each waits for the other; it takes a partial failure for a success, which
loses the records that failed; and it knows neither BisectBatchOnFunctionError nor MaximumRetryAttempts, so that one
poisonous record stops the stream for ever. What is done here instead is what
docs.aws.amazon.com/lambda/latest/dg/services-ddb-errors.html says: the batch is retried from the first failure on, or
halved, until its records are too old or were tried too often; then the stretch of the stream goes to the destination
for failures.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ministack.core import responses
from ministack.services import dynamodb, lambda_svc

_RETRY_S = 1.0
_IDLE_S = 0.5
_wake = threading.Event()


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where a mapping stands: from `position` on, at most `limit` records a batch (halved while bisecting)."""

    position: int
    limit: int
    attempts: int = 0
    not_before: float = 0.0


def install() -> None:
    """Take the streams out of MiniStack's polling thread; each function that follows one gets a thread of its own."""
    dynamodb.esm_wake = _wake
    lambda_svc._poll_dynamodb_streams = lambda: False
    _start_thread("ministack-streams", _watch)


def _start_thread(name: str, target: Callable[..., None], *arguments: Any) -> threading.Thread:
    def run() -> None:
        try:
            target(*arguments)
        except BaseException:
            os.kill(os.getpid(), signal.SIGTERM)  # a poller that has died must not look like a stream that is idle
            raise

    thread = threading.Thread(target=run, daemon=True, name=name)
    thread.start()
    return thread


def _watch() -> None:
    """Let every mapping be followed, and pass on to all of them that something was written."""
    followers: dict[str, tuple[threading.Thread, threading.Event]] = {}
    while True:
        for one in _mappings():
            known = followers.get(one)
            if known is None or not known[0].is_alive():
                wake = threading.Event()
                followers[one] = _start_thread(f"ministack-stream-{one}", _follow, one, wake), wake
        for _, wake in followers.values():
            wake.set()
        _wake.wait(_IDLE_S)
        _wake.clear()


def _follow(mapping_id: str, wake: threading.Event) -> None:
    """Deliver the batches of one mapping, until it is deleted."""
    stretch: _Stretch | None = None
    while True:
        wake.clear()
        found = _mappings().get(mapping_id)
        if found is None:
            return
        account, region, mapping = found
        before = stretch
        if mapping.get("Enabled", True):
            with responses.request_scope(account, region):
                stretch = _poll(before, mapping)
        if stretch is before:
            wake.wait(_IDLE_S)


def _mappings() -> dict[str, tuple[str, str, dict[str, Any]]]:
    found = lambda_svc._iter_all_esms()
    return {
        one["UUID"]: (account, region, one) for account, region, one in found if ":dynamodb:" in one["EventSourceArn"]
    }


def _poll(before: _Stretch | None, mapping: dict[str, Any]) -> _Stretch:
    """Deliver one batch of a mapping; returns where it stands then, which is `before` where there was nothing to do."""
    function, _ = lambda_svc._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
    table = mapping["EventSourceArn"].split("/")[1]
    batch_size = int(mapping.get("BatchSize", 100))
    stretch = before or _Stretch(_start(mapping, table), batch_size)
    records = dynamodb.stream_records_since(table, stretch.position, stretch.limit)
    if function is None or not records or stretch.not_before > time.monotonic():
        return stretch
    wanted = lambda_svc._apply_filter_criteria(records, mapping)
    result = lambda_svc._execute_function(function, {"Records": wanted}) if wanted else {}
    done = _accepted(records, wanted, result, mapping)
    mapping["LastProcessingResult"] = "OK" if done == len(records) else "FAILED"
    if done == len(records):
        return _Stretch(stretch.position + done, batch_size)
    if condition := _given_up(mapping, records[done], stretch.attempts + 1):
        lambda_svc._send_ddb_stream_failure_record(
            mapping, function, records[done:], mapping["EventSourceArn"], result, condition
        )
        return _Stretch(stretch.position + len(records), batch_size)
    left = len(records) - done
    halve = left > 1 and mapping.get("BisectBatchOnFunctionError")
    return replace(
        stretch,
        position=stretch.position + done,
        limit=(left + 1) // 2 if halve else left,
        # AWS: splitting a batch does not count as a retry.
        attempts=stretch.attempts if halve or done else stretch.attempts + 1,
        not_before=time.monotonic() + _RETRY_S,
    )


def _start(mapping: dict[str, Any], table: str) -> int:
    if mapping.get("StartingPosition") == "TRIM_HORIZON":
        return int(dynamodb.stream_start_position(table))
    return int(lambda_svc._dynamodb_stream_positions.get(mapping["UUID"], dynamodb.stream_end_position(table)))


def _accepted(
    records: list[dict[str, Any]], wanted: list[dict[str, Any]], result: dict[str, Any], mapping: dict[str, Any]
) -> int:
    """How many records, from the first on, are done with."""
    if result.get("error"):
        first_failed = {wanted[0]["dynamodb"]["SequenceNumber"]}
    elif "ReportBatchItemFailures" in mapping.get("FunctionResponseTypes", []):
        failures = (result.get("body") or {}).get("batchItemFailures") or []
        first_failed = {failure["itemIdentifier"] for failure in failures}
    else:
        first_failed = set()
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    return min((numbers.index(number) for number in first_failed), default=len(records))


def _given_up(mapping: dict[str, Any], record: dict[str, Any], attempts: int) -> str | None:
    """Why a record is not tried again, in the words of the destination's records; None where it is."""
    if -1 < int(mapping.get("MaximumRetryAttempts", -1)) < attempts:
        return "RetryAttemptsExhausted"
    age_s = time.time() - float(record["dynamodb"]["ApproximateCreationDateTime"])
    return "MaxRecordAgeExceeded" if -1 < int(mapping.get("MaximumRecordAgeInSeconds", -1)) < age_s else None
