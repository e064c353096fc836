"""`strangler demo`."""

from pathlib import Path
from typing import Annotated

import typer

from ops.demo.breakage import Break
from ops.exit_code import ExitCode
from ops.option import Output, OutputOption, lesson

EPILOG = lesson(
    [
        ("strangler demo", "2,000 notifications; ends with 0 only if nothing is lost, nothing done twice, all agreed"),
        ("strangler demo --messages 200", "the same, shorter"),
        ("strangler demo --break cents", "a port that rounds wrongly; shows one group of differences, ends with 1"),
    ],
    [ExitCode.ATTENTION, ExitCode.FAILED, ExitCode.INTERRUPTED],
    {
        ExitCode.OK: "nothing lost, nothing done twice, both sides agree on every message, no mutant survived",
        ExitCode.ATTENTION: "something was lost, done twice or is judged differently, or a mutant survived; the report "
        "says what",
        ExitCode.FAILED: "a program that it needs is missing or did not start; `strangler doctor` helps",
    },
)


def demo(
    *,
    messages: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many notifications the monolith publishes.")
    ] = 2000,
    breaks: Annotated[
        list[Break] | None,
        typer.Option("--break", help="Seed a realistic bug into one handler of the new side; may be repeated."),
    ] = None,
    shadow_only: Annotated[
        bool, typer.Option("--shadow-only", help="End after the shadow run; no family goes live.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running at the end, until Ctrl-C.")] = False,
    folder: Annotated[
        Path, typer.Option(metavar="PATH", help="Where logs, report and summary go.", file_okay=False)
    ] = Path("var/demo"),
    rate: Annotated[
        float, typer.Option(min=0, metavar="R", help="Messages a second; 0 is as fast as the broker takes them.")
    ] = 60,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Equal seeds publish equal messages.")] = 7,
    output: OutputOption = Output.TABLE,
) -> None:
    """Run the main job on this machine: real RabbitMQ, real PHP, an embedded AWS.

    The monolith publishes payment notifications; its own PHP workers and
    the new Python functions both process them (shadow: only the monolith
    acts), and every message is judged: did both sides do the same? If they
    did, a router takes over, one family goes live, a bug's dead letters
    are replayed, and the family goes back, all under traffic. Writes an
    HTML report and summary.json. Touches no AWS account.
    """
    from ops.demo.command import demo as run  # noqa: PLC0415  # brings all of infra, which no other command waits for

    raise typer.Exit(
        run(
            messages,
            breaks=breaks or (),
            shadow_only=shadow_only,
            keep=keep,
            folder=folder,
            rate=rate,
            seed=seed,
            json_output=output is Output.JSON,
        )
    )
