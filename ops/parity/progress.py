"""A comparison's progress on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ops.parity.run import Progress as Told


@contextmanager
def progress_bar(messages: int) -> Iterator[Told]:
    """Draws on standard error; on anything but a terminal only its end is seen."""
    columns = (
        TextColumn("compared"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=False) as bar:
        task = bar.add_task("compared", total=messages)
        yield lambda done: bar.update(task, completed=done)
