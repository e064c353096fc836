"""The control table as flat dictionaries, and back: the authority record and what routers say of themselves. Pure.

Numbers are integers, everything else is a text. `flatten` takes them from DynamoDB's own spelling; boto3's resource
hands numbers out as `Decimal`, which is taken here too.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args

from contracts.authority import AuthorityRecord, Phase, Stage, Waiver

Item = dict[str, str | int]
"""Attribute names to values; a key that has no value is left out."""

RouterState = Literal["active", "standby", "stopped"]
"""`active`: takes the family's messages. `standby`: another one does, or nobody can. `stopped`: ended in good order."""

RECORD = "record"
"""Sort key where there is one item per partition."""
UNSETTLED_SAMPLE = 10
"""How many ids a router names of those that it cannot forget yet."""
NO_EPOCH = -1
"""Epoch of a router that has seen none, or confirmed none."""
DELIVERY_TIMEOUT_S = 1800
"""RabbitMQ's default for how long a delivery may go unacknowledged (`consumer_timeout`); also of a row without."""


class MalformedItemError(ValueError):
    """An item of the control table cannot be read. Names the attribute, never its value."""


@dataclass(frozen=True, slots=True)
class RouterRow:
    """What one router says of one family."""

    family: str
    router: str
    """Its stable name: a router with another journal is another router."""
    state: RouterState
    seen_at: datetime
    """When it last said so; one that has been silent for long may be dead, or cut off."""
    since: datetime
    """When it began to run."""
    host: str = ""
    confirmed_epoch: int = NO_EPOCH
    """Everything that it took before the fence of this epoch is published, confirmed and acknowledged."""
    released_epoch: int = NO_EPOCH
    """Nothing is held any more since the move of this epoch; it routes directly."""
    seen_epoch: int = NO_EPOCH
    """Epoch of the record that it routes with."""
    holding: bool = False
    """Whether arrivals queue behind what is held."""
    held: int = 0
    """Messages in the hold queue, about."""
    unsettled: int = 0
    """Messages that it routed and that are not known to be final where they went."""
    unsettled_sample: tuple[str, ...] = ()
    """Some ids of those, oldest first."""
    doubts: int = 0
    """Held messages of which nobody knows yet whether they were routed before."""
    tap: bool = False
    """Whether the family's tap queue still exists."""
    legacy_backlog: int = 0
    """Messages that are ready in the queue that the monolith consumes."""
    delivery_timeout_s: int = DELIVERY_TIMEOUT_S
    """How long the broker lets a delivery of its go unacknowledged, as it was told, in whole seconds."""


def flatten(item: Mapping[str, Any]) -> Item:
    """Texts and integers of an item in DynamoDB's spelling (`{"S": ...}`, `{"N": ...}`). Never raises.

    What is neither is left out: others may add to an item what they like, and whoever reads it says what is missing.
    """
    read = ((name, _value(value)) for name, value in item.items())
    return {name: value for name, value in read if value is not None}


def authority_key(family: str) -> Item:
    """Key of a family's authority record."""
    return {"pk": f"authority#{family}", "sk": RECORD}


def router_partition(family: str) -> str:
    """Partition of all routers of a family; the sort key is the router's name."""
    return f"router#{family}"


def router_key(family: str, router: str) -> Item:
    """Key of what one router says of one family."""
    return {"pk": router_partition(family), "sk": router}


def write_authority(record: AuthorityRecord) -> Item:
    """The whole item of a record, keys included; whoever stores it may add who changed it, when and why."""
    item: Item = {
        **authority_key(record.family),
        "stage": record.stage,
        "epoch": record.epoch,
        "stamp_epoch": record.stamp_epoch,
        "phase": record.phase,
    }
    if record.target is not None:
        item["target"] = record.target
    if record.run is not None:
        item["run"] = record.run
    if record.moved_at is not None:
        item["moved_at"] = write_time(record.moved_at)
    if record.waived:
        item["waived"] = write_waived(record.waived)
    return item


def read_authority(family: str, item: Mapping[str, Any] | None) -> AuthorityRecord:
    """The record of an item; of none at all, the default. Raises MalformedItemError."""
    if item is None:
        return AuthorityRecord(family)
    if item.get("pk") != f"authority#{family}":
        raise MalformedItemError("authority record: pk")
    target = _optional_text(item, "target")
    moved_at = _optional_text(item, "moved_at")
    stage, phase = _stage("stage", _text(item, "stage")), _phase(_text(item, "phase"))
    return AuthorityRecord(
        family,
        stage=stage,
        epoch=_number(item, "epoch"),
        stamp_epoch=_number(item, "stamp_epoch"),
        phase=phase,
        target=None if target is None else _stage("target", target),
        # Nobody could end a move without its name.
        run=_optional_text(item, "run") if phase == "steady" else _text(item, "run"),
        moved_at=None if moved_at is None else read_time("moved_at", moved_at),
        waived=_waived(_optional_text(item, "waived")),
    )


