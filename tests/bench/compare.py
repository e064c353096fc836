"""`make bench-compare`: both sides' NDJSON to verdicts, beside DeepDiff, jsondiff and dictdiffer, in one run.

    python -m tests.bench.compare [--rounds 5] [--pairs 200000] [--million 1000000]

The outcomes are those that the reference monolith and our workers write for its publisher's scenario. Per core: CPU
seconds of one process. Rivals get what they are at their best with: parsed objects of `json.loads`, their defaults, and
the time of recording left out; they are given fewer pairs, for they are slow. Ours makes its mutants besides. "Written
otherwise" is the same outcome with sorted keys, blanks and ASCII escapes: no two effects have the same bytes. In one
pair of ten something differs. Then the oracle's side alone, in as many processes as there are cores; and a
million pairs, whose memory is looked at.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import deepdiff
import dictdiffer
import jsondiff
import orjson

from contracts.outcome_line import read_line
from contracts.verdict import AGREED
from infra.local.php import InstalledPhp
from ops.parity.candidate import Candidate
from ops.parity.files import judge_files
from ops.parity.oracle import Oracle
from tests.contract.parity.side import scenario

_FILE = Path("var/bench/compare.json")
_SECRET = "a secret of the benchmark"
_TODAY = date(2026, 11, 21)
_CHANGED_OF = 10
_RIVAL_PAIRS = 150
_MEBIBYTE = 1024 * 1024
_AMOUNT = re.compile(rb'"fee":(\d+)\.(\d)')
_LATE = re.compile(rb'"stale":([01])')
Pair = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure, and what it has to reach."""

    name: str
    bar: str
    measured: float
    passed: bool


def outcomes(php: Sequence[str], messages: int) -> tuple[list[bytes], list[Pair]]:
    """Notifications, and what both sides made of those on which they agree byte for byte or by value, clocks aside."""
    notifications = [orjson.dumps(one) for one in scenario(php, messages, seed=4)]
    moment = datetime.now(UTC)
    ours = Candidate(_SECRET.encode(), clock=lambda: moment)
    pairs = []
    with Oracle(InstalledPhp().command("oracle.php", ["--now", moment.isoformat()], {}), _SECRET) as oracle:
        for line, answer in zip(notifications, oracle.answers(notifications), strict=True):
            candidate = ours.process(orjson.loads(line)).outcome
            if candidate is not None and answer and read_line(answer).ending == "done":
                pairs.append((answer, candidate))
    return notifications, pairs


def written_otherwise(pair: Pair) -> Pair:
    """The same outcome as other programs write JSON."""
    return pair[0], json.dumps(json.loads(pair[0]), sort_keys=True, ensure_ascii=True).encode()


def same(pair: Pair) -> Pair:
    """The candidate's document with the control's effects, in the candidate's own writing: an equal pair."""
    control, candidate = orjson.loads(pair[0]), orjson.loads(pair[1])
    return pair[0], orjson.dumps(candidate | {"effects": control["effects"]})


def with_changes(pairs: Sequence[Pair]) -> list[Pair]:
    """One pair of ten differs: by a tenth in its fee, or where it has none in whether it was late."""

    def changed(candidate: bytes) -> bytes:
        found = _AMOUNT.sub(lambda one: b'"fee":%s.%d' % (one[1], (int(one[2]) + 1) % 10), candidate)
        return found if found != candidate else _LATE.sub(lambda one: b'"stale":%d' % (1 - int(one[1])), candidate)

    return [
        (control, candidate if position % _CHANGED_OF else changed(candidate))
        for position, (control, candidate) in enumerate(pairs)
    ]


def fill(folder: Path, name: str, pairs: Sequence[Pair], count: int) -> tuple[Path, Path]:
    """So many pairs as two files; repeated under other ids as often as it takes."""
    control, candidate = folder / f"{name}-control.ndjson", folder / f"{name}-candidate.ndjson"
    with control.open("wb") as theirs, candidate.open("wb") as ours:
        for position in range(count):
            one, other = pairs[position % len(pairs)]
            message_id = read_line(one).message_id.encode()
            fresh = b"%s-%d" % (message_id, position // len(pairs))
            theirs.write(one.replace(message_id, fresh) + b"\n")
            ours.write(other.replace(message_id, fresh) + b"\n")
    return control, candidate


def ours_us(files: tuple[Path, Path], differing: int) -> float:
    """CPU microseconds of a pair, files to verdicts. Raises AssertionError where the verdicts are wrong."""
    began = time.process_time()
    found = judge_files(*files, None, _TODAY)
    took = time.process_time() - began
    agreed = sum(count for one in found.judging.tally.types.values() for v, count in one.counts.items() if v in AGREED)
    assert found.messages - agreed == differing, (found.messages, agreed, differing)
    return took / found.messages * 1e6


def rival_us(pairs: Sequence[Pair], diff: Callable[[Any, Any], object]) -> float:
    """CPU microseconds of a pair, bytes to differences."""
    began = time.process_time()
    for one, other in pairs:
        control, candidate = json.loads(one), json.loads(other)
        del control["at"], candidate["at"]
        diff(control, candidate)
    return (time.process_time() - began) / len(pairs) * 1e6


RIVALS: dict[str, Callable[[Any, Any], object]] = {
    f"DeepDiff {deepdiff.__version__}": deepdiff.DeepDiff,
    f"dictdiffer {dictdiffer.__version__}": lambda one, other: list(dictdiffer.diff(one, other)),
    f"jsondiff {jsondiff.__version__}": jsondiff.diff,
}


def oracle_rate(notifications: Sequence[bytes], processes: int) -> float:
    """Messages a second that the oracle answers, in so many processes, by the clock."""
    command = InstalledPhp().command("oracle.php", [], {})

    def run(_: int) -> int:
        with Oracle(command, _SECRET) as oracle:
            return sum(1 for _ in oracle.answers(notifications))

    began = time.perf_counter()
    with ThreadPoolExecutor(processes) as pool:
        answered = sum(pool.map(run, range(processes)))
    return answered / (time.perf_counter() - began)


def memory_mb(folder: Path, pairs: Sequence[Pair], count: int) -> tuple[float, float]:
    """The most resident memory, in megabytes, of a process that judges so many; and its CPU microseconds a pair."""
    files = fill(folder, "many", pairs, count)
    program = f"from tests.bench.compare import judged; judged({str(files[0])!r}, {str(files[1])!r})"
    printed = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=1800)
    for one in files:
        one.unlink()
    document = json.loads(printed.stdout)
    assert document["messages"] == count
    return document["memory_mb"], document["cpu_s"] / count * 1e6


