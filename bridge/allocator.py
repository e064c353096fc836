"""How the C library keeps memory: what a message of a megabyte took goes back to the system with the message.

glibc raises the size from which it asks the system for each block by itself as such blocks are freed (mallopt(3),
M_MMAP_THRESHOLD), up to 32 MiB: from then on bodies lie on its heaps, one for each thread, between small blocks that
stay, and a shipper of large messages comes to hold twice what it has in hand. A threshold that is set is not raised.
"""

import ctypes

LARGE_BYTES = 262_144
"""From this size a block is asked of the system by itself, and given back when it is free."""
_M_MMAP_THRESHOLD = -3  # malloc.h
_M_ARENA_MAX = -8
_ARENAS = 2


def return_large_blocks() -> bool:
    """Settle it for this process, before it has large blocks. False where the C library knows no mallopt (musl)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)) and bool(mallopt(_M_ARENA_MAX, _ARENAS))
