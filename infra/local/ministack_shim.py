"""MiniStack 1.5.33 with its gaps met: the list of what differs from AWS and what we do about it, in one place.

DESIGN 10: a gap of the embedded AWS is met here, or by a test marked as needing AWS; never by widening a policy or by
changing the product. Each function below is one gap, named in its first line. They reach into MiniStack's private
names, which is why its version is pinned; `python -m infra.local.ministack_shim` is the only way it is started.
"""

import argparse
import asyncio
import functools
import hashlib
import importlib.metadata
import json
import os
import re
import subprocess
import sysconfig
import threading
import types
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.core import hypercorn_compat, iam_actions, lambda_runtime
from ministack.services import lambda_svc, sqs

from infra.local import ministack_condition, ministack_stream
from infra.local.ministack_fault import Faults
from infra.local.ministack_gate import Gate, verify_root

VERSION = "1.5.33"
"""The version whose gaps these are; another has to be looked at first."""

_KEEP_ALIVE_S = 75
_BATCH_ACTIONS = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
_RUNTIME_PACKAGES = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
_SERVER_VARIABLES = re.compile(
    r"(MINISTACK_.*|AUTH|USE_SSL|BIND_HOST|GATEWAY_PORT|S3_DATA_DIR|STATE_DIR|DOCKER_HOST|IOT_.*|SFTP_.*|HOME)"
)


def authorise_batches_as_single_actions() -> None:
    """Gap: a batch is taken for an action of its own, and denied to a role that may do the single one.

    AWS: SendMessageBatch needs sqs:SendMessage, and so on (SQS developer guide, "API permissions reference").
    """
    extract = iam_actions.extract_iam_action

    @functools.wraps(extract)
    def extract_single(*arguments: Any) -> str | None:
        action: str | None = extract(*arguments)
        return action and _BATCH_ACTIONS.get(action, action)

    iam_actions.extract_iam_action = extract_single


def fill_encryption_context_keys() -> None:
    """Gap: conditions on kms:EncryptionContext:* and kms:EncryptionContextKeys are never filled, so never met."""
    fill = iam_actions.request_tag_context

    @functools.wraps(fill)
    def fill_with_encryption_context(service: str, action: str, body: bytes, parameters: Any) -> dict[str, Any]:
        filled: dict[str, Any] = fill(service, action, body, parameters)
        if service == "kms":
            context = json.loads(body or b"{}").get("EncryptionContext") or {}
            filled |= {f"kms:EncryptionContext:{key}": value for key, value in context.items()}
            filled |= {"kms:EncryptionContextKeys": list(context)} if context else {}
        return filled

    iam_actions.request_tag_context = fill_with_encryption_context


