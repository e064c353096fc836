"""Fates of live mutants in the control table: an item for each type and judge, added to as verdicts are given. Pure.

The sort key is the judge's fingerprint. A number for each fate, kind and place: `killed|one cent|row:a.b`. Shown is the
item that was added to last: an older judge's is about verdicts that nobody would give any more. Counts of one judge do
not grow old, for the same code and terms see the same; an item goes when nobody has added to it for half a year.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, get_args

from contracts.control_item import Item, MalformedItemError
from contracts.liveness import Fate, Liveness

LIVENESS = "liveness#"
"""Beginning of the partition keys; a type's name follows."""
AT = "counted_at"
"""Attribute: when the item was added to last."""
_KEPT = timedelta(days=180)
_FATES: tuple[Fate, ...] = get_args(Fate)


def liveness_partition(type_name: str) -> str:
    """Partition of all items of a type."""
    return f"{LIVENESS}{type_name}"


def liveness_key(type_name: str, fingerprint: str) -> Item:
    """Key of a judge's item. Args: fingerprint: see `contracts.judge_fingerprint`."""
    return {"pk": liveness_partition(type_name), "sk": fingerprint}


def expiry_s(now: datetime) -> int:
    """When an item may go that is added to now, in seconds of Unix time."""
    return int((now + _KEPT).timestamp())


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
    liveness = Liveness()
    for name, count in max(items, key=lambda item: str(item.get(AT, "")), default={}).items():
        fate, separator, rest = name.partition("|")
        if not separator or fate not in _FATES:
            continue
        kind, _, path = rest.partition("|")
        if not isinstance(count, int):
            raise MalformedItemError(name)
        # A kind that only a later version knows is told by its name: a survivor is none the less for it.
        liveness.fates[type_name, kind, path, fate] += count  # type: ignore[index]  # looked at above, or told as it is
    return liveness
