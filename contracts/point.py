"""Named points in the order of things at which a crash, or somebody else being faster, would matter.

`reach` does nothing. Tests put a hook here and stop, kill or hold the process at a point of their choice.
"""

from collections.abc import Callable

_hook: Callable[[str], None] | None = None


def reach(name: str) -> None:
    """Say that the point of this name is reached."""
    if _hook is not None:
        _hook(name)


def hook(function: Callable[[str], None] | None) -> None:
    """Call the function at every point; None for nothing again."""
    global _hook  # noqa: PLW0603  # the one switch of this module
    _hook = function
