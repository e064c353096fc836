"""The operator's command `strangler`: its tree of commands, and how any of them ends.

Commands live in `ops.command`; nothing may import this module but whoever starts it.
"""

import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import typer

from ops.command import (
    authority,
    bridge,
    compare_calibrate,
    compare_judge,
    compare_oracle,
    compare_report,
    compare_run,
    compare_show,
    compare_state,
    corpus,
    cutover,
    demo,
    deploy,
    dlq,
    doctor,
    messages,
    php,
    reconcile,
    record,
    replay,
    status,
    types,
    types_new,
)
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.output import complain

_HELP = """Move message processing from a PHP monolith to Lambdas, one message type at a time, with proof.

Account, region and endpoint come from the standard AWS environment
variables (AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, ...). Every command
takes --help, which ends with examples and exit codes."""

Command = tuple[str, str, Callable[..., None]]
"""Its word, the end of its help, and what it does."""


@cache
def command_line() -> Any:
    """What `strangler` takes, made once in a process: reading every command's options takes a tenth of a second."""
    return typer.main.get_command(build())


def build() -> typer.Typer:
    """The tree of commands."""
    app = _group(_HELP)
    app.command("demo", epilog=demo.EPILOG)(demo.demo)
    app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)
    app.command("deploy", epilog=deploy.EPILOG)(deploy.deploy_stack)
    app.command("status", epilog=status.EPILOG)(status.status)
    app.command("record", epilog=record.EPILOG)(record.record)
    groups: Mapping[str, tuple[str, Sequence[Command]]] = {
        "compare": (
            "What both sides made of the same messages.",
            [
                ("show", compare_show.EPILOG, compare_show.show_comparison),
                ("state", compare_state.EPILOG, compare_state.show_state),
                ("run", compare_run.EPILOG, compare_run.run_comparison),
                ("report", compare_report.EPILOG, compare_report.report_run),
                ("calibrate", compare_calibrate.EPILOG, compare_calibrate.calibrate_noise),
                ("oracle", compare_oracle.EPILOG, compare_oracle.check_protocol),
                ("judge", compare_judge.EPILOG, compare_judge.judge_outcomes),
            ],
        ),
        "corpus": (
            "Recordings of messages, sealed, for comparing both sides offline.",
            [
                ("import", corpus.IMPORT_EPILOG, corpus.import_corpus),
                ("show", corpus.SHOW_EPILOG, corpus.show_corpus),
            ],
        ),
        "cutover": (
            "Moves authority over a family, and back.",
            [
                ("show", authority.SHOW_EPILOG, authority.show_authority),
                ("plan", authority.PLAN_EPILOG, authority.plan_move),
                ("shadow", cutover.SHADOW_EPILOG, cutover.go_shadow),
                ("live", cutover.LIVE_EPILOG, cutover.go_live),
                ("catch-up", cutover.CATCH_UP_EPILOG, cutover.catch_up),
                ("back", cutover.BACK_EPILOG, cutover.go_back),
                ("abort", cutover.ABORT_EPILOG, cutover.abort_move),
                ("forget", authority.FORGET_EPILOG, authority.forget_router),
                ("waive", authority.WAIVE_EPILOG, authority.waive_unsettled),
                ("history", authority.HISTORY_EPILOG, authority.show_history),
            ],
        ),
        "dlq": (
            "The dead letters: what was given up on, and why.",
            [
                ("list", dlq.LIST_EPILOG, dlq.list_letters),
                ("groups", dlq.GROUPS_EPILOG, dlq.group_letters),
                ("show", dlq.SHOW_EPILOG, dlq.show_letter),
                ("close", dlq.CLOSE_EPILOG, dlq.close_letters),
            ],
        ),
        "replay": (
            "Sends dead letters again, by a plan.",
            [
                ("plan", replay.PLAN_EPILOG, replay.plan_replay),
                ("run", replay.RUN_EPILOG, replay.run_replay),
                ("status", replay.STATUS_EPILOG, replay.show_runs),
                ("cancel", replay.CANCEL_EPILOG, replay.cancel_replay),
            ],
        ),
        "messages": ("What became of one message.", [("show", messages.EPILOG, messages.show_message)]),
        "php": (
            "How far ported functions agree with PHP itself.",
            [("vectors", php.VECTORS_EPILOG, php.replay_vectors)],
        ),
        "types": (
            "What the contracts' registry knows, what a message is, and how a new type begins.",
            [
                ("list", types.EPILOG, types.list_types),
                ("inspect", types.INSPECT_EPILOG, types.inspect_message),
                ("new", types_new.EPILOG, types_new.new_type),
            ],
        ),
        "bridge": (
            "The Messaging Bridge between RabbitMQ and SQS.",
            [
                ("ship", bridge.EPILOG, bridge.ship),
                ("route", bridge.ROUTE_EPILOG, bridge.route),
                ("return", bridge.RETURN_EPILOG, bridge.give_back),
                ("reconcile", reconcile.EPILOG, reconcile.reconcile_journals),
            ],
        ),
    }
    for name, (text, commands) in groups.items():
        group = _group(text)
        for word, epilog, function in commands:
            group.command(word, epilog=epilog)(function)
        app.add_typer(group, name=name)
    return app


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        command_line().main(prog_name="strangler")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else ExitCode.OK
    except CommandError as error:
        complain(error)
        return error.code
    except Exception:  # noqa: BLE001  # a bug of ours must not look like ATTENTION, which is Python's 1
        traceback.print_exc()
        return ExitCode.FAILED
    return ExitCode.OK


def _group(text: str) -> typer.Typer:
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


if __name__ == "__main__":
    sys.exit(main())
