"""The branches of a message type: each way that its contract names for one message to be unlike another.

A ported handler has its bugs where a field is missing, an amount negative, a name not ASCII. They hang on the shape of
a message, and no number of messages of another shape finds them. So every field of the type's model has its cases
here, beside the effects of its contract and the ways for a message to end.

Names say places, cases that the contract itself lists, and signs; never a value.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from inspect import Parameter, signature
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, PlainValidator, TypeAdapter, ValidationError, WrapValidator
from pydantic.fields import FieldInfo

from contracts.case import Names, Reading, container, one_of, sign, text
from contracts.difference import effect_path
from contracts.effect import Attempt
from contracts.message_type import MessageType, NormalForm
from contracts.model.message import Integer, Numeric, Text

_ENDINGS = {ending: f"ending {ending}" for ending in ("done", "rejected", "duplicate")}
"""A retried attempt is no end."""
_NUMERIC = get_args(Numeric)[1]
_UNTOUCHED: Mapping[tuple[Any, ...], tuple[type, ...]] = {
    (get_args(Text)[1].func,): (str,),
    (_NUMERIC.func,): (int, float),
    (get_args(Integer)[1].func,): (int,),
}
"""What PHP's casts, which most fields have, leave as it is: to call them for it is half of the time."""
_SKIPPED = frozenset({"raw"})
"""All of a record once more, as it came."""
_ABSENT = object()
_NOTHING = Reading(lambda _: (), frozenset())

_Cast = Callable[[Any], Any]


def branches(message_type: MessageType) -> frozenset[str]:
    """Names of all branches of a type, as far as its contract tells.

    `object_payload.payins[].payinDate: absent`, `….payinStatus=CANCELED`, `….amount: negative`, `….ibanFullname: other
    than ASCII`, `effect row:payins`, `no effect row:payins`, `ending rejected`.
    """
    effects = (name for effect in message_type.effects for name in _effect_names(effect.path))
    return _plan(message_type.model).names.union(effects, _ENDINGS.values())


def exercised(message_type: MessageType, form: NormalForm | None, attempt: Attempt) -> frozenset[str]:
    """Those branches of the type that one message took.

    A field that the model refuses takes none. That an effect is lacking tells something of a processed message only:
    one that is rejected, or known already, lacks them all.

    Args:
        message_type: its contract.
        form: the decoded body, as `message_type.decode` gives it; None where it cannot be decoded.
        attempt: what the control made of it at last.
    """
    ending = _ENDINGS.get(attempt.ending)
    names = [] if ending is None else [ending]
    if form is None:
        return frozenset(names)
    names += _plan(message_type.model).read(form)
    made = {effect_path(effect) for effect in attempt.effects}
    for contract in message_type.effects:
        produced, lacking = _effect_names(contract.path)
        if contract.path in made:
            names.append(produced)
        elif attempt.ending == "done":
            names.append(lacking)
    return frozenset(names)


@lru_cache(maxsize=1024)
def _effect_names(path: str) -> tuple[str, str]:
    return f"effect {path}", f"no effect {path}"


@lru_cache(maxsize=256)
def _plan(model: type[BaseModel]) -> Reading:
    return _record(model, "", (), ())


_Models = tuple[type[BaseModel], ...]


def _record(model: type[BaseModel], prefix: str, also: Names, within: _Models) -> Reading:
    """Of a mapping that is validated into a model."""
    if model in within:  # a model within itself has no end
        return Reading(lambda _: also, frozenset(also))
    fields = [
        _field(info, info.alias or name, f"{prefix}{info.alias or name}", (*within, model))
        for name, info in model.model_fields.items()
        if name not in _SKIPPED
    ]
    plan = [(name, absent, reading.read) for name, absent, reading in fields]

    def read(form: Mapping[Any, Any]) -> Names:
        names = [*also]
        for name, absent, read_value in plan:
            value = form.get(name, _ABSENT)
            names += absent if value is _ABSENT else read_value(value)
        return tuple(names)

    return Reading(read, frozenset(also).union(*(reading.names.union(absent) for _, absent, reading in fields)))


def _field(info: FieldInfo, name: str, place: str, within: _Models) -> tuple[str, Names, Reading]:
    """A field's name on the wire, what it is if it is not there, and what it is else."""
    annotation = Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation
    nullable = any(kind is NoneType for kind, _ in _members(annotation))
    absent = () if info.is_required() else (f"{place}: absent",)
    return name, absent, _value(annotation, place, (f"{place}: present",) if absent or nullable else (), within)


def _value(annotation: Any, place: str, also: Names, within: _Models) -> Reading:
    """Of whatever may be in one place."""
    members = list(_members(annotation))
    way = _way(members)
    limits = _Limits(TypeAdapter(annotation), way or _Way())
    readings: dict[type, Reading] = {}
    untold = False
    for kind, around in members:
        own: dict[type, Reading] = {}
        if kind is NoneType or way is not None:
            own = _readings(kind, place, also, within, limits, numeric=_NUMERIC in around)
        readings |= own
        untold = untold or not own or kind is Any
    # Where it cannot be foreseen what the model makes of a value, that there is one is all that can be said.
    otherwise = also if untold else ()
    by_type = {kind: reading.read for kind, reading in readings.items()}
    names = frozenset(otherwise).union(*(reading.names for reading in readings.values()))

    def read(value: Any) -> Names:
        read_kind = by_type.get(type(value))
        return otherwise if read_kind is None else read_kind(value)

    if way is None or not way.casts:
        return Reading(read, names)

    def read_cast(value: Any) -> Names:
        try:
            return read(way.take(value))
        except (ValueError, AssertionError):  # what pydantic takes for a refusal
            return ()

    untouched = {*_UNTOUCHED.get(way.casts, ()), *((NoneType,) if way.before_null == 0 else ())}
    straight = {kind: read_kind for kind, read_kind in by_type.items() if kind in untouched}

    def read_any(value: Any) -> Names:
        read_kind = straight.get(type(value))
        return read_cast(value) if read_kind is None else read_kind(value)

    return Reading(read_any, names)


