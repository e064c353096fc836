"""All cases, in the order in which they are shown."""

from tests.bench.scoreboard.case import Case
from tests.bench.scoreboard.content import CONTENT
from tests.bench.scoreboard.trouble import TROUBLE

_SHOWN = (
    "12 headers", "binary", "empty", ">1 MiB", "batch sum >1 MiB", "1 sender-fault in 9", "1 server-fault in 9 (order)",
    "queue with DLX/quorum args", "nested/typed headers", "routing key arrives", "FIFO group + stable dedup",
    "lost response", "SQS down (DLQ must stay empty)", "SIGTERM mid-batch", "kill -9", "broker restart",
)  # fmt: skip
CASES: tuple[Case, ...] = tuple(sorted((*CONTENT, *TROUBLE), key=lambda case: _SHOWN.index(case.name)))
