"""`strangler corpus`: recordings of messages, sealed; made of somebody's own, and looked at without a value."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from contracts.pseudonym import Pseudonyms
from contracts.pseudonym_message import Personal
from ops.corpus import CorpusReader, outline
from ops.corpus_format import Tally
from ops.corpus_option import (
    CorpusArgument,
    CorpusOption,
    KeyOption,
    MakingKeyOption,
    PseudonymiseOption,
    corpus_key,
)
from ops.corpus_table import corpus_tables
from ops.corpus_writer import CorpusWriter
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.notification import LINE_BYTES, BadLineError, Notification, contract_of, read_notification
from ops.notification import pseudonymise as give_pseudonyms
from ops.option import Output, OutputOption, lesson
from ops.output import note, show, show_json
from ops.pseudonym_secret import secret_path
from ops.wording import plural

_TOLD = 20
"""Bad lines that are named; the others are counted."""

_READS = (ExitCode.SETTINGS, ExitCode.FAILED, ExitCode.REFUSED)
IMPORT_EPILOG = lesson(
    [
        (
            "strangler corpus import mine.ndjson --corpus payments.corpus --key corpus.key",
            "seal a recording of your own; the key file is made if there is none",
        ),
        ("zcat mine.ndjson.gz | strangler corpus import /dev/stdin --corpus payments.corpus", "from standard input"),
        (
            "strangler corpus import mine.ndjson --corpus payments.corpus --pseudonymise",
            "names, accounts and texts as pseudonyms",
        ),
        (
            "strangler corpus import mine.ndjson --corpus payments.corpus --skip-bad",
            "leave out the lines that are no notifications",
        ),
    ],
    [ExitCode.ATTENTION, ExitCode.CANNOT_WRITE, *_READS, ExitCode.INTERRUPTED],
    {
        ExitCode.OK: "every line is in the corpus",
        ExitCode.ATTENTION: "lines are no notifications; without --skip-bad there is no corpus",
        ExitCode.SETTINGS: "no key was named, or the key or the recording cannot be read",
    },
)
SHOW_EPILOG = lesson(
    [
        ("strangler corpus show payments.corpus", "what stands in clear"),
        ("strangler corpus show payments.corpus --key corpus.key", "open it: types, times, and whether it is whole"),
        ("strangler corpus show payments.corpus -o json | jq .records", "for a script"),
    ],
    [*_READS, ExitCode.UNFINISHED],
    {
        ExitCode.OK: "the corpus is whole",
        ExitCode.SETTINGS: "the file or the key cannot be read, or it is no corpus",
        ExitCode.FAILED: "the corpus was altered since it was written, or KMS fails",
        ExitCode.UNFINISHED: "it has no end marker: what is there is shown",
        ExitCode.REFUSED: "it was sealed with another key",
    },
)


def import_corpus(
    *,
    file: Annotated[Path, typer.Argument(metavar="NDJSON", help="Notifications, one a line; - for standard input.")],
    corpus: CorpusOption,
    key: MakingKeyOption = None,
    pseudonymise: PseudonymiseOption = False,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave out lines that are no notifications.")] = False,
) -> None:
    """Seal a recording of your own as a corpus.

    A line is a message as the monolith's oracle takes it: a JSON object with
    `type` and `body_base64`, and where known `id`, `exchange`, `routing_key`,
    `properties`, `headers`, `redelivered` and `at` (when it was captured).
    It stays as it is, byte for byte; what it lacks is added at its end. A
    line that is none is named by its number, with the reason, and never
    quoted.
    """
    opened = corpus_key(key, make=True)
    with _opened(file) as lines:
        now = datetime.now(UTC)
        writer = CorpusWriter.create(corpus, opened, now=now, types=None, pseudonymised=pseudonymise)
        try:
            bad = _take(lines, writer, file, _pseudonymiser() if pseudonymise else lambda one: one)
            _refuse(bad, file, skip_bad=skip_bad)
            writer.finish()
        except BaseException:
            writer.close()
            with suppress(OSError):
                corpus.unlink()
            raise
    left_out = f", {plural(bad, 'line')} left out" if bad else ""
    note(f"{corpus}: {plural(writer.tally.records, 'record')} in {plural(writer.segments, 'segment')}{left_out}")
    raise typer.Exit(ExitCode.ATTENTION if bad else ExitCode.OK)


def show_corpus(
    *,
    file: CorpusArgument,
    key: KeyOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what a corpus is: when, how many, of which types, pseudonymised or not. Never a value.

    Without a key only what stands in clear, which nobody has vouched for.
    With it every segment is opened: that it is whole and as it was written is
    then certain.
    """
    one = outline(file)
    tally: Tally | None = None
    torn = False
    if key:
        tally, opened = Tally(), 0
        with CorpusReader(file, corpus_key(key), unfinished=True) as reader:
            for segment in reader.torn_segments():
                tally += segment.tally
                opened += 1
            torn = opened < reader.segments_total
    if output is Output.JSON:
        header = document(one.header)
        header.pop("wrapped")
        known = {"segments": one.segments, "records": one.records, "finished": one.finished, "torn": torn}
        show_json({**header, **known, "opened": document(tally)})
    else:
        show(corpus_tables(one, tally, torn=torn))
    if one.finished and secret_path(file).exists():
        note(f"the secret of its pseudonyms is still there, for --continue: {secret_path(file)}")
    raise typer.Exit(ExitCode.OK if one.finished else ExitCode.UNFINISHED)


def _opened(file: Path) -> BinaryIO:
    if file == Path("-"):
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise CommandError(ExitCode.SETTINGS, f"{file} cannot be read: {error.strerror or error}") from error


def _pseudonymiser() -> Callable[[Notification], Notification]:
    """Its secret is in this process alone, and ends with it."""
    pseudonyms = Pseudonyms(os.urandom(32))
    known: dict[str, Personal] = {}

    def changed(one: Notification) -> Notification:
        personal = known.setdefault(one.type, Personal(pseudonyms, contract_of(one.type)))
        return give_pseudonyms(one, personal).notification

    return changed


def _take(lines: BinaryIO, writer: CorpusWriter, file: Path, change: Callable[[Notification], Notification]) -> int:
    """Append every line that is a notification; how many are none."""
    bad = number = 0
    while line := _line(lines, file):
        number += 1
        try:
            if len(line) > LINE_BYTES:
                _skip(lines, line, file)
                raise BadLineError(f"longer than {LINE_BYTES:,} bytes")  # noqa: TRY301  # told like the others
            one = change(read_notification(line))
        except BadLineError as error:
            bad += 1
            if bad <= _TOLD:
                note(f"line {number:,}: {error}")
            continue
        writer.append(one.line, one.type, one.at)
        if writer.full:
            writer.flush()
    if bad > _TOLD:
        note(f"and {plural(bad - _TOLD, 'bad line')} more")
    return bad


def _refuse(bad: int, file: Path, *, skip_bad: bool) -> None:
    if bad and not skip_bad:
        what = f"{plural(bad, 'line')} of {file} cannot be taken: no corpus was made (--skip-bad leaves them out)"
        raise CommandError(ExitCode.ATTENTION, what)


def _line(lines: BinaryIO, file: Path) -> bytes:
    try:
        return lines.readline(LINE_BYTES + 1)
    except OSError as error:
        raise CommandError(ExitCode.FAILED, f"{file} cannot be read: {error.strerror or error}") from error


def _skip(lines: BinaryIO, line: bytes, file: Path) -> None:
    while line and not line.endswith(b"\n"):
        line = _line(lines, file)
