"""What a scaffold changes in the repository: new files, and edits of two that are there. All are written, or none."""

import difflib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.scaffold.case_text import case_text, messages_text
from ops.scaffold.design import Design
from ops.scaffold.family_text import family_text
from ops.scaffold.guide import sections
from ops.scaffold.handler_text import handler_text
from ops.scaffold.model_text import model_text
from ops.scaffold.registry_edit import FAMILIES, HANDLERS, NoPlaceError, with_family, with_handler

GUIDE = "docs/porting.md"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file, before and after."""

    path: str
    """From the repository's root."""
    before: str | None = field(repr=False)
    """None where it is new."""
    after: str = field(repr=False)

    @property
    def lines(self) -> int:
        """Of the file as it will be."""
        return self.after.count("\n")

    @property
    def diff(self) -> str | None:
        """Unified; None of a new file."""
        if self.before is None:
            return None
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.path}",
            f"b/{self.path}",
        )
        return "".join(lines)


def changes(design: Design, root: Path) -> Sequence[FileChange]:
    """All files of a scaffold, those that are edited last. Raises CommandError where one of the new ones is there."""
    naming = design.naming
    case = f"tests/contract/cases/{naming.module.replace('_', '-')}-first"
    titles = list(sections(design, _read(root, GUIDE)))
    new = {
        f"contracts/model/{naming.module}.py": model_text(design),
        f"contracts/family/{naming.family}.py": family_text(design),
        f"workers/logic/{naming.module}.py": handler_text(design, titles),
        f"{case}/case.toml": case_text(design),
        f"{case}/messages.ndjson": messages_text(design),
    }
    there = [path for path in new if (root / path).exists()]
    if there:
        why = "nothing is written over (--family names another family)"
        raise CommandError(ExitCode.OBJECTED, f"there is {', '.join(there)} already: {why}")
    families, handlers = _read(root, FAMILIES), _read(root, HANDLERS)
    try:
        edited = [
            FileChange(FAMILIES, families, with_family(families, naming)),
            FileChange(HANDLERS, handlers, with_handler(handlers, naming)),
        ]
    except NoPlaceError as error:
        raise CommandError(ExitCode.OBJECTED, str(error)) from error
    return [*(FileChange(path, None, text) for path, text in new.items()), *edited]


def write(wanted: Sequence[FileChange], root: Path) -> None:
    """Write them, and what was there again where one cannot be written. Raises CommandError."""
    written: list[FileChange] = []
    try:
        for one in wanted:
            path = root / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            if one.before is None:
                with path.open("x", encoding="utf-8") as file:
                    written.append(one)
                    file.write(one.after)
            else:
                written.append(one)
                _replace(path, one.after)
    except OSError as error:
        _undo(written, root)
        raise CommandError(
            ExitCode.CANNOT_WRITE, f"{error.filename} cannot be written: {error.strerror}; nothing was changed"
        ) from error


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.replace(path)


def _undo(written: Sequence[FileChange], root: Path) -> None:
    for one in written:
        with suppress(OSError):
            if one.before is None:
                (root / one.path).unlink()
            else:
                (root / one.path).write_text(one.before, "utf-8")


def _read(root: Path, path: str) -> str:
    try:
        return (root / path).read_text("utf-8")
    except OSError as error:
        raise CommandError(
            ExitCode.SETTINGS, f"{root / path} cannot be read: a scaffold is written into a checkout of the repository"
        ) from error
