"""`strangler dlq`: the dead letters. Looking never receives from a queue, and opens nothing that it shows."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from contracts.message_type import MessageType
from contracts.registry import FAMILIES
from ops.audit_chain import Act, AuditChain
from ops.claim import Claims, claim_store
from ops.cutover_bootstrap import name_operator
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.letter import Choice, Letter, in_order
from ops.letter_group import EXAMPLES, group
from ops.letter_index import LetterIndex, states_named
from ops.letter_opening import LetterOpener, OpenedLetter
from ops.letter_option import (
    CauseOption,
    ExecuteOption,
    FamilyOption,
    FingerprintOption,
    LetterArgument,
    LettersArgument,
    ReasonOption,
    SinceOption,
    StateOption,
    TicketOption,
    needed,
    parse_since,
)
from ops.letter_structure import Structure, UnknownFieldError, reveal, structure, type_of
from ops.letter_table import group_tables, letter_tables, letters_table
from ops.option import DEFAULT_STACK, READS_AWS, Output, OutputOption, StackOption, TypeOption, lesson
from ops.output import note, show, show_json, show_lines
from ops.replay_message import RefusedLetterError
from ops.sealing import letter_contents
from ops.session import dynamodb_client
from ops.wording import plural, printable

CLOSED = "closed by hand"

LIST_EPILOG = lesson(
    [
        ("strangler dlq list", "all that wait for somebody"),
        ("strangler dlq list --family payin --cause model --since 2h", "what a deployment may have broken"),
        ("strangler dlq list --state resolved -o json", "what has been settled, for a script"),
    ],
    [ExitCode.ATTENTION, *READS_AWS],
    {ExitCode.OK: "there are no such letters", ExitCode.ATTENTION: "there are such letters"},
)
GROUPS_EPILOG = lesson(
    [("strangler dlq groups", "one fault, one group, each with the command that plans its replay")],
    [ExitCode.ATTENTION, *READS_AWS],
    {ExitCode.OK: "there are no such letters", ExitCode.ATTENTION: "there is at least one group"},
)
SHOW_EPILOG = lesson(
    [
        ("strangler dlq show 5f0c...", "where it comes from, why it is here, what the message looks like"),
        (
            "strangler dlq show 5f0c... --reveal object_payload.payins[].amount --reason 'OPS-17: odd amount'",
            "one field in clear, and an entry in the audit chain",
        ),
    ],
    [ExitCode.UNKNOWN_MESSAGE, ExitCode.ATTENTION, *READS_AWS],
    {
        ExitCode.OK: "the letter is shown",
        ExitCode.UNKNOWN_MESSAGE: "there is no letter of that id",
        ExitCode.ATTENTION: "the message has no such field; the look is audited all the same",
    },
)
CLOSE_EPILOG = lesson(
    [
        ("strangler dlq close 5f0c... --reason 'PHP has refused it, too'", "what would be closed"),
        ("strangler dlq close 5f0c... --reason 'PHP has refused it, too' --execute", "close it"),
    ],
    [ExitCode.UNKNOWN_MESSAGE, ExitCode.OBJECTED, *READS_AWS],
    {
        ExitCode.OK: "closed, or what would be closed",
        ExitCode.UNKNOWN_MESSAGE: "there is no letter of that id; nothing was done",
        ExitCode.OBJECTED: "a letter is being replayed, or came back in this moment; the others are closed",
    },
)


def list_letters(
    *,
    message_type: TypeOption = None,
    family: FamilyOption = None,
    cause: CauseOption = None,
    since: SinceOption = None,
    fingerprint: FingerprintOption = None,
    state: StateOption = "open",
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """List dead letters, oldest first.

    Reads the index, never a queue: a look delays nothing and counts as no
    receive. An open letter is kept until it is resolved, whatever SQS'
    retention; a resolved one for 60 days.
    """
    now = datetime.now(UTC)
    choice = Choice(message_type, family, cause, fingerprint, None if since is None else parse_since(since, now))
    letters = in_order(LetterIndex(dynamodb_client(stack), stack).chosen(choice, states_named(state)))
    if output is Output.JSON:
        show_json(document(letters))
    else:
        show(letters_table(letters, now))
    raise typer.Exit(ExitCode.ATTENTION if letters else ExitCode.OK)


def group_letters(
    *,
    message_type: TypeOption = None,
    family: FamilyOption = None,
    cause: CauseOption = None,
    since: SinceOption = None,
    state: StateOption = "open",
    examples: Annotated[int, typer.Option(min=1, max=100, metavar="N", help="Ids shown of each group.")] = EXAMPLES,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Group dead letters by fingerprint: type and cause, numbers left out. One fault, one group."""
    now = datetime.now(UTC)
    choice = Choice(message_type, family, cause, None, None if since is None else parse_since(since, now))
    letters = LetterIndex(dynamodb_client(stack), stack).chosen(choice, states_named(state))
    groups = group(letters, examples)
    if output is Output.JSON:
        show_json(document(groups))
    else:
        show(group_tables(groups))
    raise typer.Exit(ExitCode.ATTENTION if groups else ExitCode.OK)


