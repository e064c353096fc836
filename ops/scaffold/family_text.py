"""The contract's module, as text: a family with this one type."""

from collections.abc import Iterable, Iterator, Mapping

from contracts.message_type import BodyField
from ops.scaffold.design import Design
from ops.scaffold.effect import EffectSeen
from ops.scaffold.meaning import Meaning
from ops.scaffold.model_text import decoder_name
from ops.scaffold.source import docstring, exploded, imports, quoted
from ops.wording import number, plural

_COMMENTS: Mapping[Meaning, str] = {
    "id": "Ids. Have a person check that none of them tells who somebody is.",
    "amount": "Amounts. Have a person check that each may be shown beside its ids.",
    "currency": "Currency codes.",
    "time": "Times. Have a person check that none of them is of somebody's life.",
    "state": "Closed sets of words. Have a person check that none of them sorts people.",
    "constant": "The same in every message, and a technical name.",
}


def family_text(design: Design) -> str:
    """The module `contracts/family/NAME.py`."""
    names = design.naming
    call = exploded(f"{names.constant} = Family(", [quoted(names.family), exploded("(", [_type(design)], ")")], ")")
    return f"{_docstring(design)}\n\n{_imports(design)}\n\n{call}\n"


def _docstring(design: Design) -> str:
    asked = plural(design.effects.asked, "answer") + " of the oracle's"
    effects = f"and {asked}" if design.effects.asked else "and no oracle was asked: it names no effects"
    based = (
        f"Inferred from {number(design.seen.read)} messages {effects}. What no set calls plain is personal: it is "
        "sealed at rest and masked on sight. Each set holds what name and values alike have shown to be nobody's; "
        "whoever knows the fields adds to it, and takes out what is doubtful."
    )
    return docstring(
        f"{design.naming.family}: scaffolded, and to be reviewed before anything of it is shown or stored.",
        [based],
    )


def _imports(design: Design) -> str:
    identity = type(design.identity).__name__
    message_type = {"BodyField", identity, "Family", "MessageType", "Origin"}
    if design.told_effects:
        message_type.add("EffectContract")
    model = [design.naming.class_name]
    if not design.codec.is_json:
        model.append(decoder_name(design))
    return imports(
        [
            ("contracts.codecs.json_body", ["decode_json"] if design.codec.is_json else []),
            ("contracts.message_type", sorted(message_type)),
            (f"contracts.model.{design.naming.module}", model),
        ]
    )


def _type(design: Design) -> str:
    identity = design.identity
    key = design.business_key
    arguments = [
        f"name={quoted(design.naming.type)}",
        _origin(design),
        f"decode={decoder_name(design)}",
        f"model={design.naming.class_name}",
        f"identity={type(identity).__name__}({quoted(identity.name)})",
        f"business_key={BodyField.__name__}({quoted(key.name)})",
        f"effects={_effects(design)}",
        f"guarded={_guarded(design.guarded)}",
        f"plain={_plain(design.plain)}",
    ]
    return exploded("MessageType(", arguments, ")")


def _origin(design: Design) -> str:
    one = design.origin
    key = "None" if one.routing_key is None else quoted(one.routing_key)
    queue = quoted(one.queue)
    if one.assumed:
        queue = f"# The monolith's own queue is assumed: a corpus does not tell it.\n{queue}"
    return exploded("origin=Origin(", [quoted(one.exchange), key, queue], ")")


def _effects(design: Design) -> str:
    told = list(design.told_effects)
    return exploded("(", [_effect(one, design) for one in told], ")") if told else "()"


def _effect(one: EffectSeen, design: Design) -> str:
    arguments = [quoted(one.path), f"plain={_plain(design.plain_of(one))}"]
    if one.derived:
        pairs = [f"{quoted(name)}: {quoted(origin)}" for name, origin in sorted(one.derived.items())]
        arguments.append(f"derived={exploded('{', pairs, '}')}")
    return exploded("EffectContract(", arguments, ")")


def _guarded(names: Iterable[str]) -> str:
    items = [quoted(name) for name in sorted(names)]
    return f"frozenset(\n    {_indented(exploded('{', items, '}'))}\n)" if items else "frozenset()"


def _plain(meanings: Mapping[str, Meaning]) -> str:
    items = list(_grouped(meanings))
    return f"frozenset(\n    {_indented(exploded('{', items, '}'))}\n)" if items else "frozenset()"


def _grouped(meanings: Mapping[str, Meaning]) -> Iterator[str]:
    for meaning, comment in _COMMENTS.items():
        names = sorted(name for name, one in meanings.items() if one == meaning)
        for position, name in enumerate(names):
            yield f"# {comment}\n{quoted(name)}" if position == 0 else quoted(name)


def _indented(text: str) -> str:
    return text.replace("\n", "\n    ")
