"""Differences between two effects: where, of which kind, and what both values look like without being quoted."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from contracts.closest import closest
from contracts.effect import Effect, canonical, parse_json
from contracts.shape import ABSENT, shape, shapes
from contracts.spelling import spelling
from contracts.terms import ListOrder

DifferenceKind = Literal[
    "missing effect", "extra effect", "missing", "extra", "type", "value", "encoding", "order", "repetition"
]
"""`missing`/`extra`: seen from the candidate. `encoding`: texts that differ, though both are the same JSON. `order`: a
list with the same items in another order. `repetition`: an item of a list without order, more or less often."""

_ALIGNED_ITEMS = 300
"""Lists longer than that are compared by position: aligning them costs with the square of their length."""
_PAIRS_MOST = 400
"""More possible pairs of two lists' items are not looked at, each beside each."""
WALKED_DEEP = 40
"""Objects and lists within so many others are compared as a whole: PHP takes 512 levels, Python's stack does not."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_SEGMENT = re.compile(r"[^/.]+")
_DIGITS_OF_A_NAME = 4
"""`sha256`, `column_0001`; with more it is an account, a token or an id."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place in which the candidate differs from the control."""

    path: str
    """Generalised: list positions are `[]`, so that the hundredth item of a list is the same place as the first."""
    kind: DifferenceKind
    control_shape: str
    candidate_shape: str
    control: object
    """Value as recorded; may be personal. Masked by whoever shows it."""
    candidate: object

    def signature(self, message_type: str) -> str:
        """What makes two differences the same bug; free of values."""
        return f"{message_type} | {self.path} | {self.kind} | {self.control_shape} -> {self.candidate_shape}"


def effect_path(effect: Effect) -> str:
    """Where an effect stands: `row:payins`, `message:exchange/key`, `event:detail-type`, `webhook:name`.

    A part of the name with many digits (an account, a customer in a routing key) is data: told as `*`.
    """
    return f"{effect.kind}:{_SEGMENT.sub(_segment, effect.name)}"


def _segment(found: re.Match[str]) -> str:
    return found[0] if sum(map(str.isdigit, found[0])) <= _DIGITS_OF_A_NAME else "*"


def missing_effect(effect: Effect) -> Difference:
    """An effect of the control that the candidate lacks."""
    return Difference(effect_path(effect), "missing effect", "effect", "-", effect.key, None)


def extra_effect(effect: Effect) -> Difference:
    """An effect of the candidate that the control lacks."""
    return Difference(effect_path(effect), "extra effect", "-", "effect", None, effect.key)


def compare_effects(
    control: Effect,
    candidate: Effect,
    lists: Mapping[str, ListOrder] | None = None,
    maps: Collection[str] = (),
    tolerated: Callable[[Difference], bool] = lambda _: False,
) -> tuple[Difference, ...]:
    """All differences of two effects of the same kind, name and key.

    Args:
        control: the monolith's.
        candidate: ours.
        lists: how to compare the list at a generalised path (without its `[]`); by position where nothing is said.
        maps: generalised paths of objects whose keys are data.
        tolerated: whether a difference counts for nothing. Where all within a text do, how it is written counts.
    """
    return tuple(_Walk(lists or {}, maps, tolerated).differences(effect_path(control), control.value, candidate.value))


def step(key: str) -> str:
    """A field's name in a path. A key that is no name (a number, a phrase, an IBAN) is data: generalised, not told."""
    return key if _NAME.fullmatch(key) and sum(map(str.isdigit, key)) <= _DIGITS_OF_A_NAME else "*"


def child(path: str, key: str, maps: Collection[str]) -> str:
    """Where a field of the object at `path` stands; of one whose keys are data, all in the same place."""
    return f"{path}.{'*' if path in maps else step(key)}"


