"""Frozen values whose repr leaves out what is personal or secret, so that no log and no traceback quotes it.

Structs, not dataclasses: making one of those compiles code of its own, 0.6 ms, and sixty were a tenth of a cold import
of a worker.
"""

from typing import ClassVar

import msgspec


class Veiled(msgspec.Struct, frozen=True):
    """A value that is shown without some of its fields."""

    HIDDEN: ClassVar[tuple[str, ...]]
    """Names of those."""

    def __repr__(self) -> str:
        shown = (name for name in self.__struct_fields__ if name not in self.HIDDEN)
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
