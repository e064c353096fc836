"""Fates of live mutants in the control table: an item for each type, UTC day and judge, added to by the judge. Pure.

The sort key is the day and the judge's fingerprint. A number for each fate, kind and place: `killed|one cent|row:a.b`.
What is shown are the last days' items of the judge that has counted last: an older one's are about verdicts that nobody
would give any more. Items go by themselves.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

from contracts.control_item import Item, MalformedItemError
from contracts.liveness import Fate, Liveness

LIVENESS = "liveness#"
"""Beginning of the partition keys; a type's name follows."""
DAYS = 7
"""Days that are looked at, this one included."""
AT = "counted_at"
"""Attribute: when the item was added to last."""
_KEPT = timedelta(days=DAYS + 1)
_FATES: tuple[Fate, ...] = get_args(Fate)


def liveness_partition(type_name: str) -> str:
    """Partition of all items of a type."""
    return f"{LIVENESS}{type_name}"


def liveness_key(type_name: str, fingerprint: str, now: datetime) -> Item:
    """Key of the item that is added to now. Args: fingerprint: of the judge, see `contracts.judge_fingerprint`."""
    return {"pk": liveness_partition(type_name), "sk": f"{_day(now).isoformat()}#{fingerprint}"}


def first_sort_key(now: datetime) -> str:
    """Where the sort keys begin that are looked at now."""
    return (_day(now) - timedelta(days=DAYS - 1)).isoformat()


def expiry_s(now: datetime) -> int:
    """When the item of this day may go, in seconds of Unix time."""
    day = datetime.combine(_day(now), datetime.min.time(), UTC)
    return int((day + _KEPT).timestamp())


def write_fates(type_name: str, liveness: Liveness) -> Mapping[str, int]:
    """The numbers to add to a type's item, survivors first."""
    found = {
        f"{fate}|{kind}|{path}": count
        for (name, kind, path, fate), count in liveness.fates.items()
        if name == type_name and count
    }
    return dict(sorted(found.items(), key=lambda one: (not one[0].startswith("survived"), one[0])))


def read_fates(type_name: str, items: Iterable[Mapping[str, Any]]) -> Liveness:
    """What the judge has counted that has counted last. Raises MalformedItemError.

    Args:
        type_name: whose items these are.
        items: flat ones, see `contracts.control_item.flatten`, in any order.
    """
    days = [(str(item.get(AT, "")), str(item.get("sk", "")).partition("#")[2], item) for item in items]
    liveness = Liveness()
    if not days:
        return liveness
    _, current, _ = max(days, key=lambda one: one[:2])
    for _, fingerprint, item in days:
        if fingerprint == current:
            _add(liveness, type_name, item)
    return liveness


def _add(liveness: Liveness, type_name: str, item: Mapping[str, Any]) -> None:
    for name, count in item.items():
        fate, separator, rest = name.partition("|")
        if not separator or fate not in _FATES:
            continue
        kind, _, path = rest.partition("|")
        if not isinstance(count, int):
            raise MalformedItemError(name)
        # A kind that a later judge knows is told by its name: a survivor is none the less for it.
        liveness.fates[type_name, kind, path, fate] += count  # type: ignore[index]  # looked at above, or told as it is


def _day(now: datetime) -> date:
    return now.astimezone(UTC).date()
