"""What is inferred of a type, whole: everything that rendering needs, and nothing that it may not have."""

import keyword
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.message_type import AmqpProperty, BodyField
from ops.scaffold.effect import Effects, EffectSeen
from ops.scaffold.meaning import Meaning, meanings, words_of
from ops.scaffold.place import Place
from ops.scaffold.reading import Codec

_FAMILY = re.compile(r"[a-z][a-z0-9]{0,30}")
_SEPARATORS = re.compile(r"[.:/\\-]+")
_EFFECT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_./:-]{0,120}")
_DIGITS_OF_DATA = 4


@dataclass(frozen=True, slots=True)
class Naming:
    """What the parts of a scaffold are called."""

    type: str
    family: str
    module: str
    """Of the model and of the handler."""
    class_name: str
    """Of the model."""

    @property
    def constant(self) -> str:
        """Of the family."""
        return self.family.upper()


def naming(type_name: str, family: str | None) -> Naming:
    """Names for a type. Raises ValueError where they could not be a module's or a queue's.

    Args:
        type_name: as the corpus has it.
        family: its name; by the type's first word unless given, by the last one of a class.
    """
    words = [word for part in _SEPARATORS.split(type_name) for word in words_of(part)]
    parts = [part for part in _SEPARATORS.split(type_name) if part]
    if not words:
        raise ValueError(f"{type_name!r} has no word in it to call modules by")
    module = "_".join(words)
    if not module.isidentifier() or keyword.iskeyword(module):
        module = f"type_{module}"
    chosen = family or "".join(words_of(parts[-1] if "\\" in type_name else parts[0]))
    if not _FAMILY.fullmatch(chosen):
        raise ValueError(f"family {chosen!r}: a small letter, then up to 30 small letters and digits")
    class_name = "".join(word.capitalize() for word in words)
    return Naming(type_name, chosen, module, class_name if class_name[0].isalpha() else f"Type{class_name}")


@dataclass(frozen=True, slots=True)
class From:
    """Where the monolith publishes a type, as far as a corpus tells."""

    exchange: str
    routing_key: str | None
    queue: str
    assumed: bool
    """Whether the queue is assumed."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How much it rests on."""

    deliveries: int
    """Of the type, in the whole corpus."""
    read: int
    """That were looked at, and could be decoded."""
    unreadable: int
    pseudonymised: bool


@dataclass(frozen=True, slots=True)
class Design:
    """A type, as it was inferred."""

    naming: Naming
    codec: Codec
    body: Place = field(repr=False)
    identity: BodyField | AmqpProperty
    business_key: BodyField
    origin: From
    effects: Effects = field(repr=False)
    seen: Seen
    doubts: tuple[str, ...] = ()
    """What a person has to look at first, in words without a value."""

    @property
    def known(self) -> frozenset[str]:
        """Texts that are nobody's: names that stand in contracts anyway."""
        name = self.naming.type
        return frozenset({name, name.partition(".")[0], self.naming.family, *(one.name for one in self.told_effects)})

    @property
    def told_effects(self) -> Sequence[EffectSeen]:
        """Effects whose name can be one: not a queue by customer."""
        return [
            one
            for one in self.effects.by_path.values()
            if _EFFECT_NAME.fullmatch(one.name) and sum(map(str.isdigit, one.name)) < _DIGITS_OF_DATA
        ]

    @property
    def plain(self) -> Mapping[str, Meaning]:
        """Fields of the body that are plain; identity and business key are so without being named."""
        return meanings(self.body, self.known)

    def plain_of(self, effect: EffectSeen) -> Mapping[str, Meaning]:
        """Fields of an effect that are plain."""
        return meanings(effect.place, self.known)

    @property
    def guarded(self) -> frozenset[str]:
        """Fields of money, identity and state, and signatures."""
        kinds = {"id", "amount", "currency", "state"}
        found = {name for name, meaning in self.plain.items() if meaning in kinds}
        for one in self.told_effects:
            found |= {name for name, meaning in self.plain_of(one).items() if meaning in kinds}
            found |= {name.rsplit(".", 1)[-1] for name in one.derived}
        return frozenset(found)
