"""The half of `bridge.sqs.reconcile` that is in C, as its tests have it: of the source as it is, or not at all."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from bridge import sqs
from bridge.port import Entry, Receipt
from infra.local.native import extensions

Accepted = Callable[[Sequence[Entry], object], Sequence[Receipt] | None]
_CHOSEN = sqs._accepted_all


def native_half() -> Accepted:
    """What the bridge takes where it is there; skips the test where it is not compiled."""
    if _CHOSEN is None:
        pytest.skip("the receipts in C are not compiled: `make native`, which needs gcc and python3-dev")
    from bridge import _receipt  # noqa: PLC0415  there are machines without it

    [digest] = [one.digest for one in extensions() if one.name == "bridge._receipt"]
    assert digest in str(_receipt.__doc__), "compiled of another source: `make native`"
    return _CHOSEN


@contextmanager
def with_half(half: Accepted | None) -> Iterator[None]:
    """With this one, or with Python's alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqs, "_accepted_all", half)
        yield
