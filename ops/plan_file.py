"""The plan of a replay as a file: frozen, and addressed by its own content.

What is approved, mailed and run is one set of letters, each with the digest of its body, the decision that it carries
and where it goes; what was decided about authority at the time; rate and error budget. The digest over all of it is in
the file, and the run is named by it: a file that was changed is refused, and the same file is the same run.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from contracts.authority import Authority, Phase, Stage
from contracts.letter import Source
from ops.exit_code import ExitCode
from ops.fault import CommandError

FORMAT = 1
_RUN_DIGITS = 16
_BUDGET = re.compile(r"([0-9]{1,6})(%?)")

Way = Literal["worker", "hold", "return", "outlet"]
"""`worker`: to its family's queue, stamped as it was. `hold`: to the router, which stamps it anew. `return`: a
follow-up message that RabbitMQ would not take, to the return queue again. `outlet`: the message is processed, only an
effect of it has not left: that effect is due again."""


class PlanError(ValueError):
    """A plan file cannot be trusted: it is none, of another format, or was changed."""


@dataclass(frozen=True, slots=True)
class PlannedLetter:
    """One letter as it was when the plan was made."""

    letter: str
    message_id: str | None
    type: str | None
    family: str
    source: Source
    cause: str
    fingerprint: str
    body_digest: str
    authority: Authority | None
    """Its stamp; None for one that nobody has stamped: it is stamped as the tap does."""
    stamp_epoch: int | None
    first_seen: str
    key: str | None
    """Digest of family and business key: equal ones are kept in order; None where it is not known yet."""
    effect: str | None
    """Id of the effect that has not left, where the letter is about one."""
    way: Way
    queue: str
    """SQS queue that it goes to; for `outlet`, the table in which its effect is due again."""


@dataclass(frozen=True, slots=True)
class PlannedFamily:
    """What was decided about a family when the plan was made."""

    name: str
    stage: Stage
    stamp_epoch: int
    phase: Phase


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run executes, no more and no less."""

    stack: str
    created_at: str
    operator: str
    reason: str
    ticket: str | None
    choice: Mapping[str, Any]
    """What the letters were chosen by; for those who read."""
    rate_per_s: float
    max_failures: str
    """A number of letters, or a percentage of all as `5%`; more failures than that stop the run."""
    rehome: bool
    families: tuple[PlannedFamily, ...]
    letters: tuple[PlannedLetter, ...]
    """In the order in which they are sent."""

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical content, in hexadecimal digits."""
        return hashlib.sha256(_canonical(_document(self)).encode()).hexdigest()

    @property
    def run(self) -> str:
        """Id of the run of this plan."""
        return self.digest[:_RUN_DIGITS]

    @property
    def failures_allowed(self) -> int:
        """How many letters may fail."""
        return failures_allowed(self.max_failures, len(self.letters))


def failures_allowed(budget: str, letters: int) -> int:
    """A budget as a number of letters; of a percentage, rounded down. Raises ValueError."""
    found = _BUDGET.fullmatch(budget)
    if found is None or (found[2] and int(found[1]) > 100):
        raise ValueError("a number, or a percentage from 0% to 100%")
    return letters * int(found[1]) // 100 if found[2] else int(found[1])


def write_plan(plan: Plan, file: Path) -> None:
    """Write the file. Raises CommandError."""
    text = json.dumps({**_document(plan), "digest": plan.digest}, indent=1, ensure_ascii=True) + "\n"
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise CommandError(ExitCode.CANNOT_WRITE, f"{file} cannot be written: {error.strerror}") from error


def read_plan(text: str) -> Plan:
    """Read a file's text. Raises PlanError for whatever `write_plan` has not written so."""
    try:
        document = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise PlanError("not a plan: no JSON") from error
    if not isinstance(document, dict) or document.get("kind") != "replay plan" or document.get("format") != FORMAT:
        raise PlanError(f"not a replay plan of format {FORMAT}")
    told = document.pop("digest", None)
    if told != hashlib.sha256(_canonical(document).encode()).hexdigest():
        raise PlanError("its content is not what its digest says: it was changed after it was made")
    try:
        plan = _plan(document)
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError("not a plan: a field is missing, unknown or of another kind") from error
    if plan.digest != told:
        raise PlanError("it holds what no plan holds")
    return plan


def _document(plan: Plan) -> dict[str, Any]:
    return {"format": FORMAT, "kind": "replay plan", **dataclasses.asdict(plan)}


def _plan(document: Mapping[str, Any]) -> Plan:
    fields = {name: value for name, value in document.items() if name not in ("format", "kind")}
    families = tuple(PlannedFamily(**one) for one in fields.pop("families"))
    letters = tuple(PlannedLetter(**one) for one in fields.pop("letters"))
    plan = Plan(families=families, letters=letters, **fields)
    failures_allowed(plan.max_failures, len(letters))
    if any(one.way not in get_args(Way) for one in letters) or not plan.rate_per_s > 0:
        raise ValueError("way or rate")
    return plan


def _canonical(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)
