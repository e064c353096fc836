"""`make bench-worker`: our worker beside the textbook's handler (`textbook.py`), on the embedded AWS, in one run.

    python -m tests.bench.worker [--messages 1000] [--rounds 3] [--imports 15] [--profile FILE]

Both get the same events of ten messages, each in a process of its own that sees its package and Lambda's runtime and
nothing else. Ours is whole: our template's tables, keys and variables, authority with the new side, so that rows,
outcome and message are sealed and effects are pending. Calls are counted at the endpoint, over the whole life of a
process. CPU is that of the process, warm: without the first batch. Then the same once more with effects that leave: the
outlet's function after ours, and a textbook that sends them itself. Whatever is missing at the end fails the benchmark.
Raw rounds are in var/bench/worker.json.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from contracts import naming
from contracts.registry import PAYIN
from infra.function import OUTLET_BATCH
from tests.bench.worker.figure import CALLS_BAR, COLD_IMPORT_BAR, Figure, Round, calls_of, median, per_thousand
from tests.bench.worker.message import SQS_BATCH, Messages
from tests.bench.worker.meter import PARTNER
from tests.bench.worker.package import TEXTBOOK_PACKAGES, Package, packages
from tests.bench.worker.stand import LIVE, STACK, Stand, standing

_FILE = Path("var/bench/worker.json")
_INSTANCE = Path(__file__).with_name("instance.py")
_WITHIN_S = 600.0
_OURS, _OUTLET = "workers.handlers.process", "workers.handlers.outlet"
_TEXTBOOK = "textbook"
_LIBRARIES = ("aws-lambda-powertools", "aws-encryption-sdk", "boto3", "botocore", "pydantic", "ministack")


class Bench:
    """Both packages, and the stand on which they run."""

    def __init__(self, stand: Stand, ours: Package, textbook: Package, folder: Path) -> None:
        self._stand, self._ours, self._textbook, self._folder = stand, ours, textbook, folder
        self._runs = 0
        self._mine = stand.function_variables(naming.family_function_name(STACK, PAYIN.name))
        self._outlet = stand.function_variables(naming.outlet_function_name(STACK))
        self._seen: dict[str, tuple[int, ...]] = {}

    def round(self, count: int, profile: Path | None = None) -> list[Round]:
        """Everybody once, with the same messages. Args: profile: where to write one of our worker."""
        self._runs += 1
        messages = Messages(self._runs, count, LIVE)
        found = [
            self._instance("ours", self._ours, _OURS, self._mine, messages.batches(), messages, profile),
            self._instance("outlet", self._ours, _OUTLET, self._outlet, _changes(messages.ids), messages),
        ]
        for leaves in (False, True):
            variables = self._stand.textbook_variables(leaves=leaves)
            name = "textbook, effects leave" if leaves else "textbook"
            found.append(self._instance(name, self._textbook, _TEXTBOOK, variables, messages.batches(), messages))
        return found

    def import_s(self, *, ours: bool) -> float:
        """CPU seconds of a fresh interpreter until a handler's module is imported; its end is not measured."""
        package = self._ours if ours else self._textbook
        variables = self._mine if ours else self._stand.textbook_variables(leaves=False)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._run(package, variables, "-c", f"import {_OURS if ours else _TEXTBOOK}, os; os._exit(0)")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def _instance(
        self,
        name: str,
        package: Package,
        module: str,
        variables: Mapping[str, str],
        batches: Iterable[Mapping[str, Any]],
        messages: Messages,
        profile: Path | None = None,
    ) -> Round:
        given, told = self._folder / "batches.ndjson", self._folder / "told.json"
        given.write_text("".join(f"{json.dumps(batch)}\n" for batch in batches), "utf-8")
        self._stand.meter.take()
        profiling = () if profile is None else ("-m", "cProfile", "-o", str(profile.resolve()))
        self._run(package, variables, *profiling, str(_INSTANCE), module, str(given), str(told))
        calls, refused = self._stand.meter.take()
        life = json.loads(told.read_text("utf-8"))
        lost = len(life["failed"]) + self._missing(name, messages, calls.get(PARTNER, 0))
        return Round(name, messages.count, calls, refused, life["imported_s"], life["first_s"], life["warm_us"], lost)

    def _run(self, package: Package, variables: Mapping[str, str], *arguments: str) -> None:
        with (self._folder / "functions.log").open("ab") as log:
            subprocess.run(
                [sys.executable, "-S", *arguments],
                cwd=package.folder,
                env=package.environment(variables),
                stdout=log,
                stderr=log,
                check=True,
                timeout=_WITHIN_S,
            )

    def _missing(self, name: str, messages: Messages, called: int) -> int:
        """How many items, follow-up messages and webhooks are too few or too many."""
        all_done, due = messages.count, (messages.count, messages.payments)
        if name in ("ours", "outlet"):
            processed, payments, left = self._stand.ours_done()
            now: tuple[int, ...] = (left,) if name == "outlet" else (processed, payments)
            due_now: tuple[int, ...] = (all_done,) if name == "outlet" else due
        else:
            now, due_now = self._stand.textbook_done(leaves="leave" in name), due
        before = self._seen.get(name, (0,) * len(now))
        self._seen[name] = now
        effects = all_done if name in ("outlet", "textbook, effects leave") else 0
        off = [one - was - wanted for one, was, wanted in zip(now, before, due_now, strict=True)]
        return sum(map(abs, [*off, self._stand.take_returned() - effects, called - effects]))


