"""Entry points of the Lambda functions: wiring only.

What a function imports it keeps: to look for garbage among that, again and again, was a tenth of a cold import. So the
collector rests until the module of an entry point is complete, which `kept` says.
"""

import gc
from collections.abc import Callable
from typing import TypeVar

_HandlerT = TypeVar("_HandlerT", bound=Callable[..., object])

gc.disable()


def kept(handler: _HandlerT) -> _HandlerT:
    """Put around an entry point, the last thing that its module makes: what there is by now is never looked through.

    From here on the collector works, though seldom: an invocation leaves few cycles behind.
    """
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)
    gc.enable()
    return handler
