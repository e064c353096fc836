"""A recording's progress on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ops.recording import Course


@contextmanager
def record_bar(messages: int | None) -> Iterator[Callable[[Course], None]]:
    """Draws on standard error; on anything but a terminal only its end is seen. Args: messages: how many there are."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=False) as bar:
        task = bar.add_task("recording", total=messages)

        def draw(course: Course) -> None:
            words = "no connection" if course.lost else "recording"
            dropped = f", {course.dropped:,} dropped" if course.dropped else ""
            bar.update(task, completed=course.taken, description=f"{words}{dropped}")

        yield draw