def _readings(
    kind: Any, place: str, also: Names, within: _Models, limits: "_Limits", *, numeric: bool
) -> dict[type, Reading]:
    """By the Python type that a decoder, and the model's casts, make of it."""
    allowed = limits.allow
    if kind is NoneType:
        return {NoneType: one_of((None,), (), lambda _: f"{place}: null")}
    if kind is Any:
        # Of an optional field the handler asks when it needs it: for nothing there, and else for a text, mostly.
        null = one_of((None,) if allowed(None) else (), (), lambda _: f"{place}: null")
        return {NoneType: null, str: text(place, also, allowed=allowed)} if also else {}
    if kind is bool:
        return {bool: one_of((False, True), also, lambda value: f"{place}: {str(value).lower()}")}
    if kind is str and not numeric:
        return {str: text(place, also, allowed=allowed)}
    if kind in (int, float, str):
        # A model takes an int for a float, strict as it is.
        return dict.fromkeys((int, float) if kind is float else (kind,), sign(place, also, allowed=allowed))
    if get_origin(kind) is Literal:
        values = get_args(kind)
        return {
            each: one_of((one for one in values if type(one) is each), also, lambda value: f"{place}={value}")
            for each in {type(value) for value in values}
        }
    if (get_origin(kind) or kind) is list:
        item = _value((*get_args(kind), Any)[0], f"{place}[]", (), within)
        return {list: container(place, also, "list", item, allowed=allowed, filled=limits.leave_room)}
    if (get_origin(kind) or kind) is dict:
        return {dict: container(place, also, "map", _NOTHING, allowed=allowed, filled=True)}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {dict: _record(kind, f"{place}.", also, within)}
    return {}


def _members(annotation: Any, around: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """The kinds that an annotation allows, each with what is annotated around it, outermost first."""
    if get_origin(annotation) is Annotated:
        inner, *own = get_args(annotation)
        yield from _members(inner, (*around, *reversed(own)))
    elif get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _members(one, around)
    else:
        yield annotation, around


@dataclass(frozen=True, slots=True)
class _Way:
    """What a value passes through before the model asks for its type."""

    casts: tuple[_Cast, ...] = ()
    before_null: int | None = None
    """After how many of these it may be null, and is asked no more; None where it may not."""

    def take(self, value: Any) -> Any:
        """What becomes of it. Raises ValueError or AssertionError where a cast refuses it."""
        for number, cast in enumerate(self.casts):
            if value is None and number == self.before_null:
                return None
            value = cast(value)
        return value


def _way(members: Iterable[tuple[Any, tuple[Any, ...]]]) -> _Way | None:
    """The way of all kinds that a place allows; None where it cannot be foreseen, or is not the same for all."""
    ways = {_casts(around) for kind, around in members if kind is not NoneType}
    before_null = {_casts(around) for kind, around in members if kind is NoneType}
    casts = ways.pop() if len(ways) == 1 else None
    if casts is None or not before_null:
        return None if casts is None else _Way(casts)
    first = before_null.pop()
    return _Way(casts, len(first)) if first is not None and casts[: len(first)] == first else None


def _casts(around: tuple[Any, ...]) -> tuple[_Cast, ...] | None:
    """Casts in the order in which they are called; None where they do more than that."""
    if any(isinstance(one, PlainValidator | WrapValidator) for one in around):
        return None
    functions: list[Callable[..., Any]] = [one.func for one in around if isinstance(one, BeforeValidator)]
    return tuple(functions) if all(map(_needs_the_value_only, functions)) else None


def _needs_the_value_only(function: Callable[..., Any]) -> bool:
    try:
        parameters = signature(function).parameters.values()
    except ValueError:  # a built-in function does not always tell
        return False
    return sum(one.default is Parameter.empty for one in parameters) == 1


class _Limits:
    """What the model takes in one place: constraints of a field leave no room for some of its cases."""

    def __init__(self, adapter: TypeAdapter[Any], way: _Way) -> None:
        self._adapter = adapter
        self._way = way

    def allow(self, value: Any) -> bool:
        """Whether the model takes it, for what it is."""
        if self._errors(value):
            return False
        taken = self._way.take(value)
        return type(taken) is type(value) and bool(taken == value)

    @property
    def leave_room(self) -> bool:
        """Whether a list may have an item."""
        return "too_long" not in self._errors([object()])

    def _errors(self, value: Any) -> set[str]:
        try:
            self._adapter.validate_python(value)
        except ValidationError as error:
            return {one["type"] for one in error.errors(include_input=False, include_url=False)}
        return set()
