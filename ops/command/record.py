"""`strangler record`: captures a corpus from RabbitMQ; the monolith notices nothing."""

import itertools
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.deadline import listen, within
from bridge.port import Delivery, SourceLostError, SourceRefusedError, SystemClock
from bridge.settings import SettingsError, TakerSettings, read_settings
from bridge.topology import recording_queues
from contracts.pseudonym import Pseudonyms
from contracts.pseudonym_message import Personal
from contracts.registry import UnknownTypeError, type_named
from ops.corpus import outline
from ops.corpus_format import SEGMENT_RECORDS
from ops.corpus_option import CorpusOption, MakingKeyOption, PseudonymiseOption, corpus_key
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.notification import Line, contract_of, is_type_name, write_notification
from ops.option import lesson
from ops.output import note
from ops.pseudonym_secret import begin_secret, check_secret, resume_secret, secret_path, throw_away
from ops.record_bar import record_bar
from ops.record_origin import RecordOrigin, of_exchange, of_types
from ops.recording import Bounds, Course, Feed, Recording
from ops.wording import plural, printable

_PREFETCH = 2 * SEGMENT_RECORDS
"""While one segment is being sealed, the next one comes in."""
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

EPILOG = lesson(
    [
        (
            "strangler record --corpus payments.corpus --key corpus.key --for 1h --pseudonymise",
            "an hour of all types; names, accounts and texts as pseudonyms",
        ),
        ("strangler record --corpus payins.corpus --type payin.create --messages 100000", "so many of one type"),
        (
            "strangler record --corpus invoices.corpus --exchange billing --routing-key invoice.# --name invoice",
            "a type that has no contract yet",
        ),
        ("strangler record --corpus payments.corpus --continue", "go on with one that was cut short"),
    ],
    [
        ExitCode.ATTENTION,
        ExitCode.NOT_DRAINED,
        ExitCode.SETTINGS,
        ExitCode.UNREACHABLE,
        ExitCode.FAILED,
        ExitCode.CANNOT_WRITE,
        ExitCode.OBJECTED,
        ExitCode.REFUSED,
    ],
    {
        ExitCode.OK: "recorded: so many messages, so long, or until it was told to stop",
        ExitCode.ATTENTION: "recorded, and messages are missing, or the queue could not be deleted",
        ExitCode.NOT_DRAINED: "stopped before the corpus had its end; --continue carries it on",
        ExitCode.UNREACHABLE: "RabbitMQ could not be reached at the start; later it reconnects by itself",
        ExitCode.FAILED: "the corpus that was to go on was altered, or KMS fails",
        ExitCode.OBJECTED: "somebody is recording into this file, or the secret of its pseudonyms is gone",
        ExitCode.REFUSED: "RabbitMQ refuses us or lacks the exchange, or the corpus was sealed with another key",
    },
)


def _types(values: list[str]) -> list[str]:
    for value in values:
        try:
            type_named(value)
        except UnknownTypeError as error:
            raise typer.BadParameter(f"{error}; `strangler types list` names them all") from error
    return values


def _name(value: str | None) -> str | None:
    if value is not None and not is_type_name(value):
        raise typer.BadParameter("letters, digits and _ . : / - only")
    return value


def _duration(value: str | None) -> str | None:
    if value is not None and not _DURATION.fullmatch(value):
        raise typer.BadParameter("a duration as 90s, 30m, 2h or 1d")
    return value


