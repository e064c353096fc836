"""A case of a value trap: a directory with `case.toml` and `messages.ndjson`. What is wrong in one names the case.

A line of messages is a notification as `legacy/monolith/bin/oracle.php` takes it, shorter and readable:

| field | meaning |
| --- | --- |
| `id` | its identity, which is what AMQP calls it too (`message_id`) |
| `type` | message type, where it is not the case's |
| `body` | comes last. A text is the body; an object is the body as it is written here, byte for byte |
| `body_base64` | instead, for bytes that are no text |
| `exchange`, `routing_key`, `properties`, `headers` | where they are not what the type's contract says |
"""

import base64
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.registry import UnknownTypeError, type_named
from infra.package import Patch
from tests.contract.parity.side import Notification
from tests.stage import REPOSITORY

CASES = Path(__file__).parent / "cases"
GUIDE = REPOSITORY / "docs" / "porting.md"
PATCHED = ("workers/logic/", "contracts/php/", "contracts/model/", "contracts/codecs/")
"""Where a naive port may be put back."""
_FIELDS = {"title": str, "type": str, "guide": str, "expect": str, "put_back": list}
_UNPORTED = {"title": str, "type": str, "ported": bool}
"""What `strangler types new` writes: messages of a type that has no port yet."""
_WRITTEN_BODY = re.compile(r'"body"\s*:\s*(?=\{)')


class CaseError(ValueError):
    """A case is not one. Says which, and what is wrong with it."""

    def __init__(self, name: str, wrong: str) -> None:
        super().__init__(f"{name}: {wrong}")


@dataclass(frozen=True, slots=True)
class Case:
    """One trap: messages on which PHP and our port agree, and what a naive port would have made of them."""

    name: str
    title: str
    """What the trap is."""
    guide: str
    """Anchor of the heading in docs/porting.md that explains it."""
    messages: tuple[Notification, ...]
    """In the order of their delivery."""
    put_back: tuple[Patch, ...]
    expect: str
    """The leading difference once the trap is put back: a path, a kind and a path, or a verdict."""

    def sources(self) -> Mapping[str, str]:
        """The naive port: source by module. Raises CaseError."""
        texts: dict[str, str] = {}
        for patch in self.put_back:
            file = REPOSITORY / patch.file
            if not patch.file.startswith(PATCHED) or not file.is_file():
                raise CaseError(self.name, f"{patch.file} is no module of {', '.join(PATCHED)}")
            text = texts.get(patch.file) or file.read_text("utf-8")
            if (found := text.count(patch.old)) != 1:
                raise CaseError(self.name, f"{patch.file}: the text to put back was found {found} times, not once")
            texts[patch.file] = text.replace(patch.old, patch.new)
        return {file.removesuffix(".py").replace("/", "."): text for file, text in texts.items()}


@dataclass(frozen=True, slots=True)
class Unported:
    """Messages of a type that nobody has ported: no case yet, and not to be forgotten."""

    name: str
    type: str
    messages: tuple[Notification, ...]


def read_cases(folder: Path = CASES) -> tuple[Case, ...]:
    """Every case, by name, but for those that are not ported. Raises CaseError."""
    return tuple(one for one in _read(folder) if isinstance(one, Case))


def read_unported(folder: Path = CASES) -> tuple[Unported, ...]:
    """Those, by name. Raises CaseError."""
    return tuple(one for one in _read(folder) if isinstance(one, Unported))


def _read(folder: Path) -> Iterator[Case | Unported]:
    return (read_case(path) for path in sorted(folder.iterdir()) if path.is_dir())


def read_case(folder: Path) -> Case | Unported:
    """The case in a directory. Raises CaseError."""
    name = folder.name
    try:
        told = tomllib.loads((folder / "case.toml").read_text("utf-8"))
        lines = (folder / "messages.ndjson").read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CaseError(name, str(error)) from error
    fields = {field: type(value) for field, value in told.items()}
    if fields == _UNPORTED and told["ported"] is False:
        return Unported(name, told["type"], _messages(name, told["type"], lines))
    if fields != _FIELDS:
        raise CaseError(name, f"case.toml has {', '.join(_FIELDS)}, and nothing else")
    try:
        patches = tuple(Patch(**patch) for patch in told["put_back"])
    except TypeError as error:
        raise CaseError(name, "put_back is file, old and new") from error
    if told["guide"] not in anchors():
        raise CaseError(name, f"docs/porting.md has no heading #{told['guide']}")
    if not patches:
        raise CaseError(name, "a case has something to put back")
    messages = _messages(name, told["type"], lines)
    return Case(name, told["title"], told["guide"], messages, patches, told["expect"])


def _messages(name: str, type_name: str, lines: list[str]) -> tuple[Notification, ...]:
    messages = tuple(_notification(name, type_name, line) for line in lines if line.strip())
    if not messages:
        raise CaseError(name, "a case has a message")
    return messages


def anchors() -> tuple[str, ...]:
    """Of the headings of traps in docs/porting.md, in their order."""
    return tuple(_anchors(GUIDE.read_text("utf-8")))


def _anchors(text: str) -> Iterator[str]:
    """As GitHub makes them."""
    for heading in re.findall(r"^### (.+)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _notification(name: str, type_name: str, line: str) -> Notification:
    try:
        told: dict[str, Any] = json.loads(line)
        message_type = type_named(told.get("type", type_name))
    except (ValueError, UnknownTypeError) as error:
        raise CaseError(name, f"messages.ndjson: {error}") from error
    origin = message_type.origin
    if "id" not in told:
        raise CaseError(name, "messages.ndjson: a message has an id")
    known = {
        "type": message_type.name,
        "exchange": origin.exchange,
        "routing_key": origin.routing_key or "",
        "properties": {"message_id": told["id"]},
        "headers": {},
    }
    body = told.pop("body", None)
    if "body_base64" not in told:
        told["body_base64"] = base64.b64encode(_body(name, line, body)).decode()
    return known | told


def _body(name: str, line: str, body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    written = _WRITTEN_BODY.search(line)
    if not isinstance(body, dict) or written is None or not line.rstrip().endswith("}"):
        raise CaseError(name, "messages.ndjson: a message has a body, a text or an object, or body_base64")
    text = line[written.end() :].rstrip()[:-1].rstrip()
    try:
        json.loads(text)
    except ValueError as error:
        raise CaseError(name, "messages.ndjson: body comes last, so that it is taken as it is written") from error
    return text.encode()
