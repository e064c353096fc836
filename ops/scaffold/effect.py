"""What the oracle makes of a type's messages: tables, messages, webhooks, with their fields and signatures."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.difference import effect_path
from contracts.effect import Effect, parse_json
from contracts.outcome_line import OutcomeLine
from contracts.php.digest import webhook_signature
from contracts.php.json import JsonError, json_decode
from ops.scaffold.form import form_of
from ops.scaffold.place import Place


@dataclass
class EffectSeen:
    """One effect, over all messages that had it."""

    path: str
    name: str
    count: int = 0
    messages: int = 0
    place: Place = field(default_factory=Place)
    signed: "dict[str, Counter[str]]" = field(default_factory=dict)
    """Field of a signature to the fields that it is over, each with how often that was so."""

    @property
    def derived(self) -> Mapping[str, str]:
        """Field to the field that it is computed from, where that holds of every one."""
        found = {name: origins.most_common(1)[0] for name, origins in self.signed.items()}
        return {name: origin for name, (origin, count) in found.items() if count == self.count}


@dataclass
class Effects:
    """What was asked, and what was answered."""

    asked: int = 0
    endings: "Counter[str]" = field(default_factory=Counter)
    by_path: dict[str, EffectSeen] = field(default_factory=dict)

    def take(self, line: OutcomeLine | None, secret: str) -> None:
        """See one answer; None where the message was turned away. Raises MalformedOutcomeError."""
        self.asked += 1
        if line is None:
            self.endings["rejected"] += 1
            return
        self.endings[line.ending] += 1
        paths = set()
        for one in line.effect_lines():
            effect = one.effect()
            path = effect_path(effect)
            paths.add(path)
            seen = self.by_path.setdefault(path, EffectSeen(path, effect.name))
            seen.count += 1
            seen.place.take(opened(dict(effect.value)))
            for name, origin in _signatures(effect, secret):
                seen.signed.setdefault(name, Counter())[origin] += 1
        for path in paths:
            self.by_path[path].messages += 1


def opened(value: Any) -> Any:
    """The value with every text in it that is JSON read, as a comparison walks into it."""
    match value:
        case dict():
            return {name: opened(one) for name, one in value.items()}
        case list():
            return [opened(one) for one in value]
        case str() if value[:1] in ("{", "["):
            try:
                return opened(parse_json(value))
            except (ValueError, RecursionError):
                return value
    return value


def _signatures(effect: Effect, secret: str) -> Iterable[tuple[str, str]]:
    """Signatures in an effect, each with what it is over: headers whose value the body has, and what we can compute."""
    body = effect.value.get("body")
    headers = effect.value.get("headers")
    fields = _fields(body)
    if not fields:
        return
    digests = {name: value for name, value in fields.items() if isinstance(value, str) and form_of(value) == "digest"}
    parts = [name for name, value in fields.items() if isinstance(value, dict | list)]
    origins: dict[str, str] = {}
    for name, digest in digests.items():
        origin = _origin(name, digest, parts, fields, secret)
        if origin is not None:
            origins[digest] = origin
            yield f"body.{name}", f"body.{origin}"
    for header, value in (headers if isinstance(headers, dict) else {}).items():
        if isinstance(value, str) and value in origins:
            yield f"headers.{header}", f"body.{origins[value]}"


def _origin(name: str, digest: str, parts: list[str], fields: Mapping[str, Any], secret: str) -> str | None:
    """By the signature itself, where it was made with our secret; else by the name that it has; else the only one."""
    for part in parts:
        try:
            if webhook_signature(secret, fields[part]) == digest:
                return part
        except JsonError:
            continue
    named = [part for part in parts if name.startswith(part)]
    return max(named, key=len) if named else parts[0] if len(parts) == 1 else None


def _fields(body: object) -> Mapping[str, Any]:
    """Of a body that is a JSON object, as PHP reads it: a float stays one."""
    if not isinstance(body, str) or body[:1] != "{":
        return {}
    try:
        fields = json_decode(body)
    except JsonError:
        return {}
    return {str(name): value for name, value in fields.items()} if isinstance(fields, dict) else {}
