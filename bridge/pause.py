"""Why sending pauses, as one of a few words: for metrics, which take no free text, and for whoever reads them."""

import re
from collections.abc import Mapping
from typing import Literal

from bridge import aws_code

Pause = Literal["absent", "credentials", "denied", "throttled", "key", "unreachable", "not-accepted"]
"""`absent`: there is no such queue, bucket or key. `credentials`: expired or unknown, or the clock is wrong. `denied`:
the role may not. `throttled`: AWS is busy. `key`: KMS will not. `unreachable`: nobody answers. `not-accepted`: whatever
else was answered."""

_WORD = re.compile(r"[A-Za-z][\w.]*|(?<=: )\d{3}\b")
_CLASSES: Mapping[Pause, frozenset[str]] = {
    "credentials": aws_code.CREDENTIALS,
    "key": aws_code.KEY,
    "absent": aws_code.ABSENT,
    "denied": aws_code.DENIED,
    "throttled": aws_code.THROTTLED,
    "unreachable": aws_code.UNREACHABLE,
}


def classify(reason: str) -> Pause:
    """The class of a reason that names the codes of AWS or the classes of botocore."""
    words = {aws_code.bare(word.rstrip(".")) for word in _WORD.findall(reason)}
    return next((name for name, codes in _CLASSES.items() if words & codes), "not-accepted")
