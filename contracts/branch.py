"""The branches of a message type: each way that its contract names for one message to be unlike another.

A ported handler has its bugs where a field is missing, an amount negative, a name not ASCII. They hang on the shape of
a message, and no number of messages of another shape finds them. So every field of the type's model has its cases
here, beside the effects of its contract and the ways for a message to end.

Names say places, cases that the contract itself lists, and signs; never a value.
"""

from collections.abc import Callable, Iterator, Mapping
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
    nullable = any(kind is NoneType or kind is Any for kind, _ in _members(annotation))
    absent = () if info.is_required() else (f"{place}: absent",)
    return name, absent, _value(annotation, place, (f"{place}: present",) if absent or nullable else (), within)


def _value(annotation: Any, place: str, also: Names, within: _Models) -> Reading:
    """Of whatever may be in one place."""
    members = list(_members(annotation))
    ways = [_casts(validators) for validators in {around for kind, around in members if kind is not NoneType}]
    casts = ways[0] if len(ways) == 1 else None
    allowed = _acceptance(annotation)
    readings: dict[type, Reading] = {}
    untold = False
    for kind, around in members:
        own: dict[type, Reading] = {}
        if kind is NoneType or casts is not None:
            own = _readings(kind, place, also, within, allowed, numeric=_NUMERIC in around)
        readings |= own
        untold = untold or not own or kind is Any
    # Where it cannot be foreseen what the model makes of a value, that there is one is all that can be said.
    otherwise = also if untold else ()
    by_type = {kind: reading.read for kind, reading in readings.items()}

    def read(value: Any) -> Names:
        read_kind = by_type.get(type(value))
        return otherwise if read_kind is None else read_kind(value)

    def read_cast(value: Any) -> Names:
        try:
            for cast in casts or ():
                value = cast(value)
        except (ValueError, AssertionError):  # what pydantic takes for a refusal
            return ()
        return read(value)

    untouched = {NoneType, *_UNTOUCHED.get(casts or (), ())}
    straight = {kind: read_kind for kind, read_kind in by_type.items() if kind in untouched}

    def read_any(value: Any) -> Names:
        read_kind = straight.get(type(value))
        return read_cast(value) if read_kind is None else read_kind(value)

    return Reading(
        read_any if casts else read, frozenset(otherwise).union(*(reading.names for reading in readings.values()))
    )


def _readings(
    kind: Any, place: str, also: Names, within: _Models, allowed: Callable[[Any], bool], *, numeric: bool
) -> dict[type, Reading]:
    """By the Python type that a decoder, and the model's casts, make of it."""
    if kind is NoneType:
        return {NoneType: one_of((None,), (), lambda _: f"{place}: null")}
    if kind is Any:  # what the handler asks of it the model does not know: a text, mostly
        return {NoneType: one_of((None,), (), lambda _: f"{place}: null"), str: text(place, also, allowed=allowed)}
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
        return {list: container(place, also, "list", item, allowed=allowed)}
    if (get_origin(kind) or kind) is dict:
        return {dict: container(place, also, "map", _NOTHING, allowed=allowed)}
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


def _casts(around: tuple[Any, ...]) -> tuple[_Cast, ...] | None:
    """What a value passes through before the model asks for its type; None where that cannot be foreseen."""
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


def _acceptance(annotation: Any) -> Callable[[Any], bool]:
    """Whether the model takes a value in that place: constraints of a field leave no room for some of its cases."""
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    def allowed(value: Any) -> bool:
        try:
            adapter.validate_python(value)
        except ValidationError:
            return False
        return True

    return allowed
