"""Bar 12: a comparer that was made blind is found out by its mutants, and one that was not tried is void as well."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from contracts.judged_type import JudgedType, judged_type
from contracts.registry import FAMILIES
from ops.exit_code import ExitCode
from tests.bench.parity import monolith
from tests.bench.parity.bar import Measured
from tests.bench.parity.comparer import masked
from tests.bench.parity.program import Ended, strangler

BODIES = {
    "payin.create": "message:accounting/payin.booked.body",
    "payin.update": "message:accounting/payin.booked.body",
    "payout.update": "message:accounting/payout.settled.body",
    "cardtransaction.create": "message:accounting/card.captured.body",
    "balance.update": "message:accounting/balance.changed.body",
}
"""A body of each type: it holds amounts, and a mask over it hides them."""

_AMOUNT = re.compile(rb'\\"(?:amount|balance)\\":(?=\d)')

Switch = Callable[[], AbstractContextManager[Any]]
alive: Switch = nullcontext


@contextmanager
def untried() -> Iterator[None]:
    """Liveness switched off: no message is made a mutant of."""
    with patch("ops.parity.judging.PROBED_AT_LEAST", 0), patch("ops.parity.judging.PROBED_OF", 10**12):
        yield


@contextmanager
def dead() -> Iterator[None]:
    """The same, and nobody asks whether there was a mutant: what was not tried passes."""
    with untried(), patch("contracts.liveness.Liveness.unprobed", ()):
        yield


def void_what_is_blind(messages: int, liveness: Switch) -> Measured:
    """`compare judge` over outcomes of real PHP and ours: as it is; blind, with a bug in each body; without mutants."""
    control, candidate = monolith.control(messages, 12), monolith.candidate(messages, 12)
    with TemporaryDirectory() as folder, liveness():
        sound = _judge(Path(folder), control, candidate)
        blind = _judge(Path(folder), control, [_dearer(line) for line in candidate], _blinded)
        with untried():
            unseen = _judge(Path(folder), control, candidate)
    mutants, survived = _mutants(sound, "killed"), sum(_mutants(sound, "survived").values())
    survivors = sum(_mutants(blind, "survived").values())
    return Measured(
        f"sound: {sum(mutants.values()):,} mutants of {len(mutants)} types killed, {survived} survived, ends with "
        f"{sound.code}; every body masked, every amount in it wrong: {survivors:,} survived, ends with {blind.code}; "
        f"no mutant made: ends with {unseen.code}",
        sound.code == ExitCode.OK
        and not survived
        and {family.name for family in FAMILIES} == {name.partition(".")[0] for name in mutants}
        and len(mutants) == len(BODIES)
        and blind.code == ExitCode.FAILED
        and survivors > 0
        and unseen.code == ExitCode.FAILED,
    )


def _blinded(name: str) -> JudgedType:
    return masked(name, BODIES[name]) if name in BODIES else judged_type(name)


def _judge(
    folder: Path,
    control: Sequence[bytes],
    candidate: Sequence[bytes],
    types: Callable[[str], JudgedType] = judged_type,
) -> Ended:
    files = [folder / name for name in ("php.ndjson", "python.ndjson")]
    for file, lines in zip(files, (control, candidate), strict=True):
        file.write_bytes(b"".join(line + b"\n" for line in lines))
    with ExitStack() as stack:
        stack.enter_context(patch("ops.parity.judging.judged_type", types))
        return strangler("compare", "judge", *map(str, files), "--json")


def _dearer(line: bytes) -> bytes:
    """The outcome with another first digit in every amount of a body that is a number."""
    return _AMOUNT.sub(rb"\g<0>1", line)


def _mutants(ended: Ended, fate: str) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for one in json.loads(ended.out)["mutants"]:
        if one[fate]:
            counts[one["type"]] = counts.get(one["type"], 0) + one[fate]
    return counts
