"""How findings of `--check` look: a line each, what kind of fault it is first, so that a script can cut it off."""

from collections.abc import Iterable, Iterator

from bridge.check import Finding

_WIDTH = len("unreachable") + 1


def lines(findings: Iterable[Finding]) -> Iterator[str]:
    """One line for each finding, as it comes."""
    for one in findings:
        text = " ".join(f"{one.subject}: {one.text}".split())
        yield f"{one.fault or 'ok':<{_WIDTH}} {text}"
