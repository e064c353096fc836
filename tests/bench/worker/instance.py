"""One instance of a function, as Lambda keeps it: `python -S instance.py MODULE BATCHES TOLD`, beside its package.

It imports the module, hands it one batch after the other, and tells in a file: CPU seconds of the process (user and
system, all threads) until the module was imported, until the first batch was settled, and for the batches after that;
and which records came back.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any


class Context:
    """What a handler may ask of its invocation."""

    function_name = "bench"
    function_version = "$LATEST"
    memory_limit_in_mb = "512"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:000000000000:function:bench"
    aws_request_id = "00000000-0000-4000-8000-000000000000"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """As if each invocation had just begun."""
        return 30_000


def main(module: str, batches: Path, told: Path) -> None:
    """Live once."""
    handler = importlib.import_module(module).handler
    imported_s = first_s = time.process_time()
    warm_s, warm_records = 0.0, 0
    failed: list[Any] = []
    with batches.open("rb") as lines:
        for number, line in enumerate(lines):
            event = json.loads(line)
            began_s = time.process_time()
            failed += handler(event, Context())["batchItemFailures"]
            took_s = time.process_time() - began_s
            if number == 0:
                first_s = imported_s + took_s
            else:
                warm_s += took_s
                warm_records += len(event["Records"])
    document = {
        "imported_s": imported_s,
        "first_s": first_s,
        "warm_us": warm_s / max(1, warm_records) * 1e6,
        "failed": failed,
    }
    told.write_text(json.dumps(document), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
