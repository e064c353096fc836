"""Fields as a model has them: their types as PHP sees them, classes for records, closed sets as literals."""

import builtins
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import BaseModel

from contracts.model.message import Notification
from ops.scaffold.design import Design
from ops.scaffold.meaning import is_closed_set, meaning_of, words_of
from ops.scaffold.place import Place
from ops.scaffold.source import quoted

_USED = frozenset(
    {
        *("Annotated", "Any", "Field", "FilledText", "Literal", "Model", "Notification", "Numeric", "OpenRecord"),
        *("Scalar", "Text", "case_of", "object_of", "NormalForm"),
    }
)
"""What a model imports: no field and no class may be called so."""
_TYPES = frozenset({"bool", "dict", "float", "int", "list", "str"})
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBERS = frozenset({"digits", "number"})


@dataclass(frozen=True, slots=True)
class ModelField:
    """One field."""

    wire: str
    name: str
    """The same, unless Python or pydantic has that for itself."""
    annotation: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One class."""

    class_name: str
    place: str
    """Where it stands, as a path."""
    base: str
    fields: tuple[ModelField, ...]
    first: tuple[str, str, str] | None = None
    """Name, path and type of the only record that it is about, where it always is only one."""


@dataclass
class Layout:
    """The classes of a model, those first that others are made of."""

    records: list[Record] = field(default_factory=list)
    literals: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Closed sets, by the name of their type."""
    taken: set[str] = field(default_factory=set)


def lay_out(design: Design) -> Layout:
    """The model of a type."""
    layout = Layout(taken={design.naming.class_name, *_USED})
    _record(design, layout, design.body, design.naming.class_name, "", top=True)
    return layout


def _record(design: Design, layout: Layout, place: Place, class_name: str, path: str, *, top: bool = False) -> None:
    base = _base(design, place, top=top)
    inherited = set(Notification.model_fields) if base == "Notification" else set()
    fields = tuple(
        _field(design, layout, place, name, one, f"{path}.{name}" if path else name, top=top)
        for name, one in place.fields.items()
        if name not in inherited and not (base == "OpenRecord" and name == "raw") and _NAME.search(name)
    )
    layout.records.append(Record(class_name, path, base, fields, _only(place, fields) if top else None))


def _base(design: Design, place: Place, *, top: bool) -> str:
    if not design.codec.is_json:
        return "Model"
    if top:
        if not _names_itself(design, place):
            return "Model"
        wanted = (name for name, info in Notification.model_fields.items() if info.is_required())
        return (
            "Notification" if all(name in place.keys and place.always(place.keys[name]) for name in wanted) else "Model"
        )
    holds_one = len(place.fields) == 1 and not any(one.is_leaf for one in place.fields.values())
    return "Model" if holds_one else "OpenRecord"


def _names_itself(design: Design, place: Place) -> bool:
    """Whether every message names its event, and calls it as the type is called: a worker goes by that."""
    event = place.keys.get("webhook")
    return event is not None and not event.open and {text.lower() for text in event.values} == {design.naming.type}


def _field(
    design: Design, layout: Layout, record: Place, wire: str, place: Place, path: str, *, top: bool
) -> ModelField:
    needed = top and wire in {design.identity.name, design.business_key.name}
    if needed:
        return ModelField(wire, _python_name(wire, record, layout), "FilledText", optional=False)
    annotation = _annotation(design, layout, wire, place, path)
    optional = not record.always(place)
    if optional and annotation != "Any":
        annotation = f"{annotation} | None"
    return ModelField(wire, _python_name(wire, record, layout), annotation, optional)


