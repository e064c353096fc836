"""The operator's command `strangler`: its tree of commands, and how any of them ends.

Commands live in `ops.command`; nothing may import this module but whoever starts it.
"""

import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

import typer

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.output import complain

_HELP = """Move message processing from a PHP monolith to Lambdas, one message type at a time, with proof.

Account, region and endpoint come from the standard AWS environment
variables (AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL, ...). Every command
takes --help, which ends with examples and exit codes."""

Command = tuple[str, str, str, str]
"""Its word, its module in `ops.command`, and there its function and the end of its help: loaded when asked for."""

_COMMANDS: Sequence[Command] = (
    ("demo", "demo", "demo", "EPILOG"),
    ("doctor", "doctor", "doctor", "EPILOG"),
    ("deploy", "deploy", "deploy_stack", "EPILOG"),
    ("status", "status", "status", "EPILOG"),
    ("record", "record", "record", "EPILOG"),
)
_GROUPS: Mapping[str, tuple[str, Sequence[Command]]] = {
    "compare": (
        "What both sides made of the same messages.",
        [
            ("show", "compare_show", "show_comparison", "EPILOG"),
            ("state", "compare_state", "show_state", "EPILOG"),
            ("run", "compare_run", "run_comparison", "EPILOG"),
            ("report", "compare_report", "report_run", "EPILOG"),
            ("calibrate", "compare_calibrate", "calibrate_noise", "EPILOG"),
            ("oracle", "compare_oracle", "check_protocol", "EPILOG"),
            ("judge", "compare_judge", "judge_outcomes", "EPILOG"),
        ],
    ),
    "corpus": (
        "Recordings of messages, sealed, for comparing both sides offline.",
        [
            ("import", "corpus", "import_corpus", "IMPORT_EPILOG"),
            ("show", "corpus", "show_corpus", "SHOW_EPILOG"),
        ],
    ),
    "cutover": (
        "Moves authority over a family, and back.",
        [
            ("show", "authority", "show_authority", "SHOW_EPILOG"),
            ("plan", "authority", "plan_move", "PLAN_EPILOG"),
            ("shadow", "cutover", "go_shadow", "SHADOW_EPILOG"),
            ("live", "cutover", "go_live", "LIVE_EPILOG"),
            ("catch-up", "cutover", "catch_up", "CATCH_UP_EPILOG"),
            ("back", "cutover", "go_back", "BACK_EPILOG"),
            ("abort", "cutover", "abort_move", "ABORT_EPILOG"),
            ("forget", "authority", "forget_router", "FORGET_EPILOG"),
            ("waive", "authority", "waive_unsettled", "WAIVE_EPILOG"),
            ("history", "authority", "show_history", "HISTORY_EPILOG"),
        ],
    ),
    "dlq": (
        "The dead letters: what was given up on, and why.",
        [
            ("list", "dlq", "list_letters", "LIST_EPILOG"),
            ("groups", "dlq", "group_letters", "GROUPS_EPILOG"),
            ("show", "dlq", "show_letter", "SHOW_EPILOG"),
            ("close", "dlq", "close_letters", "CLOSE_EPILOG"),
        ],
    ),
    "replay": (
        "Sends dead letters again, by a plan.",
        [
            ("plan", "replay", "plan_replay", "PLAN_EPILOG"),
            ("run", "replay", "run_replay", "RUN_EPILOG"),
            ("status", "replay", "show_runs", "STATUS_EPILOG"),
            ("cancel", "replay", "cancel_replay", "CANCEL_EPILOG"),
        ],
    ),
    "messages": ("What became of one message.", [("show", "messages", "show_message", "EPILOG")]),
    "php": (
        "How far ported functions agree with PHP itself.",
        [("vectors", "php", "replay_vectors", "VECTORS_EPILOG")],
    ),
    "types": (
        "What the contracts' registry knows, what a message is, and how a new type begins.",
        [
            ("list", "types", "list_types", "EPILOG"),
            ("inspect", "types", "inspect_message", "INSPECT_EPILOG"),
            ("new", "types_new", "new_type", "EPILOG"),
        ],
    ),
    "bridge": (
        "The Messaging Bridge between RabbitMQ and SQS.",
        [
            ("ship", "bridge", "ship", "EPILOG"),
            ("route", "bridge", "route", "ROUTE_EPILOG"),
            ("return", "bridge", "give_back", "RETURN_EPILOG"),
            ("reconcile", "reconcile", "reconcile_journals", "EPILOG"),
        ],
    ),
}


@cache
def command_line(asked: str | None = None) -> Any:
    """What `strangler` takes, made once in a process. Args: asked: the first word, where it is known."""
    return typer.main.get_command(build(asked))


def build(asked: str | None = None) -> typer.Typer:
    """The tree of commands, or as much of it as a first word needs: all of it takes much longer to load."""
    app = _group(_HELP)
    app.callback()(_begin)  # a single command would else become the whole program
    _add(app, [one for one in _COMMANDS if asked in (None, one[0])])
    for name, (text, commands) in _GROUPS.items():
        if asked in (None, name):
            group = _group(text)
            _add(group, commands)
            app.add_typer(group, name=name)
    return app


def _begin() -> None:
    pass


def _add(app: typer.Typer, commands: Sequence[Command]) -> None:
    for word, place, function, epilog in commands:
        module = import_module(f"ops.command.{place}")
        app.command(word, epilog=getattr(module, epilog))(getattr(module, function))


def _asked() -> str | None:
    """The first word of the command line, if it is a command or a group."""
    word = sys.argv[1] if len(sys.argv) > 1 else None
    return word if word in _GROUPS or word in [one[0] for one in _COMMANDS] else None


def main() -> int:
    """Run the command line; returns the exit code."""
    try:
        command_line(_asked()).main(prog_name="strangler")
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
