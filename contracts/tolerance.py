"""What is no difference between two effects: what rules tolerate, and what follows from another difference."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from contracts.difference import (
    WALKED_DEEP,
    Difference,
    child,
    compare_effects,
    depth,
    effect_path,
    extra_effect,
    missing_effect,
)
from contracts.effect import Effect, canonical, parse_json
from contracts.rule import Rule
from contracts.terms import Terms

Pair = tuple[Effect | None, Effect | None]
"""Control's and candidate's effect; None where one side has no counterpart."""


class Tolerance:
    """What is no difference between two effects."""

    def __init__(self, terms: Terms, today: date) -> None:
        self._terms = terms
        self._today = today

    def compare(self, pair: Pair) -> tuple[Difference, ...]:
        """All differences of a pair, tolerated or not."""
        match pair:
            case Effect() as control, Effect() as candidate:
                return compare_effects(control, candidate, self._terms.lists, self._terms.maps, self._tolerated)
            case Effect() as control, None:
                return (missing_effect(control),)
            case None, Effect() as candidate:
                return (extra_effect(candidate),)
            case _:
                return ()

    def kept(self, differences: Sequence[Difference]) -> tuple[Difference, ...]:
        """Differences of two effects that no rule tolerates and that do not follow from another one of theirs."""
        return tuple(one for one in differences if not (self._tolerated(one) or self._follows(one, differences)))

    def used(self, differences: Iterable[Difference]) -> tuple[Rule, ...]:
        """The rules that tolerate something among them, in their own order."""
        used = {self._rule(one) for one in differences}
        return tuple(rule for rule in self._terms.rules if rule in used)

    def blank(self, effect: Effect) -> bytes:
        """Canonical text of an effect without what stands in places of rules, or follows from another place."""
        places = {rule.path for rule in self._terms.rules} | self._terms.derived.keys()
        return canonical(_blanked(effect_path(effect), effect.value, places, self._terms))

    def _follows(self, one: Difference, others: Sequence[Difference]) -> bool:
        # Be the other one tolerated or not: a signature over a tolerated UUID differs as well.
        origin = self._terms.derived.get(one.path)
        return origin is not None and any(
            other.path == origin or other.path.startswith(f"{origin}.") for other in others
        )

    def _tolerated(self, one: Difference) -> bool:
        return self._rule(one) is not None

    def _rule(self, one: Difference) -> Rule | None:
        return next((rule for rule in self._terms.rules if rule.tolerates(one, self._today)), None)


def _blanked(path: str, value: Any, places: Collection[str], terms: Terms) -> Any:
    if path in places:
        return None
    if depth(path) > WALKED_DEEP:
        return value
    if isinstance(value, dict):
        return {key: _blanked(child(path, key, terms.maps), item, places, terms) for key, item in value.items()}
    if isinstance(value, list):
        items = [_blanked(f"{path}[]", item, places, terms) for item in value]
        return items if terms.lists.get(path, "ordered") == "ordered" else sorted(items, key=canonical)
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return _blanked(path, parse_json(value), places, terms)
        except ValueError:
            return value
    return value