def _changes(ids: Sequence[str]) -> Iterable[Mapping[str, Any]]:
    """Images of the ledger's stream, as the outlet's function gets them."""
    for start in range(0, len(ids), OUTLET_BATCH):
        yield {
            "Records": [
                {
                    "eventID": one,
                    "eventName": "INSERT",
                    "eventSource": "aws:dynamodb",
                    "dynamodb": {"Keys": {"pk": {"S": one}}, "SequenceNumber": one},
                }
                for one in ids[start : start + OUTLET_BATCH]
            ]
        }


def _figures(rounds: Sequence[Round], imports: Mapping[str, Sequence[float]]) -> list[Figure]:
    of = {name: [one for one in rounds if one.contender == name] for name in {one.contender for one in rounds}}
    ours, outlet, textbook, leaving = (of[name] for name in ("ours", "outlet", "textbook", "textbook, effects leave"))
    warm = {name: median(one.warm_us for one in found) for name, found in of.items()}
    return [
        Figure("AWS calls per 1,000 messages", calls_of(ours), calls_of(textbook), CALLS_BAR),
        Figure("cold import, CPU ms", median(imports["ours"]) * 1e3, median(imports[_TEXTBOOK]) * 1e3, COLD_IMPORT_BAR),
        Figure("CPU µs a message, warm", warm["ours"], warm["textbook"]),
        Figure(
            "import and first batch, CPU ms",
            median(one.first_s for one in ours) * 1e3,
            median(one.first_s for one in textbook) * 1e3,
        ),
        Figure("effects leave: AWS calls per 1,000 messages", calls_of(ours) + calls_of(outlet), calls_of(leaving)),
        Figure("effects leave: CPU µs a message, warm", warm["ours"] + warm["outlet"], warm["textbook, effects leave"]),
    ]


def main() -> int:
    """Measure, print tables, and write var/bench/worker.json; 1 where a bar is missed or something was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.worker")
    parser.add_argument("--messages", type=int, default=1000, help="a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--imports", type=int, default=15, help="cold ones, of each")
    parser.add_argument(
        "--profile", type=Path, help="write one of our worker (cProfile), from a round that does not count"
    )
    arguments = parser.parse_args()
    folder = _FILE.with_suffix("").resolve()
    (folder / "aws").mkdir(parents=True, exist_ok=True)
    (folder / "functions.log").unlink(missing_ok=True)
    archive, ours, textbook = packages(folder / "packages")
    with standing(folder / "aws", archive) as stand:
        bench = Bench(stand, ours, textbook, folder)
        rounds = [one for _ in range(arguments.rounds) for one in bench.round(arguments.messages)]
        imports: dict[str, list[float]] = {"ours": [], _TEXTBOOK: []}
        for _ in range(arguments.imports):
            imports["ours"].append(bench.import_s(ours=True))
            imports[_TEXTBOOK].append(bench.import_s(ours=False))
        if arguments.profile is not None:
            bench.round(arguments.messages, arguments.profile)
    figures = _figures(rounds, imports)
    calls = {name: per_thousand([one for one in rounds if one.contender == name]) for name in _names(rounds)}
    _print(figures, calls, rounds)
    document = {
        "figures": [{**asdict(one), "ratio": one.ratio, "holds": one.holds} for one in figures],
        "calls_per_1000": calls,
        "settings": {
            "messages": arguments.messages,
            "rounds": arguments.rounds,
            "batch": SQS_BATCH,
            "outlet_batch": OUTLET_BATCH,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
            **TEXTBOOK_PACKAGES,
        },
        "cores": os.cpu_count(),
        "rounds": [asdict(one) for one in rounds],
        "imports_s": imports,
    }
    _FILE.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return 0 if all(one.holds for one in figures) and not any(one.lost for one in rounds) else 1


def _names(rounds: Sequence[Round]) -> list[str]:
    return list(dict.fromkeys(one.contender for one in rounds))


def _print(figures: Sequence[Figure], calls: Mapping[str, Mapping[str, float]], rounds: Sequence[Round]) -> None:
    sys.stdout.write("calls per 1,000 messages, over the whole life of a process\n")
    for name, found in calls.items():
        listed = ", ".join(f"{operation} {count:,.1f}" for operation, count in found.items())
        refused = sum(sum(one.refused.values()) for one in rounds if one.contender == name)
        lost = sum(one.lost for one in rounds if one.contender == name)
        sys.stdout.write(f"  {name:<26}{listed}; {refused} refused, {lost} lost\n")
    sys.stdout.write(f"\n{'medians':<46}{'ours':>11}{'textbook':>11}{'ratio':>8}\n")
    for figure in figures:
        sys.stdout.write(f"{figure.as_text()}\n")


if __name__ == "__main__":
    sys.exit(main())
