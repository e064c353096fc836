"""Options of the commands that write or read a corpus."""

from pathlib import Path
from typing import Annotated

import typer

from ops.corpus_key import KEY_VARIABLE, CorpusKey, open_key
from ops.exit_code import ExitCode
from ops.fault import CommandError

CorpusOption = Annotated[Path, typer.Option("--corpus", metavar="FILE", help="The corpus' file.")]
CorpusArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The corpus' file.")]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar=KEY_VARIABLE,
        metavar="FILE|kms:ARN",
        help="Key of the corpus: a key file, or a key of KMS.",
        show_default=False,
    ),
]
MakingKeyOption = Annotated[
    str | None,
    typer.Option(
        "--key",
        envvar=KEY_VARIABLE,
        metavar="FILE|kms:ARN",
        help="Key of the corpus: a key file, made if there is none, or a key of KMS.",
        show_default=False,
    ),
]
PseudonymiseOption = Annotated[
    bool, typer.Option("--pseudonymise", help="Put pseudonyms in the place of personal values.")
]
UnfinishedOption = Annotated[
    bool, typer.Option("--unfinished", help="Be content with the whole segments of one that was cut short.")
]


def corpus_key(text: str | None, *, make: bool = False) -> CorpusKey:
    """The key that was named. Raises CommandError."""
    if not text:
        raise CommandError(
            ExitCode.SETTINGS, f"a corpus is always sealed: --key FILE, --key kms:ARN, or {KEY_VARIABLE}, names its key"
        )
    return open_key(text, make=make)
