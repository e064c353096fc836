"""Frozen values whose repr leaves out what is personal or secret, so that no log and no traceback quotes it.

Structs, not dataclasses: making one of those compiles code of its own, 0.6 ms, and sixty were a tenth of a cold import
of a worker.
"""

from typing import Any, ClassVar

import msgspec


class Veiled(msgspec.Struct, frozen=True):
    """A value that is shown without some of its fields."""

    HIDDEN: ClassVar[tuple[str, ...]]
    """Names of those."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # rich would show a struct's fields otherwise, all of them
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if name not in self.HIDDEN]
