"""`strangler compare calibrate`: what of the monolith's outcomes is noise, measured, and rules to accept."""

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from contracts.rule import LONGEST_DAYS
from ops.corpus_option import CorpusOption, KeyOption, UnfinishedOption, corpus_key
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.option import Output, OutputOption, lesson
from ops.output import note, show, show_json
from ops.parity.calibrate import NOW, Place, calibrate
from ops.parity.calibration_table import calibration_tables
from ops.parity.finding import DEFAULT_ALPHA
from ops.parity.option import AlphaOption, JsonOption, OracleOption, TypesOption, chosen_oracle
from ops.parity.oracle import SECRET_VARIABLE
from ops.parity.part import Sides
from ops.wording import plural

EPILOG = lesson(
    [
        ("strangler compare calibrate --corpus payments.corpus --key corpus.key", "against the reference monolith"),
        (
            f"strangler compare calibrate --corpus payments.corpus --oracle 'php bin/oracle.php --now {NOW}'",
            "a monolith that takes the time: its second run is an hour later",
        ),
    ],
    [ExitCode.ATTENTION, ExitCode.SETTINGS, ExitCode.FAILED, ExitCode.UNFINISHED, ExitCode.REFUSED],
    {
        ExitCode.OK: "there is no noise that an accepted rule does not cover",
        ExitCode.ATTENTION: "there is noise that no rule covers, or a place differs more than its noise explains",
    },
)
_OWNER = "whoever accepts it"


def calibrate_noise(  # noqa: PLR0913  options are arguments here
    *,
    corpus: CorpusOption,
    types: TypesOption = None,
    key: KeyOption = None,
    oracle: OracleOption = None,
    messages: Annotated[
        int, typer.Option("--messages", min=2, metavar="N", help="So many of the corpus, at most.")
    ] = 20_000,
    lag_s: Annotated[
        float, typer.Option("--lag", min=0, metavar="SECONDS", help="How far our side may be behind the monolith.")
    ] = 3600.0,
    expires_days: Annotated[
        int, typer.Option("--expires", min=1, max=LONGEST_DAYS, metavar="DAYS", help="When a proposed rule is to end.")
    ] = 180,
    unfinished: UnfinishedOption = False,
    alpha: AlphaOption = DEFAULT_ALPHA,
    output: OutputOption = Output.TABLE,
    json: JsonOption = False,
) -> None:
    """Run the monolith twice over the same messages, and ours beside it, and learn what is noise.

    What the monolith differs in from itself is noise. Where its shape is known
    (a UUID, a time, another order, a counter) a rule is proposed, for a person
    to accept: it is printed as the registry wants it. Money, identity, state
    and whole effects are never proposed. Where noise has no shape, a paired
    test that holds at every look says whether our side differs there more
    often than the monolith does from itself.
    """
    corpus_key(key)  # says what is wrong with it before anything runs
    now = datetime.now(UTC)
    secret = os.environ.get(SECRET_VARIABLE) or secrets.token_hex(16)
    sides = Sides(corpus, key or "", unfinished, chosen_oracle(oracle, "--now", NOW), secret, now.date())
    found = calibrate(sides, None if types is None else tuple(types), messages)
    if not found.messages:
        raise CommandError(ExitCode.ATTENTION, f"nothing to calibrate with in {corpus}: no message that was processed")
    places = tuple(
        found.places(
            alpha=alpha,
            owner=_OWNER,
            expires=now.date() + timedelta(days=expires_days),
            lag_s=lag_s,
            today=now.date(),
        )
    )
    if json or output is Output.JSON:
        show_json({"messages": found.messages, "places": document(places)})
    else:
        show(calibration_tables(found.messages, places))
    open_places = [one for one in places if _is_open(one)]
    if open_places:
        note(f"{plural(len(open_places), 'place')} to look at")
    raise typer.Exit(ExitCode.ATTENTION if open_places else ExitCode.OK)


def _is_open(one: Place) -> bool:
    return one.tolerated is None or one.flagged
