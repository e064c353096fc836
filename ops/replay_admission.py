"""Whether a plan may be run now: what has changed since it was made stands against it. Pure."""

from collections.abc import Mapping, Sequence

from contracts.authority import AuthorityRecord
from contracts.message_type import Family
from ops.plan_file import Plan
from ops.replay_plan import forbidden
from ops.replay_run import moved


def against(
    plan: Plan, stack: str, families: Mapping[str, Family], records: Mapping[str, AuthorityRecord]
) -> Sequence[str]:
    """What stands against running the plan, in words; empty where nothing does."""
    if plan.stack != stack:
        return [f"the plan was made for the deployment {plan.stack!r}, not for {stack!r}"]
    unknown = sorted({one.family for one in plan.letters} - families.keys())
    if unknown:
        return [f"no contract names {', '.join(unknown)} any more"]
    refusals = {forbidden(families[one.family], one.type) for one in plan.letters}
    return [*sorted(refusal for refusal in refusals if refusal is not None), *moved(plan, records)]