def show_letter(
    *,
    letter_id: LetterArgument,
    field: Annotated[
        str | None, typer.Option("--reveal", metavar="FIELD", help="Print only this field, in clear. Audited first.")
    ] = None,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    stack: StackOption = DEFAULT_STACK,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show one dead letter, and what its message looks like: paths and shapes, values masked.

    Fields that the type's contract names as plain are shown. --reveal FIELD
    prints one field by its path, as the structure names it; `body` is the
    whole body, for one that nobody can decode. It needs --reason; where the
    audit chain cannot be written, nothing is opened.
    """
    index = LetterIndex(dynamodb_client(stack), stack)
    letter = _letter(index, letter_id, stack)
    opener = LetterOpener(letter_contents(stack), Claims(claim_store(stack)).fetch)
    if field is not None:
        _reveal(letter, opener, field, needed(reason, "--reveal"), ticket, stack, output)
        return
    known: Structure | None = None
    closed_because = ""
    try:
        opened = opener.open_whole(letter)
        known = structure(opened, _contract(letter, opened))
    except (RefusedLetterError, CommandError) as error:
        closed_because = str(error)
    if output is Output.JSON:
        told = {"letter": document(letter), "structure": document(known), "closed_because": closed_because or None}
        show_json(told)
    else:
        show(letter_tables(letter, known, closed_because))


def close_letters(
    *,
    letter_ids: LettersArgument,
    reason: ReasonOption = None,
    ticket: TicketOption = None,
    execute: ExecuteOption = False,
    stack: StackOption = DEFAULT_STACK,
) -> None:
    """Close dead letters that need no replay: the message stays as it is, and nothing is sent.

    For what the monolith has refused too, or what somebody has settled
    otherwise. A closed letter goes after 60 days; it opens again if its
    message is given up on once more.
    """
    why = needed(reason, "closing")
    client = dynamodb_client(stack)
    index = LetterIndex(client, stack)
    letters = [_letter(index, letter_id, stack) for letter_id in dict.fromkeys(letter_ids)]
    if not execute:
        note(f"would close {plural(len(letters), 'letter')}; nothing was done (--execute does it)")
        return
    act = Act("dlq: close", name_operator(), why, None, ticket, {"letters": [one.letter_id for one in letters]})
    AuditChain(client, stack, lambda: datetime.now(UTC)).append(act)
    now = datetime.now(UTC)
    left = [
        one.letter_id
        for one in letters
        if one.state != "resolved" and (one.state != "open" or not index.resolve(one, "by hand", CLOSED, now))
    ]
    if left:
        raise CommandError(
            ExitCode.OBJECTED, f"not closed, for they are being replayed or came back: {', '.join(left)}"
        )
    note(f"closed {plural(len(letters), 'letter')}")


def _reveal(
    letter: Letter,
    opener: LetterOpener,
    field: str,
    reason: str,
    ticket: str | None,
    stack: str,
    output: Output,
) -> None:
    chain = AuditChain(dynamodb_client(stack), stack, lambda: datetime.now(UTC))
    chain.append(
        Act(
            "dlq: reveal",
            name_operator(),
            reason,
            letter.family,
            ticket,
            {"letter": letter.letter_id, "field": field},
        )
    )
    try:
        opened = opener.open_whole(letter)
        values = reveal(opened, _contract(letter, opened), field)
    except RefusedLetterError as error:
        raise CommandError(ExitCode.FAILED, f"letter {letter.letter_id}: {error}") from error
    except UnknownFieldError as error:
        raise CommandError(
            ExitCode.ATTENTION, f"letter {letter.letter_id} has no such field; without --reveal its fields are named"
        ) from error
    if output is Output.JSON:
        show_json({"field": field, "values": values})
    else:
        show_lines(map(printable, values))


def _letter(index: LetterIndex, letter_id: str, stack: str) -> Letter:
    found = index.found([letter_id])
    if letter_id not in found:
        raise CommandError(ExitCode.UNKNOWN_MESSAGE, f"{stack!r} has no dead letter {letter_id}")
    return found[letter_id]


def _contract(letter: Letter, opened: OpenedLetter) -> MessageType | None:
    if letter.source == "return" and letter.effect is not None:
        return None  # a type's contract says what is plain in its own messages, not in those that follow from them
    parked = opened.parked
    origin = None if parked is None else (parked.exchange, parked.routing_key)
    return type_of({one.name: one for one in FAMILIES}, letter.type, letter.source, origin)
