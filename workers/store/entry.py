"""The ledger's entry of one message, as what the new side writes into it: an update, for it may stand already."""

from datetime import timedelta
from typing import Any

from contracts.control_item import write_time
from contracts.effect import Attempt
from contracts.effect_id import EVENT, Ordinal
from workers.port import Commit, Stale
from workers.store.attribute import Item, seal_attempt, seal_message
from workers.store.seal import Sealer

FIRST_SWEEP = timedelta(seconds=60)
"""Effects that the stream has not let leave by then are the sweeper's."""

_LEAVING = frozenset({"message", "webhook"})


def ordinals(attempt: Attempt) -> frozenset[Ordinal]:
    """What is to leave of an attempt that the new side has authority over: its event, its messages and webhooks."""
    positions = (str(place) for place, effect in enumerate(attempt.effects) if effect.kind in _LEAVING)
    return frozenset({EVENT, *positions})


def entry_update(commit: Commit, table: str, sealer: Sealer) -> dict[str, Any]:
    """Parameters of an `Update`: ours must not be there yet; the monolith's may, unless only new was to act."""
    attempt, aggregate = commit.attempt, commit.aggregate
    values: Item = {
        ":type": {"S": attempt.type},
        ":family": {"S": aggregate.family},
        ":tenant": {"S": aggregate.tenant},
        ":business_key": {"S": aggregate.key},
        ":body_digest": {"S": commit.body_digest},
        ":received_at": {"S": commit.received_at},
        ":processed_at": {"S": attempt.at.isoformat(timespec="milliseconds")},
        ":epoch": {"N": str(commit.epoch)},
        ":authority": {"S": commit.authority},
        ":candidate": {"B": seal_attempt(attempt, "candidate", aggregate.tenant, sealer)},
        ":candidate_ending": {"S": attempt.ending},
        ":comparison": {"S": "due"},
    }
    removed = {"stale", "candidate_cause", "replay"}
    if attempt.cause is not None:
        values[":candidate_cause"] = {"S": attempt.cause}
    if commit.replay is not None:
        values[":replay"] = {"S": commit.replay}
    if attempt.ending == "done":
        values[":sequence"] = {"N": str(commit.sequence)}
    if commit.leaves:
        values |= _leaving(commit, sealer)
    once: Item = {}
    if commit.authority == "legacy":  # else nobody waits for the monolith
        values[":awaited_of"] = {"S": attempt.type}
        once[":awaited_since"] = {"S": write_time(attempt.at)}
    # What was put aside may be tried again, once its cause is mended; what was processed, never.
    condition = "(attribute_not_exists(candidate_ending) OR candidate_ending = :rejected)"
    if commit.authority == "new":  # whose effects the monolith has had already: it came again after a move
        condition += " AND attribute_not_exists(control_final)"
    return {
        "TableName": table,
        "Key": {"pk": {"S": attempt.message_id}},
        "UpdateExpression": _expression(values, removed, once),
        "ConditionExpression": condition,
        "ExpressionAttributeNames": _names({**values, **once}, removed),
        "ExpressionAttributeValues": {**values, **once, ":one": {"N": "1"}, ":rejected": {"S": "rejected"}},
    }


def stale_update(stale: Stale, table: str) -> dict[str, Any]:
    """Parameters of an update that marks a copy as stale, unless it was processed in time."""
    values: Item = {
        ":type": {"S": stale.type},
        ":family": {"S": stale.aggregate.family},
        ":tenant": {"S": stale.aggregate.tenant},
        ":business_key": {"S": stale.aggregate.key},
        ":received_at": {"S": stale.received_at},
        ":epoch": {"N": str(stale.epoch)},
        ":authority": {"S": "legacy"},
        ":stale": {"BOOL": True},
        ":comparison": {"S": "due"},
    }
    return {
        "TableName": table,
        "Key": {"pk": {"S": stale.message_id}},
        "UpdateExpression": _expression(values, set()),
        "ConditionExpression": "attribute_not_exists(candidate_ending) OR candidate_ending = :rejected",
        "ExpressionAttributeNames": _names(values, set()),
        "ExpressionAttributeValues": {**values, ":one": {"N": "1"}, ":rejected": {"S": "rejected"}},
    }


def _leaving(commit: Commit, sealer: Sealer) -> Item:
    """What makes the outlets send the effects, and the message itself, so that the monolith can catch up."""
    if commit.carried is None:
        raise ValueError("a message that new has authority over comes without its body")
    attempt, aggregate = commit.attempt, commit.aggregate
    return {
        ":stamped": {"S": f"{aggregate.family}#{commit.epoch}"},
        ":message": {"B": seal_message(commit.carried, attempt.message_id, aggregate.tenant, sealer)},
        ":outlet": {"S": "pending"},
        ":outlet_of": {"S": aggregate.family},
        ":outlet_tries": {"N": "0"},
        ":pending": {"SS": sorted(ordinals(attempt))},
        ":due_at": {"S": write_time(attempt.at + FIRST_SWEEP)},
    }


def _expression(values: Item, removed: set[str], once: Item | None = None) -> str:
    """Sets each value to the attribute of its name; those of `once` only where there is none yet."""
    names = [value.removeprefix(":") for value in values]
    firsts = [value.removeprefix(":") for value in once or {}]
    gone = sorted(removed - set(names))
    sets = [f"#{name} = :{name}" for name in names] + [f"#{name} = if_not_exists(#{name}, :{name})" for name in firsts]
    removes = f" REMOVE {', '.join(f'#{name}' for name in gone)}" if gone else ""
    return f"SET {', '.join(sets)}{removes} ADD revision :one"


def _names(values: Item, removed: set[str]) -> dict[str, str]:
    return {f"#{name}": name for name in {*(value.removeprefix(":") for value in values), *removed}}
