"""A replay's progress on a terminal: how many letters are answered, and how."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from ops.replay_course import Progress, describe


@contextmanager
def progress_bar(letters: int) -> Iterator[Callable[[Progress], None]]:
    """Draws on standard error; on anything but a terminal only its end is seen."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(file=sys.stderr), transient=False) as bar:
        task = bar.add_task("replayed", total=letters)

        def draw(progress: Progress) -> None:
            words = ", ".join(describe(progress.answers)) or "sending"
            stopping = f"; stopping: {progress.stop}" if progress.stop else ""
            bar.update(task, completed=progress.answered, description=f"{words}, {progress.in_flight:,} out{stopping}")

        yield draw
