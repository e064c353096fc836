"""The half of `bridge.sqs.reconcile` that is in C, as its tests have it: of the source as it is, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from bridge import sqs
from bridge.port import Entry, Receipt
from tests.native import native

Accepted = Callable[[Sequence[Entry], object], Sequence[Receipt] | None]
_CHOSEN = sqs._accepted_all


def native_half() -> Accepted:
    """What the bridge takes where it is there; skips the test where it is not compiled."""
    native("bridge._receipt")
    assert _CHOSEN is not None
    return _CHOSEN


@contextmanager
def with_half(half: Accepted | None) -> Iterator[None]:
    """With this one, or with Python's alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqs, "_accepted_all", half)
        yield
