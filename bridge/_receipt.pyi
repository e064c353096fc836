from collections.abc import Callable, Sequence

from bridge.port import Entry, Receipt

def bind(receipt: type[Receipt], /) -> Callable[[Sequence[Entry], object], list[Receipt] | None]:
    """An `accepted`: the receipts of a call's entries where its answer, whatever it is, says of all that they were
    accepted as they were sent, in their order; None where it says anything else, or where an entry is large or cannot
    be read. Raises only what is no Exception, and TypeError where it is not called with two.
    """
