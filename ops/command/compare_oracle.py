"""`strangler compare oracle`: whether a program keeps to the oracle's protocol."""

import secrets
from itertools import islice
from typing import Annotated

import typer
from rich.text import Text

from ops.corpus import CorpusReader
from ops.corpus_option import CorpusOption, KeyOption, UnfinishedOption, corpus_key
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.option import Output, OutputOption, lesson
from ops.output import show, show_json
from ops.parity.conformance import check_oracle
from ops.parity.option import JsonOption, OracleOption, chosen_oracle

EPILOG = lesson(
    [
        (
            "strangler compare oracle --oracle 'php bin/oracle.php' --corpus payments.corpus",
            "before the first comparison",
        ),
    ],
    [ExitCode.ATTENTION, ExitCode.SETTINGS, ExitCode.FAILED, ExitCode.UNFINISHED, ExitCode.REFUSED],
    {
        ExitCode.OK: "every promise of the protocol was kept",
        ExitCode.ATTENTION: "a promise was broken; the output says which, and where",
    },
)


def check_protocol(
    *,
    corpus: CorpusOption,
    key: KeyOption = None,
    oracle: OracleOption = None,
    messages: Annotated[
        int, typer.Option("--messages", min=1, max=100_000, metavar="N", help="So many of the corpus, at most.")
    ] = 500,
    unfinished: UnfinishedOption = False,
    output: OutputOption = Output.TABLE,
    json: JsonOption = False,
) -> None:
    """Try a program with messages of a corpus: does it keep to the oracle's protocol?

    The protocol: notifications on standard input, one JSON object a line; for
    each, in order, one line on standard output: its outcome document, or an
    empty line where the message was turned away before it could be named
    (docs/side-by-side.md).
    """
    command = chosen_oracle(oracle)
    with CorpusReader(corpus, corpus_key(key), unfinished=unfinished) as reader:
        lines = [record.line for record in islice(reader.records(), messages)]
    if not lines:
        raise CommandError(ExitCode.SETTINGS, f"{corpus} holds no message to try it with")
    promises = check_oracle(command, lines, secrets.token_hex(16), secrets.token_hex(16))
    if json or output is Output.JSON:
        show_json({"promises": document(promises), "messages": len(lines)})
    else:
        show(
            Text.assemble(
                (f"{'kept  ' if one.kept else 'BROKEN'} ", "green" if one.kept else "red"), one.name, f": {one.found}"
            )
            for one in promises
        )
    raise typer.Exit(ExitCode.OK if all(one.kept for one in promises) else ExitCode.ATTENTION)
