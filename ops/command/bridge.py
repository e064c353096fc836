"""`strangler bridge`: the Messaging Bridge between RabbitMQ and SQS."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from ops.exit_code import ExitCode
from ops.option import DEFAULT_STACK, OptionalStackOption, lesson
from ops.session import in_plain_words

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings, as TOML. An environment variable wins over its key."),
]
CheckOption = Annotated[
    bool,
    typer.Option("--check", help="Try both ends, change nothing, and say what is wrong, a line each."),
]
_BEGIN = (ExitCode.SETTINGS, ExitCode.NO_DEPLOYMENT, ExitCode.UNREACHABLE, ExitCode.REFUSED)
_NO_DEPLOYMENT = "of `--check`: an exchange, a queue or a table that has to be there is not"

EPILOG = lesson(
    [
        ("AMQP_URL=amqp://user:password@broker/vhost strangler bridge ship", "ship until SIGTERM or Ctrl-C"),
        ("strangler bridge ship --config strangler.toml --check", "try both ends, change nothing, say what is wrong"),
        ("STRANGLER_PREFETCH=50 strangler bridge ship --stack rehearsal", "fewer messages in flight, to another stack"),
        ("STRANGLER_TAP=none strangler bridge ship", "behind a router: empty the taps, delete them, take its copies"),
    ],
    [ExitCode.NOT_DRAINED, ExitCode.POISONED, ExitCode.CHANNEL_FAILED, *_BEGIN],
    {
        ExitCode.OK: "told to stop, and everything in flight was settled",
        ExitCode.SETTINGS: "a setting is missing or wrong, or another shipper works with this journal",
        ExitCode.NO_DEPLOYMENT: _NO_DEPLOYMENT,
        ExitCode.UNREACHABLE: "RabbitMQ could not be reached at the start; later it reconnects by itself",
        ExitCode.REFUSED: "RabbitMQ refuses user, password, virtual host or a queue's arguments",
    },
)


ROUTE_EPILOG = lesson(
    [
        ("AMQP_URL=amqp://user:password@broker/vhost strangler bridge route", "route until SIGTERM or Ctrl-C"),
        ("strangler bridge route --config strangler.toml --check", "try both ends, change nothing, say what is wrong"),
        ("STRANGLER_JOURNAL=/srv/router-2 strangler bridge route", "a second one, which stands by"),
        ("STRANGLER_FAMILIES=payin strangler bridge route", "only this family"),
    ],
    [ExitCode.NOT_DRAINED, *_BEGIN],
    {
        ExitCode.OK: "told to stop, and everything in hand was published and acknowledged",
        ExitCode.SETTINGS: "a setting is missing or wrong, or another router works with this journal",
        ExitCode.NO_DEPLOYMENT: _NO_DEPLOYMENT,
        ExitCode.UNREACHABLE: "RabbitMQ could not be reached at the start; later it reconnects by itself",
        ExitCode.REFUSED: "RabbitMQ refuses user, password, virtual host or a queue's arguments, or lacks a queue",
    },
)

RETURN_EPILOG = lesson(
    [("AMQP_URL=amqp://user:password@broker/vhost strangler bridge return", "publish until SIGTERM or Ctrl-C")],
    [*_BEGIN],
    {
        ExitCode.OK: "told to stop, and what was in hand was published",
        ExitCode.NO_DEPLOYMENT: _NO_DEPLOYMENT,
        ExitCode.UNREACHABLE: "RabbitMQ could not be reached at the start; later it reconnects by itself",
        ExitCode.REFUSED: "RabbitMQ refuses user, password, virtual host or a queue's arguments",
    },
)


def ship(*, config: ConfigOption = None, check: CheckOption = False, stack: OptionalStackOption = None) -> None:
    """Ship notifications and outcomes from RabbitMQ to SQS until told to stop.

    Consumes queues of its own: taps, bound beside the monolith's (shadow),
    and behind a router the messages and copies that it sends on. A message
    is acknowledged only after SQS has accepted it. What lies in the Invalid
    Message Channel goes on to the index of dead letters. Settings come from
    a file and from the environment (docs/configuration.md); only AMQP_URL is
    needed. Logs are JSON lines on standard error, and hold no message's
    content. Several may run beside each other: an ordered family is shipped
    by one of them at a time, the others stand by.
    """
    from bridge.__main__ import ship as run  # noqa: PLC0415  # brings pika, which no other command waits for

    _run(lambda: run(config, check=check), stack)


def route(*, config: ConfigOption = None, check: CheckOption = False, stack: OptionalStackOption = None) -> None:
    """Route the monolith's messages as is decided, until told to stop.

    Consumes the monolith's queues, alone, and publishes each message to the
    queue that the monolith consumes from then on, to the new side, or to
    where it is held while authority moves. What is decided comes from the
    control table; without AWS it goes on with the last known decisions.
    Settings come from a file and from the environment
    (docs/configuration.md); only AMQP_URL is needed. Run a second one, with a
    journal of its own: it stands by until the first one ends.
    """
    from bridge.__main__ import route as run  # noqa: PLC0415  # brings pika, which no other command waits for

    _run(lambda: run(config, check=check), stack)


def give_back(*, config: ConfigOption = None, check: CheckOption = False, stack: OptionalStackOption = None) -> None:
    """Publish to RabbitMQ what the new side sends back, until told to stop.

    That is the messages that follow from what it has processed, for the rest
    of the monolith, and messages that are to be held. In order per business
    key, each confirmed by the broker before it is deleted from SQS; a
    receiver may see one twice, under the same message_id. Settings come from
    a file and from the environment (docs/configuration.md); only AMQP_URL is
    needed. Several may run beside each other.
    """
    from bridge.__main__ import give_back as run  # noqa: PLC0415  # brings pika, which no other command waits for

    _run(lambda: run(config, check=check), stack)


def _run(run: Callable[[], int], stack: str | None) -> None:
    if stack is not None:
        os.environ["STRANGLER_STACK"] = stack  # wins over the file, and this is the bridge's process
    with in_plain_words(stack or DEFAULT_STACK):
        code = run()
    raise typer.Exit(code)