class _Walk:
    """Two values, walked side by side."""

    def __init__(
        self, lists: Mapping[str, ListOrder], maps: Collection[str], tolerated: Callable[[Difference], bool]
    ) -> None:
        self._lists = lists
        self._maps = maps
        self._tolerated = tolerated
        self._alike: set[str] = set()
        """Places of unequal texts of JSON that are written alike."""

    def differences(self, path: str, control: Any, candidate: Any) -> Iterator[Difference]:
        if type(control) is not type(candidate):
            yield _leaf(path, "type", control, candidate)
        elif isinstance(control, Mapping | list) and depth(path) > WALKED_DEEP:
            if canonical(control) != canonical(candidate):
                yield _leaf(path, "value", control, candidate)
        elif isinstance(control, Mapping):
            for key in control if control.keys() == candidate.keys() else dict.fromkeys((*control, *candidate)):
                one, other = control.get(key, ABSENT), candidate.get(key, ABSENT)
                if one is not other and not _same_leaf(one, other):
                    yield from self.field(child(path, key, self._maps), one, other)
        elif isinstance(control, list):
            yield from self.items(path, control, candidate)
        elif not _same_leaf(control, candidate):
            yield from self.leaf(path, control, candidate)

    def field(self, path: str, control: Any, candidate: Any) -> Iterator[Difference]:
        if control is ABSENT:
            yield Difference(path, "extra", "-", shape(candidate), None, candidate)
        elif candidate is ABSENT:
            yield Difference(path, "missing", shape(control), "-", control, None)
        else:
            yield from self.differences(path, control, candidate)

    def leaf(self, path: str, control: Any, candidate: Any) -> Iterator[Difference]:
        """Two unequal values of one type. Texts that are JSON are walked: a body's difference names its field.

        How they are written counts where nothing else does.
        """
        containers = _json_containers(control, candidate)
        if containers is None:
            yield _leaf(path, "value", control, candidate)
            return
        inner = tuple(self.differences(path, *containers))
        yield from inner
        if not all(self._tolerated(one) for one in inner):
            return
        if self.spelled_alike(path, control, candidate, inner):
            self._alike.add(path)
        else:
            yield Difference(path, "encoding", "json", "json", control, candidate)

    def spelled_alike(self, path: str, control: str, candidate: str, inner: Sequence[Difference]) -> bool:
        """Whether two texts are written alike but for what differs within, and for items whose order is nothing."""
        if _replaced(control, inner) == candidate:
            return True
        loose = [one for one, order in self._lists.items() if order != "ordered"]
        one, other = (
            spelling(
                text,
                path,
                child=lambda above, key: child(above, key, self._maps),
                blank=[*(each.path for each in inner if each.kind == "value"), *self._alike],
                unordered={*loose, *(each.path for each in inner if each.kind == "order")},
                deepest=WALKED_DEEP + 1 - depth(path),
            )
            for text in (control, candidate)
        )
        return one == other

    def items(self, path: str, control: list[Any], candidate: list[Any]) -> Iterator[Difference]:
        order = self._lists.get(path, "ordered")
        theirs, ours = [canonical(one) for one in control], [canonical(one) for one in candidate]
        if theirs == ours:
            return
        if order.startswith("key:"):
            yield from self.keyed(path, order.removeprefix("key:"), control, candidate)
        elif order == "multiset":
            yield from self.multiset(path, control, candidate)
        elif len(theirs) == len(ours) and Counter(theirs) == Counter(ours):
            yield Difference(path, "order", "list", "list, other order", control, candidate)
        elif len(theirs) == len(ours) or max(len(theirs), len(ours)) > _ALIGNED_ITEMS:
            yield from self.positions(path, control, candidate)
        else:
            for tag, start, end, first, last in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
                if tag != "equal":
                    yield from self.positions(path, control[start:end], candidate[first:last])

    def positions(self, path: str, control: Sequence[Any], candidate: Sequence[Any]) -> Iterator[Difference]:
        for position in range(max(len(control), len(candidate))):
            yield from self.field(
                f"{path}[]",
                control[position] if position < len(control) else ABSENT,
                candidate[position] if position < len(candidate) else ABSENT,
            )

    def multiset(self, path: str, control: Sequence[Any], candidate: Sequence[Any]) -> Iterator[Difference]:
        """What is left after equal items have cancelled out: a known item once more or less is a repetition."""
        theirs, ours = Counter(map(canonical, control)), Counter(map(canonical, candidate))
        left = {canonical(one): one for one in (*control, *candidate)}
        known = theirs.keys() & ours.keys()
        for text in sorted(known):
            if theirs[text] != ours[text]:
                more = theirs[text] > ours[text]
                often = ("more often", "less often") if more else ("less often", "more often")
                yield Difference(f"{path}[]", "repetition", *often, left[text], left[text])
        missing, extra = (
            [left[text] for text in sorted(side.elements()) if text not in known]
            for side in (theirs - ours, ours - theirs)
        )
        yield from self.closest(f"{path}[]", missing, extra)

    def closest(self, path: str, control: Sequence[Any], candidate: Sequence[Any]) -> Iterator[Difference]:
        """Items without a like, each beside the one from which it differs in the fewest places."""

        def distance(one: Any, other: Any) -> tuple[int, Sequence[bytes]]:
            # The texts decide between equals, whichever side they are on.
            return sum(1 for _ in self.differences(path, one, other)), sorted((canonical(one), canonical(other)))

        if len(control) * len(candidate) > _PAIRS_MOST:
            pairs: Iterable[tuple[Any, Any]] = zip_longest(control, candidate, fillvalue=ABSENT)
        else:
            pairs = closest(control, candidate, distance, ABSENT)
        for one, other in pairs:
            yield from self.field(path, one, other)

    def keyed(self, path: str, name: str, control: Sequence[Any], candidate: Sequence[Any]) -> Iterator[Difference]:
        theirs, ours = _by_key(control, name), _by_key(candidate, name)
        for key in dict.fromkeys((*theirs, *ours)):
            one, other = theirs.get(key, []), ours.get(key, [])
            if len(one) == len(other) == 1:
                yield from self.differences(f"{path}[]", one[0], other[0])
            else:
                yield from self.multiset(path, one, other)


