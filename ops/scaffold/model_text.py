"""The model's module, as text."""

import re
from collections.abc import Iterator

from ops.scaffold.annotation import Layout, ModelField, Record, flattened, lay_out
from ops.scaffold.design import Design
from ops.scaffold.source import WIDTH, docstring, exploded, import_line, imports, is_quotable, quoted
from ops.wording import number, plural

_MESSAGE = ("FilledText", "Model", "Notification", "Numeric", "OpenRecord", "Scalar", "Text")
_OBJECT = ("case_of", "object_of")
_DECODERS = {"symfony-php": "symfony_object", "laravel": "job_object", "php-serialize": "serialized_object"}
_NOQA = "  # noqa: N815"
_REASON = "  the wire's names"


def decoder_name(design: Design) -> str:
    """The function that the contract names as its codec."""
    return "decode_json" if design.codec.is_json else f"decode_{design.naming.module}"


def model_text(design: Design) -> str:
    """The module `contracts/model/NAME.py`."""
    layout = lay_out(design)
    records = "\n\n\n".join(_class(one, design, layout) for one in layout.records)
    literals = "".join(f"{_literal(name, values)}\n" for name, values in layout.literals.items())
    decoder = "" if design.codec.is_json else f"{_decoder(design)}\n\n\n"
    parts = [_docstring(design), _imports(design, layout, records, literals)]
    if decoder or literals:
        parts.append("\n".join(part.rstrip("\n") for part in (_class_constant(design), literals) if part))
    return "\n\n".join(part for part in parts if part).rstrip("\n") + f"\n\n\n{decoder}{records}\n"


def _docstring(design: Design) -> str:
    seen = design.seen
    based = (
        f"Inferred from {plural(seen.read, 'message')} of {number(seen.deliveries)}. A field is optional where one "
        "message has it not; a closed set has the values that were seen. PHP's handler knows better: go by what it "
        "asks, and leave out what it does not."
    )
    return docstring(
        f"{design.naming.type}: what its handler may ask of a message. Scaffolded; a person has to read it.", [based]
    )


def _imports(design: Design, layout: Layout, records: str, literals: str) -> str:
    text = f"{records}\n{literals}"
    annotations = " ".join(flattened(layout))

    def used(names: tuple[str, ...]) -> list[str]:
        return [name for name in names if re.search(rf"(?<![\w.\"]){name}(?![\w\"])", text)]

    typing = [name for name in ("Annotated", "Any", "Literal") if name in annotations or name in literals]
    third = import_line("pydantic", ["Field"]) if "Field(" in text else ""
    ours = imports(
        [
            ("contracts.codecs.message_object", [] if design.codec.is_json else [_DECODERS[design.codec.framework]]),
            ("contracts.message_type", [] if design.codec.is_json else ["NormalForm"]),
            ("contracts.model.message", used(_MESSAGE)),
            ("contracts.model.php_object", used(_OBJECT)),
        ]
    )
    standard = import_line("typing", typing) if typing else ""
    return "\n\n".join(part for part in (standard, third, ours) if part)


def _class_constant(design: Design) -> str:
    return (
        ""
        if design.codec.is_json or design.codec.class_name is None
        else f"CLASS = {quoted(design.codec.class_name)}\n"
    )


def _decoder(design: Design) -> str:
    called = _DECODERS[design.codec.framework]
    argument = "CLASS" if design.codec.class_name else "None"
    what = "The message object's properties" if design.codec.class_name else "The message's fields"
    return (
        f"def {decoder_name(design)}(body: bytes) -> NormalForm:\n"
        f'    """{what}. Raises DecodeError."""\n'
        f"    return {called}(body, {argument})"
    )


def _literal(name: str, values: tuple[str, ...]) -> str:
    return exploded(f"{name} = Literal[", map(quoted, values), "]")


def _class(record: Record, design: Design, layout: Layout) -> str:
    top = record.class_name == design.naming.class_name
    text = f"{design.naming.type}." if top else f"`{record.place}`."
    lines = [f"class {record.class_name}({record.base}):", f'    """{text.replace(chr(92), chr(92) * 2)}"""']
    if record.fields:
        lines.append("")
        noted = False
        for one in record.fields:
            line = _field(one)
            if line.endswith(_NOQA) and not noted and len(line) + len(_REASON) <= WIDTH:
                line, noted = line + _REASON, True
            lines.append(line)
    if record.first is not None:
        lines += ["", *_first(record, layout)]
    return "\n".join(lines)


def _field(one: ModelField) -> str:
    alias = f"alias={quoted(one.wire)}" if one.name != one.wire else ""
    match (one.optional, alias):
        case (True, ""):
            default = " = None"
        case (True, _):
            default = f" = Field(default=None, {alias})"
        case (False, ""):
            default = ""
        case _:
            default = f" = Field({alias})"
    line = f"    {one.name}: {one.annotation}{default}"
    mixed = one.name[0].islower() and any(map(str.isupper, one.name))
    return line + (_NOQA if mixed else "")


def _first(record: Record, layout: Layout) -> Iterator[str]:
    assert record.first is not None  # noqa: S101  asked before
    name, path, listed = record.first
    wrapper = next(one for one in record.fields if path.startswith(f"{one.name}."))
    kind = next(
        one.annotation
        for each in layout.records
        if each.place == wrapper.wire
        for one in each.fields
        if one.wire == listed
    )
    found = re.search(r"list\[(\w+)\]", kind)
    inner = "None" if found is None else found[1]
    yield "    @property"
    yield f"    def {name}(self) -> {inner}:"
    yield '        """The first and only one."""'
    yield f"        return self.{path}"


def is_renderable(design: Design) -> bool:
    """Whether every name that was inferred can stand in source."""
    texts = [
        design.codec.class_name or "",
        design.origin.exchange,
        design.origin.routing_key or "",
        design.origin.queue,
    ]
    return all(map(is_quotable, texts))
