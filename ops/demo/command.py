"""The demo from end to end: set the scene, publish, watch, compare, audit, report."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contracts.liveness import Liveness
from infra.deploy import DeployError
from infra.local.process import LocalProgramError
from infra.package import PackageError
from infra.synthesis import SynthesisError
from ops.audit import read_published
from ops.comparison_table import comparison_tables
from ops.demo.breakage import Break, BreakConflictError, patches
from ops.demo.move import FAMILY, move
from ops.demo.place import claim
from ops.demo.scene import STACK, Scene
from ops.demo.summary import Summary, tally
from ops.demo.watch import Sight, publish_times, watch
from ops.exit_code import ExitCode
from ops.fates import MutantFates
from ops.fault import CommandError
from ops.guide import read_guide
from ops.ledger import Ledger
from ops.ledger_comparison import compare, prove
from ops.output import note, show, show_json
from ops.parity.finding import Asked
from ops.parity.gate import FailOn, objections
from ops.private_file import owner_only
from ops.report import Fact, Report, render
from ops.session import dynamodb_client
from ops.wording import percent

_EXAMPLES = 3
_LOOK_AGAIN_S = 1.0
_COUNTED_WITHIN_S = 15.0
"""A type of which nothing agrees has no mutants, and is waited for as long as that."""


def demo(
    messages: int,
    *,
    breaks: Sequence[Break],
    shadow_only: bool,
    keep: bool,
    folder: Path,
    rate: float,
    seed: int,
    json_output: bool,
) -> int:
    """Run the main job and say how it went. Raises CommandError where something that it needs does not start."""
    began = time.monotonic()
    try:
        changes = patches(breaks)
    except BreakConflictError as error:
        raise CommandError(ExitCode.USAGE, f"--break: {error}") from None
    _forget_aws()
    with claim(folder) as place:
        note(f"starting RabbitMQ, AWS, PHP and the bridge; logs in {_short(place / 'logs')}")
        try:
            with Scene(place, changes) as scene:
                note(f"up after {time.monotonic() - began:.0f} s; the monolith publishes {messages:,} notifications")
                summary = _run(scene, messages, rate, seed, began)
                if summary.agreed and not shadow_only:
                    note(f"\nboth sides agree; now authority over {FAMILY} moves, and back, under traffic")
                    summary = replace(summary, move=move(scene, note), duration_s=time.monotonic() - began)
                _write(place, summary, breaks)
                _tell(place, summary, json_output=json_output)
                if keep:
                    _keep(scene, place)
        except (LocalProgramError, PackageError, SynthesisError, DeployError) as error:
            raise CommandError(ExitCode.FAILED, str(error)) from error
    return ExitCode.OK if summary.succeeded else ExitCode.ATTENTION


def _forget_aws() -> None:
    """Whatever account the user's shell points to: the demo must not reach it. It is this process's only job."""
    for name in tuple(os.environ):
        if name.startswith("AWS_"):
            del os.environ[name]


def _run(scene: Scene, messages: int, rate: float, seed: int, began: float) -> Summary:
    os.environ.update(scene.environment)  # the operator's commands know nothing but the standard AWS variables
    ledger = Ledger(dynamodb_client(STACK), STACK)
    publisher = scene.publish(messages, seed, rate)
    with _bars(messages) as tell:
        timings = watch(ledger, (scene.places.published,), scene.places.database, lambda: not publisher.ended, tell)
    if publisher.code != 0:
        raise publisher.not_ready("was stopped")
    published = read_published(scene.places.published)
    types = {message_id: type_name for message_id, (type_name, _) in published.items()}
    asked = Asked(datetime.now(UTC).date())
    comparison = compare(ledger, _counted(sorted(set(types.values()))), asked, examples=_EXAMPLES)
    measured = tally(types, publish_times(scene.places.published), timings)
    return Summary(
        published=len(types),
        comparison=replace(comparison, types=prove(measured, asked)),
        audit=scene.audit(),
        duration_s=time.monotonic() - began,
    )


def _counted(types: Sequence[str]) -> Liveness:
    """What became of mutants, once the judge has counted those of its last verdicts: it does so after them."""
    fates, until = MutantFates(dynamodb_client(STACK), STACK), time.monotonic() + _COUNTED_WITHIN_S
    before, found = Liveness(), fates.of(types)
    while (found != before or {name for name, *_ in found.fates} != {*types}) and time.monotonic() < until:
        time.sleep(_LOOK_AGAIN_S)
        before, found = found, fates.of(types)
    return found


_STATIONS = {
    "published": "published by PHP",
    "legacy": "processed by PHP",
    "new": "processed by Lambda",
    "judged": "judged",
}


@contextmanager
def _bars(messages: int) -> Iterator[Callable[[Sight], None]]:
    """One bar for each station of a message's way; what is yielded moves them."""
    columns = (TextColumn("{task.description:<20}"), BarColumn(bar_width=40), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {station: progress.add_task(label, total=messages) for station, label in _STATIONS.items()}

        def move(sight: Sight) -> None:
            for station, task in tasks.items():
                progress.update(task, completed=getattr(sight, station))

        yield move


def _write(place: Path, summary: Summary, breaks: Sequence[Break]) -> None:
    (place / "summary.json").write_text(json.dumps(summary.document(), indent=2) + "\n", "utf-8")
    facts = (
        Fact("Published", f"{summary.published:,} distinct notifications"),
        Fact("Lost", str(summary.audit["lost"])),
        Fact("Processed twice", str(summary.audit["processed_twice"])),
        Fact("Agreement", percent(summary.document()["agreement"])),
        Fact("Seeded bugs", ", ".join(one.value for one in breaks) or "none"),
        Fact("Duration", f"{summary.duration_s:.0f} s"),
        Fact("Made at", datetime.now(UTC).isoformat(" ", "seconds")),
    )
    against = tuple(objections(summary.comparison, [FailOn.DIFFERENCE, FailOn.UNDECIDED]))
    page = render(
        Report("Shadow run: PHP and Python on the same messages", facts, summary.comparison, against, read_guide())
    )
    (place / "report.html").write_text(page, "utf-8")


def _tell(place: Path, summary: Summary, *, json_output: bool) -> None:
    if json_output:
        show_json(summary.document())
    else:
        show(comparison_tables(summary.comparison, len(summary.comparison.groups)))
    for one in objections(summary.comparison, ()):
        note(f"against it: {one}")
    document = summary.document()
    note(
        f"\n{summary.published:,} published, {document['lost']} lost, {document['processed_twice']} processed twice "
        f"(independent audit), agreement {percent(document['agreement'])}, {document['pending']} pending, "
        f"{summary.duration_s:.0f} s"
    )
    if summary.move is not None:
        moved = summary.move
        note(
            f"cut-over of {moved.family}: after the switch {moved.new_after_switch} processed by the new side, "
            f"{moved.legacy_after_switch} by the monolith; {moved.lost} lost, {moved.twice} twice, "
            f"{moved.replayed} replayed, back {'well' if moved.back_ok else 'NOT well'}"
        )
    note(f"report: {_short(place / 'report.html')}\nsummary: {_short(place / 'summary.json')}")


def _keep(scene: Scene, place: Path) -> None:
    """Leave all running until Ctrl-C, and tell a second shell how to reach it."""
    names = [name for name in scene.environment if name.startswith(("AWS_", "AMQP_", "STRANGLER_"))]
    file = place / "environment"
    with open(file, "w", encoding="utf-8", opener=owner_only) as environment:
        environment.writelines(f"export {name}='{scene.environment[name]}'\n" for name in sorted(names))
    note(f"\nkept running until Ctrl-C; in another shell: . {_short(file)} && .venv/bin/strangler status")
    try:
        signal.pause()
    except KeyboardInterrupt:
        note("stopping")


def _short(path: Path) -> str:
    """Relative to where the command was given, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