def _by_key(items: Iterable[Any], name: str) -> dict[bytes, list[Any]]:
    found: dict[bytes, list[Any]] = {}
    for one in items:
        key = one.get(name, ABSENT) if isinstance(one, Mapping) else ABSENT
        found.setdefault(b"" if key is ABSENT else canonical(key), []).append(one)
    return found


def _same_leaf(one: Any, other: Any) -> bool:
    """Equality by type and digits; False of lists and objects, which are walked."""
    if type(one) is not type(other):
        return False
    if type(one) is Decimal:
        return str(one) == str(other)
    return type(one) not in (dict, list) and one == other


def depth(path: str) -> int:
    """How many objects and lists a place is within."""
    return path.count(".") + path.count("[]")


def _replaced(text: str, differences: Iterable[Difference]) -> str:
    """The control's text with the candidate's texts in it: the cheap way to see that nothing else differs."""
    for one in differences:
        if isinstance(one.control, str) and isinstance(one.candidate, str):
            text = text.replace(f'"{one.control}"', f'"{one.candidate}"', 1)
    return text


def _leaf(path: str, kind: DifferenceKind, control: Any, candidate: Any) -> Difference:
    return Difference(path, kind, *shapes(control, candidate), control, candidate)


def _json_containers(control: object, candidate: object) -> tuple[Any, Any] | None:
    """Both texts as JSON objects or lists, so that a difference inside of a body names its field."""
    if not (isinstance(control, str) and isinstance(candidate, str)):
        return None
    if control[:1] not in ("{", "[") or candidate[:1] != control[:1]:
        return None
    try:
        return parse_json(control), parse_json(candidate)
    except ValueError:
        return None