def _annotation(design: Design, layout: Layout, name: str, place: Place, path: str) -> str:
    kinds = set(place.kinds)
    if not kinds:
        return "Any"
    if kinds == {"list"} and place.item is not None:
        item = _annotation(design, layout, _singular(name), place.item, f"{path}[]") if place.item.seen else "Any"
        if place.item.nulls and item != "Any":
            item = f"{item} | None"
        listed = f"list[{item}]"
        return f"Annotated[{listed}, Field(min_length=1)]" if 0 not in place.lengths else listed
    if kinds == {"record"} and place.fields:
        class_name = _class_name(name, layout)
        _record(design, layout, place, class_name, path)
        return class_name
    if kinds == {"object"} and len(place.classes) == 1 and place.fields:
        class_name = _class_name(name, layout)
        _record(design, layout, place, class_name, path)
        return f"Annotated[{class_name}, object_of({quoted(*place.classes)})]"
    if kinds <= {"list", "map", "record"}:
        return "list[Any] | dict[int | str, Any]"  # an empty one is a list to PHP, whatever it was
    if kinds == {"enum"} and len(place.classes) == 1 and not place.open:
        return f"Annotated[{_literal(name, place, layout)}, case_of({quoted(*place.classes)})]"
    if not place.is_leaf or "enum" in kinds:
        return "Any"
    if kinds == {"bool"}:
        return "bool"
    if is_closed_set(name, place):
        return _literal(name, place, layout)
    if not design.codec.is_json:
        return _property(kinds)
    return _json_scalar(name, place, kinds)


def _property(kinds: set[str]) -> str:
    """A typed property of PHP's: what another type would be, PHP has refused before."""
    if kinds <= {"int", "float"}:
        return "float" if "float" in kinds else "int"
    return "str" if kinds == {"str"} else "Scalar"


def _json_scalar(name: str, place: Place, kinds: set[str]) -> str:
    if "bool" in kinds:
        return "Scalar"
    meaning = meaning_of(name, place)
    if meaning == "amount" and place.forms.keys() <= _NUMBERS:
        return "Numeric"
    return "Text" if meaning == "id" or kinds == {"str"} else "Scalar"


def _literal(name: str, place: Place, layout: Layout) -> str:
    values = tuple(sorted(place.values))
    literal = f"Literal[{', '.join(map(quoted, values))}]"
    if len(literal) <= 50:
        return literal
    alias = _class_name(name, layout)
    layout.literals[alias] = values
    return alias


def _only(place: Place, fields: tuple[ModelField, ...]) -> tuple[str, str, str] | None:
    """A wrapper with one list that always has one record: that is what the message is about."""
    for one in fields:
        wrapper = place.fields[one.wire]
        inner = wrapper.fields
        if wrapper.kinds.keys() != {"record"} or len(inner) != 1 or one.optional:
            continue
        ((name, listed),) = inner.items()
        if listed.kinds.keys() == {"list"} and set(listed.lengths) == {1} and listed.item and listed.item.fields:
            called = "_".join(words_of(_singular(name)))
            if called not in {field.name for field in fields} and _is_free(called):
                return called, f"{one.name}.{name}[0]", name
    return None


def _class_name(name: str, layout: Layout) -> str:
    chosen = "".join(word.capitalize() for word in words_of(_singular(name))) or "Record"
    chosen = chosen if chosen[0].isalpha() else f"Record{chosen}"
    unique, number = chosen, 2
    while unique in layout.taken or hasattr(builtins, unique):
        unique, number = f"{chosen}{number}", number + 1
    layout.taken.add(unique)
    return unique


def _python_name(wire: str, record: Place, layout: Layout) -> str:
    name = re.sub(r"\W", "_", wire).lstrip("_") or "field"
    if not _is_free(name) or name in layout.taken:
        name = f"{name}_"
    while name != wire and name in record.keys:
        name = f"{name}_"
    return name


def _is_free(name: str) -> bool:
    reserved = keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _TYPES or name in _USED
    return name.isidentifier() and not reserved and not name.startswith("model_") and not hasattr(BaseModel, name)


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return f"{name[:-3]}y"
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


def flattened(layout: Layout) -> Iterator[str]:
    """Every annotation of a layout."""
    for record in layout.records:
        for one in record.fields:
            yield one.annotation
