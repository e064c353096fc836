"""Bars 6 and 7: how often a gate passes what it must not, looked at all the time; and what it says of nothing."""

import json
from collections.abc import Callable, Collection, Iterator
from math import sqrt
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from ops.comparison import Comparison
from ops.exit_code import ExitCode
from ops.parity.gate import FailOn, objections
from tests.bench.parity.bar import Measured
from tests.bench.parity.program import Ended, strangler
from tests.simulation import needed_anytime, needed_at_one_look, passing_share

TARGET = 0.9999
ALPHA = 0.05
_MOST_MISMATCHES = 80

Needed = Callable[[int, float, float], tuple[int, ...]]
"""Messages at which a rule passes, by mismatches; of the most mismatches, the target and alpha."""
Objections = Callable[[Comparison, Collection[FailOn]], Iterator[str]]

anytime: Needed = needed_anytime
clopper_pearson: Needed = needed_at_one_look
gate: Objections = objections


def pass_falsely(runs: int, needed: Needed) -> Measured:
    """How often a type that mismatches exactly as often as is tolerated passes, looked at after every message."""
    share = passing_share(needed(_MOST_MISMATCHES, TARGET, ALPHA), 1 - TARGET, runs=runs, seed=6)
    error = 3 * sqrt(ALPHA * (1 - ALPHA) / runs)
    exact = passing_share(needed_at_one_look(_MOST_MISMATCHES, TARGET, ALPHA), 1 - TARGET, runs=runs, seed=6)
    return Measured(
        f"{share:.2%} of {runs:,} runs passed (at most {ALPHA:.0%} and {error:.2%} of error); Clopper-Pearson's bound, "
        f"exact for one look: {exact:.1%}",
        share <= ALPHA + error,
    )


def no_data_is_success(comparison: Comparison, fail_on: Collection[FailOn]) -> Iterator[str]:
    """A gate as others have it: where nothing was measured, nothing is wrong."""
    return iter(()) if comparison.agreement is None else objections(comparison, fail_on)


def pass_nothing(judged_by: Objections) -> Measured:
    """How the commands end where no message was compared, left alone and asked to fail on what is undecided."""
    with TemporaryDirectory() as folder, patch("ops.command.compare_judge.objections", judged_by):
        ended = _judge_nothing(Path(folder)) | _corpus_of_another_type(Path(folder))
    told = ", ".join(f"{name}: ends with {one.code}" for name, one in ended.items())
    refused = {name: one.code == ExitCode.ATTENTION and "nothing" in one.err for name, one in ended.items()}
    return Measured(told, all(refused.values()))


def _empty_files(folder: Path) -> tuple[str, str]:
    control, candidate = folder / "php.ndjson", folder / "python.ndjson"
    for one in (control, candidate):
        one.write_bytes(b"")
    return str(control), str(candidate)


def _judge_nothing(folder: Path) -> dict[str, Ended]:
    command = ("compare", "judge", *_empty_files(folder))
    asked = (*command, "--fail-on", "undecided")
    return {
        "two empty files": strangler(*command),
        "asked for": strangler(*asked),
        "of one type": strangler(*asked, "--type", "payin.create"),
    }


def _corpus_of_another_type(folder: Path) -> dict[str, Ended]:
    recording, corpus, key = folder / "mine.ndjson", folder / "corpus", folder / "key"
    recording.write_text(json.dumps({"id": "1", "type": "balance.update", "body_base64": ""}) + "\n", "utf-8")
    places = ("--corpus", str(corpus), "--key", str(key))
    imported = strangler("corpus", "import", str(recording), *places)
    assert imported.code == ExitCode.OK, imported.err
    command = ("compare", "run", *places, "--runs", str(folder / "runs"), "--oracle", "true", "--type", "payin.create")
    return {"a corpus without the type": strangler(*command, "--fail-on", "undecided")}
