"""Dead letters, plans and runs as tables for a terminal; texts from outside hold nothing unprintable."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from contracts.shown import MASKED
from ops.document import document
from ops.letter import Letter
from ops.letter_group import LetterGroup
from ops.letter_structure import Structure
from ops.plan_file import Plan
from ops.replay_course import Progress
from ops.replay_plan import Weighed
from ops.replay_record import RunRecord
from ops.wording import number, plural, printable, seconds

_OBJECTIONS_SHOWN = 20


def letters_table(letters: Sequence[Letter], now: datetime) -> Iterator[RenderableType]:
    """One row a letter."""
    if not letters:
        yield Text("No such dead letters.", "green")
        return
    table = _table("Letter", "Type", "Cause", "First seen", "Last seen")
    for name in ("Count", "Attempts", "Expires in"):
        table.add_column(name, justify="right")
    for one in letters:
        row = [one.letter_id, one.type or "unknown", one.cause, _time(one.first_seen), _time(one.last_seen)]
        row += [number(one.count), number(one.attempts), expires_in(one, now)]
        table.add_row(*map(printable, row))
    yield table
    yield Text(plural(len(letters), "letter"))


def expires_in(letter: Letter, now: datetime) -> str:
    """How long a letter is there yet; one that is not resolved stays."""
    if letter.state != "resolved" or letter.expires_at is None:
        return "kept"
    return seconds(max(0.0, letter.expires_at - now.timestamp()))


def group_tables(groups: Sequence[LetterGroup]) -> Iterator[RenderableType]:
    """One block a group."""
    if not groups:
        yield Text("No open dead letters.", "green")
    for position, one in enumerate(groups, 1):
        yield Text.assemble((f"\n{position}. {printable(one.cause)}", "bold"), f"  {plural(one.letters, 'letter')}")
        facts = {
            "fingerprint": one.fingerprint,
            "types": ", ".join(one.types),
            "given up": plural(one.given_up, "time"),
            "seen": f"{_time(one.first_seen)} to {_time(one.last_seen)}",
            "for example": ", ".join(one.examples),
            "plan": one.command,
        }
        yield Padding(_facts(facts.items()), (0, 0, 0, 3), expand=False)


def letter_tables(letter: Letter, structure: Structure | None, closed_because: str) -> Iterator[RenderableType]:
    """Everything about one letter that may be seen."""
    facts = {name.replace("_", " "): value for name, value in document(letter).items() if value not in (None, [])}
    stamp = letter.stamp
    facts["stamp"] = "none" if stamp is None else f"{stamp.authority}, epoch {stamp.epoch}"
    yield _facts((name, ", ".join(value) if isinstance(value, list) else str(value)) for name, value in facts.items())
    if structure is None:
        yield Text(f"\nThe message stays closed: {printable(closed_because)}", "yellow")
        return
    yield Text(f"\nThe message, {number(structure.body_bytes)} bytes", "bold")
    if structure.problem is not None:
        yield Text(printable(structure.problem))
        return
    table = _table("Field", "Shape", "Value")
    for one in structure.fields:
        table.add_row(*map(printable, (one.path, one.shape, MASKED if one.value is None else one.value)))
    yield table
    if structure.more:
        yield Text(f"and {plural(structure.more, 'more field')}", "bright_black")


def plan_tables(plan: Plan | None, weighed: Weighed, done: int) -> Iterator[RenderableType]:
    """What would happen, and what stands against it."""
    if plan is not None:
        table = _table("Type", "Goes to")
        table.add_column("Letters", justify="right")
        counts = Counter((one.type or "unknown", f"{one.queue} ({one.way})") for one in plan.letters)
        for (name, target), count in sorted(counts.items()):
            table.add_row(printable(name), target, number(count))
        yield table
        keys = len({one.key for one in plan.letters if one.key is not None})
        facts = {
            "letters": number(len(plan.letters)),
            "in order of": plural(keys, "business key"),
            "rate": f"{plan.rate_per_s:g} a second: {seconds(len(plan.letters) / plan.rate_per_s)} at least",
            "stops after": f"more than {plural(plan.failures_allowed, 'failure')}",
            "processed already": f"{number(done)}; those are only resolved",
            "authority": ", ".join(f"{one.name} {one.stage} (epoch {one.stamp_epoch})" for one in plan.families),
            "digest": plan.digest,
            "run": plan.run,
        }
        yield _facts(facts.items())
    if weighed.objections:
        yield Text(f"\n{plural(len(weighed.objections), 'letter')} left out", "yellow")
        table = _table("Letter", "Because", "")
        for one in weighed.objections[:_OBJECTIONS_SHOWN]:
            table.add_row(one.letter, one.against, printable(one.text))
        yield table
        hidden = len(weighed.objections) - _OBJECTIONS_SHOWN
        if hidden > 0:
            yield Text(f"and {number(hidden)} more", "bright_black")


def progress_table(run: str, progress: Progress) -> Iterator[RenderableType]:
    """How a run ended."""
    facts: dict[str, str] = {"run": run}
    facts |= {str(answer): number(count) for answer, count in progress.answers.items() if count}
    if progress.not_sent:
        facts["not sent"] = number(progress.not_sent)
    if progress.stop is not None:
        facts["stopped"] = progress.stop
    yield _facts(facts.items())


def run_tables(runs: Sequence[RunRecord]) -> Iterator[RenderableType]:
    """One row a run."""
    if not runs:
        yield Text("No replay has been run here.")
        return
    table = _table("Run", "State", "Started", "Updated", "Letters", "Answers", "Not sent", "Operator", "Reason")
    for one in runs:
        answers = ", ".join(f"{count:,} {answer}" for answer, count in one.answers.items() if count)
        state = one.state if one.why in (None, one.state) else f"{one.state}: {one.why}"
        row = [one.run, state, _time(one.started_at), _time(one.updated_at), number(one.letters), answers]
        reason = one.reason if one.ticket is None else f"{one.reason} ({one.ticket})"
        table.add_row(*map(printable, [*row, number(one.not_sent), one.operator, reason]))
    yield table


def _time(text: str) -> str:
    """Seconds are enough to read."""
    return text[:19].replace("T", " ")


def _facts(facts: Iterable[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bright_black", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in facts:
        grid.add_row(name, Text(printable(value)))
    return grid


def _table(*columns: str) -> Table:
    return Table(*columns, header_style="bright_black", box=SIMPLE_HEAD)
