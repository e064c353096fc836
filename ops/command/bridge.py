"""`strangler bridge`: the Messaging Bridge from RabbitMQ to SQS."""

import os

import typer

from ops.exit_code import ExitCode
from ops.option import DEFAULT_STACK, StackOption, lesson
from ops.session import in_plain_words

EPILOG = lesson(
    [
        ("AMQP_URL=amqp://user:password@broker/vhost strangler bridge ship", "ship until SIGTERM or Ctrl-C"),
        ("STRANGLER_PREFETCH=50 strangler bridge ship --stack rehearsal", "fewer messages in flight, to another stack"),
    ],
    [ExitCode.NOT_DRAINED, ExitCode.SETTINGS, ExitCode.UNREACHABLE, ExitCode.REFUSED],
    {
        ExitCode.OK: "told to stop, and everything in flight was settled",
        ExitCode.UNREACHABLE: "RabbitMQ could not be reached at the start; later it reconnects by itself",
        ExitCode.REFUSED: "RabbitMQ refuses user, password, virtual host or a queue's arguments",
    },
)


def ship(*, stack: StackOption = DEFAULT_STACK) -> None:
    """Ship notifications and outcomes from RabbitMQ to SQS until told to stop.

    Consumes queues of its own, bound beside the monolith's (shadow): the
    legacy side stays as it is. A message is acknowledged only after SQS
    has accepted it. Settings come from the environment: AMQP_URL (needed),
    STRANGLER_PREFETCH, STRANGLER_TAP_LENGTH, STRANGLER_DRAIN_S, LOG_LEVEL.
    Logs are JSON lines on standard error, and hold no message's content.
    Several may run beside each other: an ordered family is shipped by one
    of them at a time, the others stand by.
    """
    from bridge.__main__ import ship as run  # noqa: PLC0415  # brings pika, which no other command waits for

    os.environ["STRANGLER_STACK"] = stack  # the bridge's settings are its environment, and this is its process
    with in_plain_words(stack):
        code = run()
    raise typer.Exit(code)