def write_waived(waived: Iterable[Waiver]) -> str:
    """Waivers as a JSON object of ids and times; the same ones are the same text."""
    times = {one.id: write_time(one.at) for one in waived}
    return json.dumps(times, sort_keys=True, separators=(",", ":"))


def write_router(row: RouterRow) -> Item:
    """The whole item of a router's row, keys included."""
    return {
        **router_key(row.family, row.router),
        "state": row.state,
        "seen_at": write_time(row.seen_at),
        "since": write_time(row.since),
        "host": row.host,
        "confirmed_epoch": row.confirmed_epoch,
        "released_epoch": row.released_epoch,
        "seen_epoch": row.seen_epoch,
        "holding": _yes(row.holding),
        "held": row.held,
        "unsettled": row.unsettled,
        "unsettled_sample": json.dumps(row.unsettled_sample[:UNSETTLED_SAMPLE], separators=(",", ":")),
        "doubts": row.doubts,
        "tap": _yes(row.tap),
        "legacy_backlog": row.legacy_backlog,
        "delivery_timeout_s": row.delivery_timeout_s,
    }


def read_router(item: Mapping[str, Any]) -> RouterRow:
    """The row of an item. Raises MalformedItemError."""
    partition = _text(item, "pk")
    if not partition.startswith("router#"):
        raise MalformedItemError("router's row: pk")
    state = _text(item, "state")
    if state not in get_args(RouterState):
        raise MalformedItemError("router's row: state")
    return RouterRow(
        family=partition.removeprefix("router#"),
        router=_text(item, "sk"),
        state=state,  # type: ignore[arg-type]  # looked at above
        seen_at=read_time("seen_at", _text(item, "seen_at")),
        since=read_time("since", _text(item, "since")),
        host=_text(item, "host"),
        confirmed_epoch=_number(item, "confirmed_epoch"),
        released_epoch=_number(item, "released_epoch"),
        seen_epoch=_number(item, "seen_epoch"),
        holding=_text(item, "holding") == "yes",
        held=_number(item, "held"),
        unsettled=_number(item, "unsettled"),
        unsettled_sample=_sample(_text(item, "unsettled_sample")),
        doubts=_number(item, "doubts"),
        tap=_text(item, "tap") == "yes",
        legacy_backlog=_number(item, "legacy_backlog"),
        delivery_timeout_s=_number({"delivery_timeout_s": DELIVERY_TIMEOUT_S, **item}, "delivery_timeout_s"),
    )


def write_time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, so that texts sort as times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def read_time(name: str, text: str) -> datetime:
    """A time that `write_time` wrote. Raises MalformedItemError, which names the attribute."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedItemError(name) from error
    if at.tzinfo is None:
        raise MalformedItemError(name)
    return at


def _yes(value: bool) -> str:  # noqa: FBT001  # the one thing that it is about
    return "yes" if value else "no"


def _value(attribute: Mapping[str, Any]) -> str | int | None:
    """A text or an integer; None for anything else."""
    if "S" in attribute:
        return str(attribute["S"])
    try:
        number = Decimal(attribute["N"])
    except (KeyError, InvalidOperation):
        return None
    return int(number) if number.is_finite() and number == number.to_integral_value() else None


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise MalformedItemError(name)
    return value


def _optional_text(item: Mapping[str, Any], name: str) -> str | None:
    return None if item.get(name) is None else _text(item, name)


def _number(item: Mapping[str, Any], name: str) -> int:
    value = item.get(name)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise MalformedItemError(name)
    return int(value)


def _stage(name: str, text: str) -> Stage:
    if text not in get_args(Stage):
        raise MalformedItemError(name)
    return text  # type: ignore[return-value]  # looked at above


def _phase(text: str) -> Phase:
    if text not in get_args(Phase):
        raise MalformedItemError("phase")
    return text  # type: ignore[return-value]  # looked at above


def _waived(text: str | None) -> frozenset[Waiver]:
    if text is None:
        return frozenset()
    try:
        times = json.loads(text)
    except ValueError as error:
        raise MalformedItemError("waived") from error
    if not isinstance(times, dict) or not all(isinstance(at, str) for at in times.values()):
        raise MalformedItemError("waived")
    return frozenset(Waiver(one, read_time("waived", at)) for one, at in times.items())


def _sample(text: str) -> tuple[str, ...]:
    try:
        ids = json.loads(text)
    except ValueError as error:
        raise MalformedItemError("unsettled_sample") from error
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise MalformedItemError("unsettled_sample")
    return tuple(ids)