def record(  # noqa: PLR0913  # its options
    *,
    corpus: CorpusOption,
    key: MakingKeyOption = None,
    types: Annotated[
        list[str],
        typer.Option("--type", callback=_types, metavar="TYPE", help="Only this type. Repeatable; all without it."),
    ] = [],  # noqa: B006  # typer's way to say that there may be none
    exchange: Annotated[
        str | None, typer.Option("--exchange", metavar="NAME", help="Of a type without a contract; with --name.")
    ] = None,
    routing_key: Annotated[
        str, typer.Option("--routing-key", metavar="KEY", help="What is bound of that exchange.")
    ] = "",
    name: Annotated[
        str | None, typer.Option("--name", callback=_name, metavar="TYPE", help="What that type is to be called.")
    ] = None,
    messages: Annotated[
        int | None, typer.Option("--messages", min=1, metavar="N", help="End after so many.", show_default=False)
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option("--for", callback=_duration, metavar="DURATION", help="End after so long: 90s, 30m, 2h, 1d."),
    ] = None,
    pseudonymise: PseudonymiseOption = False,
    go_on: Annotated[
        bool, typer.Option("--continue", help="Go on with a corpus that is there, with the options it was begun with.")
    ] = False,
    keep_queue: Annotated[
        bool, typer.Option("--keep-queue", help="Leave the queue on RabbitMQ, filling, to go on later.")
    ] = False,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="File of settings; the environment wins.")
    ] = None,
) -> None:
    """Record messages from RabbitMQ into a corpus: one sealed file.

    They come from a queue of its own, durable, bounded, bound beside the
    monolith's, which notices nothing. A message is acknowledged only once it
    is sealed and on the disk, so a kill loses none; --continue goes on from
    the same queue, and what was sealed but not acknowledged then stands
    twice in the corpus. Ctrl-C and SIGTERM end a recording well. Then the
    queue is deleted, unless it is to be kept. RabbitMQ is reached as the
    bridge reaches it (AMQP_URL; docs/configuration.md).
    """
    origin = _origin(types, exchange, routing_key, name)
    settings = _settings(config)
    opened = corpus_key(key, make=not go_on)
    if go_on:
        _check_begun(corpus, origin, pseudonymised=pseudonymise)
        writer = CorpusWriter.resume(corpus, opened)
    else:
        now = datetime.now(UTC)
        writer = CorpusWriter.create(corpus, opened, now=now, types=origin.types, pseudonymised=pseudonymise)
    try:
        code = _record(writer, origin, settings, _bounds(messages, duration), go_on=go_on, keep_queue=keep_queue)
    except SourceRefusedError as error:
        raise CommandError(ExitCode.REFUSED, f"{error}{_left(writer)}") from error
    except SourceLostError as error:
        raise CommandError(ExitCode.UNREACHABLE, f"{error}{_left(writer)}") from error
    finally:
        writer.close()
    raise typer.Exit(code)


def _record(
    writer: CorpusWriter,
    origin: RecordOrigin,
    settings: TakerSettings,
    bounds: Bounds,
    *,
    go_on: bool,
    keep_queue: bool,
) -> ExitCode:
    pseudonyms = None
    if writer.header.pseudonymised:
        pseudonyms = Pseudonyms(resume_secret(writer) if go_on else begin_secret(writer))
    recording = Recording(
        _connector(settings, origin, writer),
        writer,
        _line_writer(origin, pseudonyms),
        SystemClock(),
        time.sleep,
        bounds,
        goes_on=go_on,
    )

    def overdue() -> ExitCode:
        note(f"stopped before its end{_left(writer)}")
        return ExitCode.NOT_DRAINED

    @within(overdue)
    def run() -> ExitCode:
        stopping = listen(settings.drain_s)
        with record_bar(bounds.messages) as draw:
            recording.run(lambda: bool(stopping), draw)
            draw(recording.course)
        writer.finish()
        if keep_queue and writer.header.pseudonymised:
            note(f"the secret of its pseudonyms stays, sealed, in {secret_path(writer.path)}, for --continue")
        else:
            throw_away(writer.path)
        left = recording.leave(delete=not keep_queue)
        _tell(writer, recording.course)
        if not left:
            note("the broker is gone: the queue is still there, and goes after a week without us")
        whole = left and not recording.course.dropped and not recording.course.gaps
        return ExitCode.OK if whole else ExitCode.ATTENTION

    try:
        return run()
    except (SourceLostError, SourceRefusedError):
        if not (go_on or recording.course.connected):
            _discard(writer)  # there is neither a queue nor a message
        raise
    finally:
        recording.close()


