"""Python source in the shape that the formatter leaves it in: one item a line, with a comma behind the last."""

import textwrap
from collections.abc import Iterable, Sequence

WIDTH = 120


def quoted(text: str) -> str:
    """A literal of a printable ASCII text without quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_quotable(text: str) -> bool:
    """Whether `quoted` writes it as the formatter does, too."""
    return text.isascii() and text.isprintable() and '"' not in text


def docstring(first: str, paragraphs: Iterable[str] = (), indent: str = "") -> str:
    """A docstring of a first line and paragraphs; lines of a list begin with `- ` and keep their place."""
    texts = [_line(first, indent), *(_wrapped(one) for one in paragraphs)]
    if len(texts) == 1:
        return f'{indent}"""{texts[0]}"""'
    body = "\n\n".join(texts)
    return textwrap.indent(f'"""{body}\n"""', indent)


def imports(wanted: Iterable[tuple[str, Sequence[str]]]) -> str:
    """`from … import …`, in the sorter's order within one block. Modules without a name are left out."""
    return "\n".join(import_line(module, names) for module, names in sorted(wanted) if names)


def import_line(module: str, names: Iterable[str]) -> str:
    """Constants, classes, functions, each by name, as the sorter has them."""

    def rank(name: str) -> tuple[int, str]:
        return (0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2), name

    ordered = sorted(names, key=rank)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def exploded(opening: str, items: Iterable[str], closing: str, indent: str = "") -> str:
    """A call or a display with one item a line; items may have several lines."""
    lines = "".join(textwrap.indent(f"{one},", f"{indent}    ") + "\n" for one in items)
    return f"{indent}{opening}\n{lines}{indent}{closing}"


def _line(text: str, indent: str) -> str:
    return textwrap.shorten(text.replace("\\", "\\\\"), WIDTH - len(indent) - 6, placeholder=" ...")


def _wrapped(text: str) -> str:
    return "\n".join(
        textwrap.fill(
            line.replace("\\", "\\\\"),
            WIDTH - 4,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.split("\n")
    )
