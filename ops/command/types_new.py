"""`strangler types new`: the contract, model, handler and first case of a type that nobody has ported yet."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.registry import FAMILIES
from ops.corpus import CorpusReader
from ops.corpus_option import KeyOption, UnfinishedOption, corpus_key
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.notification import contract_of, is_type_name
from ops.option import Output, OutputOption, lesson
from ops.output import note, show, show_json
from ops.parity.option import OracleOption, chosen_oracle
from ops.scaffold.asking import Answers, ask
from ops.scaffold.change import FileChange, changes, write
from ops.scaffold.design import Design, Naming, naming
from ops.scaffold.infer import NothingToGoByError, Told, infer
from ops.scaffold.model_text import is_renderable
from ops.scaffold.reading import NoCodecError
from ops.scaffold.sample import Sample, take_sample
from ops.scaffold.table import scaffold_tables
from ops.wording import plural

ROOT = Path(__file__).resolve().parents[2]
EPILOG = lesson(
    [
        (
            "strangler types new invoice.create --from billing.corpus --key corpus.key",
            "what would be written, against the reference monolith",
        ),
        (
            "strangler types new invoice.create --from billing.corpus --oracle 'php bin/oracle.php' --execute",
            "write it, with the effects that a monolith of your own has",
        ),
        (
            "strangler types new invoice.create --from billing.corpus --oracle-messages 0 --queue billing.invoices",
            "without an oracle, from the messages alone",
        ),
    ],
    [
        ExitCode.ATTENTION,
        ExitCode.SETTINGS,
        ExitCode.FAILED,
        ExitCode.CANNOT_WRITE,
        ExitCode.OBJECTED,
        ExitCode.UNFINISHED,
        ExitCode.REFUSED,
    ],
    {
        ExitCode.OK: "shown, or with --execute written",
        ExitCode.ATTENTION: "nothing to go by: no such messages, no codec, no key; the last line says what to do",
        ExitCode.SETTINGS: "no key was named, or the key, the corpus or the repository cannot be read",
        ExitCode.FAILED: "the oracle failed, or the corpus was altered; nothing was written",
        ExitCode.OBJECTED: "the type has a contract, or a file is there already; nothing was written",
        ExitCode.UNFINISHED: "the corpus has no end marker: --unfinished reads what there is",
        ExitCode.REFUSED: "the corpus was sealed with another key",
    },
)


def _name(value: str) -> str:
    if not is_type_name(value):
        raise typer.BadParameter("not a name of a message type, as `invoice.create`")
    return value


def new_type(  # noqa: PLR0913  options are arguments here
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", callback=_name, help="The type, as the corpus calls it.")],
    source: Annotated[Path, typer.Option("--from", metavar="FILE", help="A corpus that has messages of it.")],
    key: KeyOption = None,
    oracle: OracleOption = None,
    oracle_messages: Annotated[
        int,
        typer.Option("--oracle-messages", min=0, max=20_000, metavar="N", help="How many it is asked; 0 asks none."),
    ] = 500,
    sample: Annotated[
        int, typer.Option("--sample", min=1, max=100_000, metavar="N", help="How many messages are looked at.")
    ] = 5_000,
    family: Annotated[
        str | None, typer.Option("--family", metavar="NAME", help="Of the contract; by the type's name unless given.")
    ] = None,
    queue: Annotated[
        str | None, typer.Option("--queue", metavar="NAME", help="The monolith's own queue, which no corpus tells.")
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option("--identity", metavar="FIELD", help="What identifies a message; property:message_id for AMQP's."),
    ] = None,
    business_key: Annotated[
        str | None, typer.Option("--business-key", metavar="FIELD", help="What a message is about.")
    ] = None,
    unfinished: UnfinishedOption = False,
    execute: Annotated[
        bool, typer.Option("--execute", help="Write the files. Without it they are only listed.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Scaffold a message type: model, contract, handler and first case.

    What can be inferred is: codec, fields and their types, identity, business
    key, origin, and, from the oracle's answers, effects with their fields and
    signatures. A field is personal unless its name and all its values show
    that it is nobody's; what is called plain stands in lists that a person
    has to review. The handler decides nothing yet: the first comparison shows
    every effect as missing. No value of the corpus is written, but words of
    closed sets; the case has invented ones. Nothing is written over.
    """
    if contract_of(name) is not None:
        raise CommandError(ExitCode.OBJECTED, f"{name} has a contract already: `strangler types list` shows it")
    named = _named(name, family)
    with CorpusReader(source, corpus_key(key), unfinished=unfinished) as corpus:
        pseudonymised = corpus.header.pseudonymised
        first = min(max(oracle_messages, sample // 5), 20_000)
        taken = take_sample(corpus.records(), name, first=first, spread=max(0, sample - first))
    if not taken.deliveries:
        known = ", ".join(f"{count:,} of {other}" for other, count in taken.others.most_common(10))
        raise CommandError(ExitCode.ATTENTION, f"{source} has no message of {name}; it has {known or 'none at all'}")
    answers = _asked(taken, oracle, oracle_messages)
    design = _inferred(named, taken, answers, Told(queue, identity, business_key), pseudonymised=pseudonymised)
    wanted = changes(design, ROOT)
    if execute:
        write(wanted, ROOT)
    following = list(_following(design, source))
    if output is Output.JSON:
        show_json(_document(design, wanted, following, written=execute))
    else:
        show(scaffold_tables(design, wanted, following))
        files = plural(len(wanted), "file")
        note(f"written: {files}" if execute else f"would write {files}; nothing was written (--execute writes them)")


def _named(name: str, family: str | None) -> Naming:
    try:
        named = naming(name, family)
    except ValueError as error:
        raise CommandError(ExitCode.USAGE, str(error)) from error
    if any(one.name == named.family for one in FAMILIES):
        what = (
            f"there is a family {named.family} already. Types that write the same records belong into it: by hand, in "
            "its module of contracts/family. --family gives this one a family of its own"
        )
        raise CommandError(ExitCode.OBJECTED, what)
    return named


def _asked(taken: Sample, oracle: str | None, most: int) -> Answers:
    if not most:
        return Answers()
    return ask(chosen_oracle(oracle), taken.first[:most])


def _inferred(named: Naming, taken: Sample, answers: Answers, told: Told, *, pseudonymised: bool) -> Design:
    try:
        design = infer(
            named, taken, answers.effects, told, rejected=frozenset(answers.rejected), pseudonymised=pseudonymised
        )
    except (NoCodecError, NothingToGoByError) as error:
        raise CommandError(ExitCode.ATTENTION, f"{named.type}: {error}") from error
    if not is_renderable(design):
        raise CommandError(ExitCode.ATTENTION, f"{named.type}: exchange, routing key or class is no printable ASCII")
    return design


def _following(design: Design, source: Path) -> Sequence[str]:
    naming_ = design.naming
    return [
        f"strangler compare run --type {naming_.type} --corpus {source}",
        f"review contracts/family/{naming_.family}.py: what is plain there may be stored and shown in clear",
        f"port PHP's handler into workers/logic/{naming_.module}.py; compare again until both sides agree",
        "enter the type where tests list all of them, and its table in the recorder: README, Add a message type",
    ]


def _document(
    design: Design, wanted: Sequence[FileChange], following: Sequence[str], *, written: bool
) -> dict[str, Any]:
    return {
        "type": design.naming.type,
        "family": design.naming.family,
        "framework": design.codec.framework,
        "class_name": design.codec.class_name,
        "identity": document(design.identity),
        "business_key": document(design.business_key),
        "origin": document(design.origin),
        "seen": document(design.seen),
        "asked": design.effects.asked,
        "effects": {
            one.path: {"messages": one.messages, "plain": dict(design.plain_of(one)), "derived": dict(one.derived)}
            for one in design.told_effects
        },
        "plain": dict(design.plain),
        "guarded": sorted(design.guarded),
        "doubts": list(design.doubts),
        "files": [
            {"path": one.path, "new": one.before is None, "lines": one.lines, "diff": one.diff} for one in wanted
        ],
        "written": written,
        "next": list(following),
    }