def judged(control: str, candidate: str) -> None:
    """What `memory_mb` runs in a process of its own."""
    found = judge_files(Path(control), Path(candidate), None, _TODAY)
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {"messages": found.messages, "memory_mb": used.ru_maxrss * 1024 / _MEBIBYTE, "cpu_s": used.ru_utime}
    sys.stdout.write(json.dumps(told))


def main() -> int:
    """Measure, print tables, and write var/bench/compare.json."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.compare")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=200_000, help="of ours in a round")
    parser.add_argument("--messages", type=int, default=4_000, help="of the scenario")
    parser.add_argument("--million", type=int, default=1_000_000, help="pairs whose memory is looked at; 0 for none")
    arguments = parser.parse_args()
    fewer = arguments.pairs // 10
    with tempfile.TemporaryDirectory(prefix="bench-compare-") as made:
        folder = Path(made)
        notifications, raw = outcomes(("php",), arguments.messages)
        equal = [same(pair) for pair in raw]
        other, mixed = [written_otherwise(pair) for pair in equal], with_changes(equal)
        files = {
            "equal": (fill(folder, "equal", equal, arguments.pairs), 0),
            "written otherwise": (fill(folder, "otherwise", other, fewer), 0),
            "10 % different": (fill(folder, "mixed", mixed, fewer), fewer // _CHANGED_OF),
        }
        times: dict[str, list[float]] = {}
        rates: list[float] = []
        for _ in range(arguments.rounds):
            for name, (paths, differing) in files.items():
                times.setdefault(f"ours, {name}", []).append(ours_us(paths, differing))
            for rival, diff in RIVALS.items():
                for name, pairs in (("equal", equal), ("10 % different", mixed)):
                    times.setdefault(f"{rival}, {name}", []).append(rival_us(pairs[:_RIVAL_PAIRS], diff))
            rates.append(oracle_rate(notifications, os.cpu_count() or 1))
        memory, many_us = memory_mb(folder, equal, arguments.million) if arguments.million else (0.0, 0.0)
    medians = {name: statistics.median(values) for name, values in times.items()}
    for name, value in medians.items():
        sys.stdout.write(f"{name:<38} {value:10.1f} µs a pair {1e6 / value:12,.0f} a second\n")
    bars = _bars(medians, statistics.median(rates), memory)
    for one in bars:
        sys.stdout.write(f"{'pass' if one.passed else 'FAIL'}  {one.name:<52} {one.measured:12,.1f}   ({one.bar})\n")
    _FILE.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "python": sys.version.split()[0],
        "cores": os.cpu_count(),
        "mean_bytes": sum(len(one) + len(two) for one, two in equal) / len(equal),
        "medians_us": medians,
        "rounds_us": times,
        "oracle_per_s": rates,
        "million": {"pairs": arguments.million, "memory_mb": memory, "us_a_pair": many_us},
        "bars": [{"name": one.name, "bar": one.bar, "measured": one.measured, "pass": one.passed} for one in bars],
    }
    _FILE.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
    return 0 if all(one.passed for one in bars) else 1


def _bars(medians: dict[str, float], oracle: float, memory: float) -> list[Bar]:
    deep, dict_differ, json_diff = RIVALS
    equal, mixed = medians["ours, equal"], medians["ours, 10 % different"]

    def times(rival: str, kind: str, mine: float) -> float:
        return medians[f"{rival}, {kind}"] / mine

    def bar(name: str, text: str, measured: float, least: float) -> Bar:
        return Bar(name, text, measured, measured >= least)

    return [
        bar("equal pairs a second, per core", "at least 50,000", 1e6 / equal, 50_000),
        bar(f"equal pairs, times {deep}", "at least 30", times(deep, "equal", equal), 30),
        bar(f"10 % different, times {deep}", "at least 20", times(deep, "10 % different", mixed), 20),
        bar(f"10 % different, times {json_diff}", "above 1", times(json_diff, "10 % different", mixed), 1),
        bar(f"10 % different, times {dict_differ}", "above 1", times(dict_differ, "10 % different", mixed), 1),
        bar("oracle, messages a second, all cores", "at least 3,000", oracle, 3_000),
        *([Bar("a million pairs, MB resident", "under 300", memory, memory < 300)] if memory else []),
    ]


if __name__ == "__main__":
    sys.exit(main())
