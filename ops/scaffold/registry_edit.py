"""Edits of the two registries, as text: a line each, in the place that is theirs. Pure."""

import re

from ops.scaffold.design import Naming
from ops.scaffold.source import import_line, quoted

FAMILIES = "contracts/registry.py"
HANDLERS = "workers/logic/registry.py"

_FAMILY_IMPORT = re.compile(r"^from contracts\.family\.\w+ import \w+(?:, \w+)*$", re.MULTILINE)
_FAMILIES = re.compile(r"^FAMILIES: tuple\[Family, \.\.\.\] = \(\n(?P<items>(?:    \w+,\n)*)\)", re.MULTILINE)
_LOGIC_IMPORT = re.compile(r"^from workers\.logic import (?:\((?P<many>[^)]*)\)|(?P<one>[\w, ]+))$", re.MULTILINE)
_LOGIC_FIRST = re.compile(r"^from workers\.logic\.", re.MULTILINE)
_HANDLERS = re.compile(r"^HANDLERS: Mapping\[str, Handler\] = \{\n(?P<items>(?:    .*,\n)*)\}", re.MULTILINE)


class NoPlaceError(ValueError):
    """A registry is not written as it is expected to be. Says which place is missing, and in which file."""

    def __init__(self, file: str, place: str) -> None:
        super().__init__(f"{file} has no {place} where a line could be added: enter the type by hand")


def with_family(text: str, naming: Naming) -> str:
    """`contracts/registry.py` with one more family. Raises NoPlaceError."""
    line = f"from contracts.family.{naming.family} import {naming.constant}"
    if re.search(rf"\b{naming.constant}\b", text):
        raise NoPlaceError(FAMILIES, f"free name {naming.constant}")
    found = list(_FAMILY_IMPORT.finditer(text))
    if not found:
        raise NoPlaceError(FAMILIES, "`from contracts.family...` import")
    before = next((one for one in found if one[0] > line), None)
    place, written = (found[-1].end(), f"\n{line}") if before is None else (before.start(), f"{line}\n")
    text = text[:place] + written + text[place:]
    families = _FAMILIES.search(text)
    if families is None:
        raise NoPlaceError(FAMILIES, "tuple FAMILIES with one family a line")
    return text[: families.end("items")] + f"    {naming.constant},\n" + text[families.end("items") :]


def with_handler(text: str, naming: Naming) -> str:
    """`workers/logic/registry.py` with one more handler. Raises NoPlaceError."""
    found = _LOGIC_IMPORT.search(text)
    if found is not None:
        names = {name.strip() for name in (found["many"] or found["one"]).split(",") if name.strip()}
        text = text[: found.start()] + import_line("workers.logic", {*names, naming.module}) + text[found.end() :]
    elif (first := _LOGIC_FIRST.search(text)) is not None:
        text = text[: first.start()] + f"from workers.logic import {naming.module}\n" + text[first.start() :]
    else:
        raise NoPlaceError(HANDLERS, "`from workers.logic import ...`")
    handlers = _HANDLERS.search(text)
    if handlers is None:
        raise NoPlaceError(HANDLERS, "mapping HANDLERS with one handler a line")
    line = f"    {quoted(naming.type)}: {naming.module}.HANDLER,\n"
    return text[: handlers.end("items")] + line + text[handlers.end("items") :]