def _connector(settings: TakerSettings, origin: RecordOrigin, writer: CorpusWriter) -> Callable[[], Feed]:
    from bridge.amqp_recording import AmqpRecording  # noqa: PLC0415  # brings pika, which few wait for

    amqp = replace(settings.amqp("strangler record"), prefetch=_PREFETCH)
    queues = recording_queues(writer.header.corpus, origin.bindings, settings.tap_length)
    generations = itertools.count()
    return lambda: AmqpRecording(amqp, queues, next(generations))


def _line_writer(origin: RecordOrigin, pseudonyms: Pseudonyms | None) -> Callable[[Delivery, float], Line]:
    known: dict[str, Personal] = {}

    def write(delivery: Delivery, at: float) -> Line:
        name = origin.name(delivery)
        personal = None
        if pseudonyms is not None:
            personal = known.setdefault(name, Personal(pseudonyms, contract_of(name)))
        return write_notification(delivery, name, datetime.fromtimestamp(at, UTC), personal)

    return write


def _tell(writer: CorpusWriter, course: Course) -> None:
    note(f"{writer.path}: {plural(writer.tally.records, 'record')}, {course.sealed:,} of this recording")
    for name, count in sorted(writer.tally.types.items()):
        note(f"  {name}: {count:,}")
    if course.redelivered:
        note(f"{plural(course.redelivered, 'message')} came again and may stand twice")
    if course.unread:
        note(f"{plural(course.unread, 'message')} could not be read: all their letters and digits are others")
    if course.reconnected:
        note(f"the connection was lost {plural(course.reconnected, 'time')}")
    if course.gaps:
        note("its queue was gone: what was published before it was made anew is not in the corpus")
    if course.dropped:
        note(f"the queue was full and has dropped {plural(course.dropped, 'message')}: they are not in the corpus")


def _origin(types: list[str], exchange: str | None, routing_key: str, name: str | None) -> RecordOrigin:
    if exchange is None and name is None and not routing_key:
        return of_types(types)
    if types or not exchange or name is None:
        raise CommandError(ExitCode.USAGE, "either --type, or --exchange and --name with --routing-key")
    return of_exchange(exchange, routing_key, name)


def _settings(config: Path | None) -> TakerSettings:
    try:
        return read_settings(os.environ, TakerSettings, config)
    except SettingsError as error:
        raise CommandError(ExitCode.SETTINGS, str(error)) from error


def _bounds(messages: int | None, duration: str | None) -> Bounds:
    found = _DURATION.fullmatch(duration or "")
    return Bounds(messages, None if found is None else float(int(found[1]) * _UNITS[found[2]]))


def _check_begun(corpus: Path, origin: RecordOrigin, *, pseudonymised: bool) -> None:
    """Refuse to go on with other options, before anything is changed."""
    header = outline(corpus).header
    if (header.types, header.pseudonymised) != (origin.types, pseudonymised):
        types = "whatever came" if header.types is None else ", ".join(map(printable, header.types))
        how = "with" if header.pseudonymised else "without"
        raise CommandError(
            ExitCode.USAGE, f"{corpus} was begun with {types}, {how} --pseudonymise: it goes on with the same"
        )
    if pseudonymised:
        check_secret(corpus)


def _left(writer: CorpusWriter) -> str:
    """What is left of a recording that came to no good end."""
    if not writer.path.exists():
        return ""
    return f"; {plural(writer.tally.records, 'record')} in {writer.path}, --continue carries it on"


def _discard(writer: CorpusWriter) -> None:
    with suppress(OSError):
        writer.path.unlink()
        throw_away(writer.path)