def fill_copy_source_key() -> None:
    """Gap: the condition s3:x-amz-copy-source is never filled, so never met.

    AWS: the source of a copy, bucket and key, as the request names it (S3 user guide, "Bucket policy examples using
    condition keys").
    """
    fill = iam_actions.s3_service_context

    @functools.wraps(fill)
    def fill_with_copy_source(
        iam_action: str, query_params: Any, path: str = "", headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        filled: dict[str, Any] = fill(iam_action, query_params, path, headers)
        source = (headers or {}).get("x-amz-copy-source")
        if iam_action == "s3:PutObject" and source:
            filled |= {"s3:x-amz-copy-source": source.lstrip("/")}
        return filled

    iam_actions.s3_service_context = fill_with_copy_source


def name_streams() -> None:
    """Gap: DescribeStream is authorised on every resource at once, and denied to a role that may read one stream."""
    extract = iam_actions.extract_resource_arn

    @functools.wraps(extract)
    def extract_stream(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        stream = json.loads(body or b"{}").get("StreamArn") if service == "dynamodbstreams" else None
        return str(stream or extract(service, method, path, headers, body, *rest))

    iam_actions.extract_resource_arn = extract_stream


def serialise_queues() -> None:
    """Gap: the poller of the event source mappings rewrites a queue's list of messages under a lock that the API does
    not take, so that a message sent at that moment is lost without a trace.
    """
    lock = threading.RLock()
    sqs._queues_lock = lock

    def locked(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any) -> Any:
            with lock:
                return function(*arguments)

        return call

    for action, handler in sqs._HANDLERS.items():
        if not asyncio.iscoroutinefunction(handler):
            sqs._HANDLERS[action] = locked(handler)
    # ReceiveMessage waits without the lock, and takes it for each step that rewrites the list.
    for step in ("_expire_retained", "_dlq_sweep", "_collect_msgs"):
        setattr(sqs, step, locked(getattr(sqs, step)))


def take_numbers_from_parameters() -> None:
    """Gap: a number that a template takes from a parameter stays text, and MaximumConcurrency then stops the poller."""
    limit = lambda_svc._sqs_esm_concurrency

    @functools.wraps(limit)
    def limit_as_number(mapping: dict[str, Any], *arguments: Any) -> Any:
        scaling = mapping.get("ScalingConfig") or {}
        scaling.update({name: int(value) for name, value in scaling.items()})
        return limit(mapping, *arguments)

    lambda_svc._sqs_esm_concurrency = limit_as_number


def run_functions_in_their_own_python() -> None:
    """Gap: a function sees MiniStack's own packages and environment, so that a dependency missing from the package,
    or a variable missing from the function, goes unnoticed.

    AWS: beside the package there is only the runtime's own boto3 and what that needs (developer guide, "Runtime-
    included libraries"). The time zone is UTC. The interpreter stays the local one, whatever Runtime says.
    """
    runtime = Path(os.environ["TMPDIR"]) / "lambda-runtime"
    runtime.mkdir()
    for name in _RUNTIME_PACKAGES:
        (runtime / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)

    class FunctionProcess(subprocess.Popen[str]):
        def __init__(self, command: list[str], *, env: dict[str, str], **options: Any) -> None:
            environment = {name: value for name, value in env.items() if not _SERVER_VARIABLES.fullmatch(name)}
            environment |= {"PYTHONPATH": str(runtime), "TZ": "UTC", "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13"}
            super().__init__([command[0], "-S", *command[1:]], env=environment, **options)

    lambda_runtime.subprocess = _variant(subprocess, Popen=FunctionProcess)


def unpack_packages_once() -> None:
    """Gap: every worker process unpacks the whole package again, a second each, before its first message.

    AWS: all instances of a function share one read-only image of its package.
    """
    unpacking = threading.Lock()

    class SharedZipFile(zipfile.ZipFile):
        def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
            digest = hashlib.sha256(Path(str(self.filename)).read_bytes()).hexdigest()
            shared = Path(os.environ["TMPDIR"]) / f"lambda-package-{digest[:16]}"
            with unpacking:
                if not shared.exists():
                    super().extractall(shared, members, pwd)
            Path(path).rmdir()
            Path(path).symlink_to(shared)

    lambda_runtime.zipfile = _variant(zipfile, ZipFile=SharedZipFile)


def keep_functions_that_raise() -> None:
    """Gap: a function that raises loses its process, and the next batch pays a cold start.

    AWS: only an exit or a timeout ends an instance (developer guide, "Runtime lifecycle").
    """
    raised = '{"status": "error", "error": str(e), "trace": traceback.format_exc()}'
    returned = '{"status": "ok", "result": {"_raised": str(e)}, "trace": traceback.format_exc()}'
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    if script.count(raised) != 1:
        raise LookupError("MiniStack's worker script is not the one that this was written for")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(raised, returned)
    invoke = lambda_runtime.Worker.invoke

    @functools.wraps(invoke)
    def invoke_and_keep(worker: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke(worker, *arguments, **options)
        result = answer.get("result")
        if isinstance(result, dict) and "_raised" in result:
            answer |= {"status": "error", "error": result["_raised"]}
        return answer

    lambda_runtime.Worker.invoke = invoke_and_keep


def collect_logs_promptly() -> None:
    """Gap: every invocation that logs nothing waits 50 ms for a line, on the path of the next batch."""
    drain = lambda_runtime.Worker._drain_stderr_bounded

    @functools.wraps(drain)
    def drain_promptly(worker: Any) -> Any:
        return drain(worker, first_line_wait=0.002, idle_confirm=0.002)

    lambda_runtime.Worker._drain_stderr_bounded = drain_promptly


def _variant(module: types.ModuleType, **replaced: object) -> types.ModuleType:
    """A copy of a module for one importer, with some names replaced."""
    variant = types.ModuleType(module.__name__)
    vars(variant).update({**vars(module), **replaced})
    return variant


GAPS: tuple[Callable[[], None], ...] = (
    verify_root,
    authorise_batches_as_single_actions,
    fill_encryption_context_keys,
    ministack_condition.fill_item_keys,
    fill_copy_source_key,
    name_streams,
    serialise_queues,
    take_numbers_from_parameters,
    run_functions_in_their_own_python,
    unpack_packages_once,
    keep_functions_that_raise,
    collect_logs_promptly,
    ministack_stream.install,
)


async def _serve(listener_fd: int) -> None:
    config = Config()
    config.bind = [f"fd://{listener_fd}"]
    config.certfile, config.keyfile = os.environ["MINISTACK_SSL_CERT"], os.environ["MINISTACK_SSL_KEY"]
    config.keep_alive_timeout = _KEEP_ALIVE_S
    guarded = Faults(Gate(app, os.environ["AWS_ACCESS_KEY_ID"]))
    await serve(guarded, config, shutdown_trigger=asyncio.Event().wait)  # type: ignore[arg-type]


def main() -> None:
    """Serve on a listening socket that the parent hands over, until SIGTERM.

    Nothing is saved at the end, so there is nothing to end gracefully.
    """
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--fd", type=int, required=True, help="descriptor of the listening socket")
    listener_fd = parser.parse_args().fd
    if (installed := importlib.metadata.version("ministack")) != VERSION:
        parser.error(f"MiniStack {installed} is installed, but the gaps that are met here are those of {VERSION}")
    hypercorn_compat.install()
    for meet in GAPS:
        meet()
    asyncio.run(_serve(listener_fd))


if __name__ == "__main__":
    main()
