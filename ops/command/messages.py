"""`strangler messages`: what became of one message."""

from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.ledger import Ledger
from ops.life import tell
from ops.option import DEFAULT_STACK, READS_AWS, MessageIdArgument, Output, OutputOption, StackOption, lesson
from ops.output import show, show_json
from ops.session import dynamodb_client
from ops.table import life_tables

EPILOG = lesson(
    [
        ("strangler messages show 3f0c9a41-1d0e-4f5b-9a53-7c1d7e0c2b10", "the whole life of that message"),
        ("strangler messages show ID -o json | jq .entry.verdict", "one field, for a script"),
    ],
    [ExitCode.UNKNOWN_MESSAGE, *READS_AWS],
    {ExitCode.OK: "the ledger knows the message, whatever became of it"},
)


def show_message(
    *,
    message_id: MessageIdArgument,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show one message's life: received, decided, processed or rejected, judged.

    Says what is sealed and leaves it so: no command decrypts. Differences
    are those that the judge has left to be shown, personal values masked.
    Unknown here does not mean lost: the message may still wait in a queue
    (`strangler status`), or nobody could read its id (the Invalid Message
    Channel, RabbitMQ queue `strangler.invalid`).
    """
    entry = Ledger(dynamodb_client(stack), stack).entry(message_id)
    if entry is None:
        raise CommandError(
            ExitCode.UNKNOWN_MESSAGE,
            f"the ledger of {stack!r} has no message {message_id!r}: check the id, or whether it still waits "
            "(`strangler status`)",
        )
    steps = tell(entry, stack)
    if output is Output.JSON:
        show_json({"entry": document(entry), "steps": document(steps)})
    else:
        show(life_tables(entry, steps))
