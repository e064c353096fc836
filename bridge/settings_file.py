"""The bridge's settings as a TOML file: what may stand where, and what is said of what may not.

Only names are ever quoted, of keys and of sections; a value may be a password.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import get_args

_POSITION = re.compile(r"\(at [^()]*\)$")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LIKE = 0.6
"""How near a known name has to be to be suggested (`difflib`: 1.0 is the same)."""


class SettingsFileError(ValueError):
    """The file cannot be read, or says what it may not. Names file and key, never a value."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key that may stand in a section."""

    variable: str
    """The environment variable that wins over it."""
    type: object
    """What the setting is in the end."""
    secret: bool = False
    """Whether it must not be in a file at all."""

    @property
    def wanted(self) -> str:
        """What the file has to hold, in words."""
        if _holds(self.type, int):
            return "a whole number"
        return "a number" if _holds(self.type, float) else "a text, or a list of texts"

    def fits(self, value: object) -> bool:
        """Whether the file holds what TOML writes for this setting: a number in quotes is no number."""
        if _holds(self.type, int):
            return isinstance(value, int) and not isinstance(value, bool)
        if _holds(self.type, float):
            return isinstance(value, int | float) and not isinstance(value, bool)
        return isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))


Sections = Mapping[str, Mapping[str, Key]]
"""The keys that each section may have."""


def read_file(path: Path, known: Sections) -> Mapping[str, Mapping[str, object]]:
    """The values of every section, by key; sections that are left out are empty. Raises SettingsFileError.

    Lists become one text with commas between, as the environment writes them.
    """
    document = _parse(path)
    problems = list(_problems(document, known))
    if problems:
        raise SettingsFileError("; ".join(f"{path}: {problem}" for problem in problems))
    return {name: _values(document.get(name)) for name in known}


def _values(section: object) -> Mapping[str, object]:
    if not isinstance(section, dict):
        return {}
    return {key: ",".join(value) if isinstance(value, list) else value for key, value in section.items()}


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsFileError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:  # it holds the bytes
        raise SettingsFileError(f"{path}: is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:  # its text may quote what is there
        position = _POSITION.search(str(error))
        raise SettingsFileError(f"{path}: is not TOML {position[0] if position else ''}".rstrip()) from None


def _problems(document: Mapping[str, object], known: Sections) -> Iterator[str]:
    for name, section in document.items():
        if name not in known:
            owners = [one for one, keys in known.items() if name in keys]
            hint = f"belongs into {_listed(owners)}" if owners else _nearest(name, list(known), "[{}]")
            yield f"{_shown(name)}: no such section; {hint}"
        elif not isinstance(section, dict):
            yield f"{name}: has to be a section, [{name}]"
        else:
            for key, value in section.items():
                yield from _key_problems(name, key, value, known)


def _key_problems(section: str, key: str, value: object, known: Sections) -> Iterator[str]:
    where = f"[{section}] {_shown(key)}"
    if key not in known[section]:
        owners = [one for one, keys in known.items() if key in keys]
        hint = f"belongs into {_listed(owners)}" if owners else _nearest(key, list(known[section]), "{}")
        yield f"{where}: no such key; {hint}"
    elif known[section][key].secret:
        yield f"{where}: a password of its own does not belong into a file; set {known[section][key].variable}"
    elif not known[section][key].fits(value):
        yield f"{where}: has to be {known[section][key].wanted}"


def _nearest(name: str, names: Sequence[str], form: str) -> str:
    near = difflib.get_close_matches(name, names, 1, _LIKE)
    if near:
        return f"did you mean {form.format(near[0])}?"
    return f"known are {', '.join(form.format(one) for one in names)}"


def _listed(sections: Sequence[str]) -> str:
    return " or ".join(f"[{one}]" for one in sections)


def _shown(name: str) -> str:
    """A name as it is; not where it is no name: who knows what was put there."""
    return name if _PLAIN_NAME.fullmatch(name) else "a name in quotes"


def _holds(kind: object, wanted: type) -> bool:
    return kind is wanted or (isinstance(kind, UnionType) and set(get_args(kind)) == {wanted, NoneType})
