"""From an image of the ledger's stream to a verdict: opens both sides' outcomes and judges them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.effect import Attempt
from contracts.judge import Judgement, judge
from contracts.message_type import MessageType
from contracts.naming import CONTROL_ATTRIBUTE
from contracts.verdict import Verdict
from workers.store.attribute import open_attempt
from workers.store.seal import Sealer


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement, and the outcomes that it was given on."""

    judgement: Judgement
    control: Sequence[Attempt] = ()
    candidate: Sequence[Attempt] = ()
    """Both are empty where nothing was compared."""


def judge_image(image: Mapping[str, Any], message_type: MessageType, sealer: Sealer, today: date) -> Judged:
    """Judge one ledger entry as the stream shows it (DynamoDB's attribute values, binary as bytes).

    Raises BrokenSealError, UnavailableError, MalformedOutcomeError.
    """
    if image.get("conflict", {}).get("BOOL"):
        return Judged(Judgement(Verdict.ID_CONFLICT))
    if image.get("stale", {}).get("BOOL"):
        return Judged(Judgement(Verdict.NOT_COMPARABLE))
    message_id, tenant = image["pk"]["S"], image["tenant"]["S"]

    def opened(attribute: str, side: str) -> Attempt:
        return open_attempt(image[attribute]["B"], message_id, side, tenant, sealer)

    control = [
        opened(name, f"control{name.removeprefix(CONTROL_ATTRIBUTE)}")
        for name in image
        if name.startswith(CONTROL_ATTRIBUTE)
    ]
    if not control and "candidate" in image and image.get("authority", {}).get("S") == "new":
        return Judged(Judgement(Verdict.SINGLE))
    candidate = [opened("candidate", "candidate")] if "candidate" in image else []
    return Judged(judge(control, candidate, message_type.terms, today=today), control, candidate)
