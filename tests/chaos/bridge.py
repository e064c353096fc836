"""`make chaos`: the bridge's real processes under fire, run after run, and a checker that believes nobody.

    python -m tests.chaos.bridge [--runs 200] [--restarts 10] [--seed 1] [--only 17]

Each run publishes, breaks things by its seed, waits until all is settled, and is judged by what was published, what the
sink took and what lies in queues at the end; the bridge's own journals have to add up. Then the broker is restarted in
some runs; one goes through 16,000 messages of which one fails; in one the sink is away for a minute; and broken
bridges have to be caught. A run is repeated by its seed.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal

from tests.chaos.bridge_result import Result
from tests.chaos.bridge_run import Run
from tests.chaos.bridge_special import SPECIAL, one_in_many, restart_run, sink_away
from tests.chaos.flaw import FLAWS
from tests.chaos.ground import Ground
from tests.chaos.trouble import DEPOSITED, NETWORK, PROCESS, ROUTE_POINTS, SHIP_POINTS, SINK_FAULTS, draw
from tests.rig.aws import REFUSED_CONNECTIONS
from tests.rig.fault import Fault

REPOSITORY = Path(__file__).resolve().parents[2]
SHARDS = 4
"""Side by side; a run mostly waits, so that there may be more of them than cores."""
FLAWED_SEEDS = 6
EXPECTED = (
    *SHIP_POINTS, DEPOSITED, *ROUTE_POINTS, *(one.value for one in SINK_FAULTS), Fault.ENTRY_REFUSED.value,
    REFUSED_CONNECTIONS, *NETWORK, *PROCESS, "long freeze", "long half-open", *SPECIAL,
)  # fmt: skip
"""Every fault and kill point; none may have been hit never."""
Kind = Literal["seeded", "restart", "flawed", "special"]


def main() -> int:
    """Run it all; 0 if nothing was lost, out of order or doubled past the budget, all was hit, the broken caught."""
    arguments = _arguments()
    if arguments.shard is not None:
        return _shard(arguments)
    began = time.monotonic()
    lines: list[dict[str, Any]] = []
    seeded_s = 0.0
    for line in _spread(arguments):
        lines.append(line)
        if line["kind"] == "seeded":
            seeded_s = time.monotonic() - began
        if not line["good"] or line["kind"] == "special":
            sys.stdout.write(f"{line['text']}\n")
            sys.stdout.flush()
    hits: Counter[str] = Counter()
    for line in lines:
        hits.update(line["hits"])
    whole = arguments.only is None
    for name in EXPECTED if whole else sorted(hits):
        sys.stdout.write(f"{name:<26} {hits[name]:>5}\n")
    missed = [name for name in EXPECTED if not hits[name]] if whole else []
    bad = [line for line in lines if not line["good"] and not line["flaw"]]
    uncaught = sorted(set(FLAWS) - {line["flaw"] for line in lines if line["flaw"] and line["caught"]}) if whole else []
    honest = [line for line in lines if not line["flaw"]]

    def total(name: str) -> int:
        return sum(line[name] for line in honest)

    sys.stdout.write(
        f"never hit: {', '.join(missed) or 'none'}; broken bridges: "
        f"{'caught' if not uncaught else 'NOT CAUGHT: ' + ', '.join(uncaught)}\n"
        f"{len(honest)} runs in {time.monotonic() - began:.0f} s (the first {arguments.runs} in {seeded_s:.0f}), "
        f"{total('published'):,} published, "
        f"lost {total('lost')}, duplicates {total('duplicates')} (budget {total('budget')}; "
        f"received twice {total('delivered_twice')}), "
        f"inversions {total('inversions')}, {len(bad)} bad\n"
    )
    return 1 if bad or missed or uncaught else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.bridge", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=10, help="runs in which the broker is restarted")
    parser.add_argument("--seed", type=int, default=1, help="of the first run; the others follow")
    parser.add_argument("--only", type=int, metavar="SEED", help="one run again, with its trouble, files kept")
    parser.add_argument("--away-s", type=float, default=60.0, help="how long the sink is away in the run about that")
    parser.add_argument("--folder", type=Path, help="where files stay; a temporary one by default")
    parser.add_argument("--shard", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def _spread(arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """What the shards print, line by line, as it comes: one node and one process each, and its share of seeds."""
    shards = [0] if arguments.only is not None else range(SHARDS)
    command = [sys.executable, "-m", "tests.chaos.bridge", *sys.argv[1:], "--shard"]
    running = [
        subprocess.Popen([*command, str(shard)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) for shard in shards
    ]
    printed: SimpleQueue[str | None] = SimpleQueue()
    for process in running:
        threading.Thread(target=_read, args=(process, printed), daemon=True).start()
    try:
        ended = 0
        while ended < len(running):
            line = printed.get()
            if line is None:
                ended += 1
            else:
                yield json.loads(line)
        for process in running:
            if process.wait() != 0:
                raise RuntimeError(f"a shard ended with {process.returncode}")
    finally:
        for process in running:
            process.terminate()
            process.wait()


def _read(process: "subprocess.Popen[str]", printed: "SimpleQueue[str | None]") -> None:
    """Every line of one shard, then None."""
    assert process.stdout is not None
    for line in process.stdout:
        printed.put(line)
    printed.put(None)


def _shard(arguments: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        with Ground(folder / f"node-{arguments.shard}") as ground:
            for result, flaw, kind in _play(arguments, ground, folder):
                sys.stdout.write(json.dumps(_line(result, flaw, kind)) + "\n")
                sys.stdout.flush()
    return 0


def _play(arguments: argparse.Namespace, ground: Ground, folder: Path) -> Iterator[tuple[Result, str | None, Kind]]:
    shard: int = arguments.shard
    if arguments.only is not None:
        yield Run(ground, draw(arguments.only), folder / f"run-{arguments.only}").play(), None, "special"
        return
    for seed in range(arguments.seed, arguments.seed + arguments.runs):
        if seed % SHARDS == shard:
            place = folder / f"run-{seed}"
            result = Run(ground, draw(seed), place).play()
            yield result, None, "seeded"
            if result.good:
                shutil.rmtree(place)
    for number in range(arguments.restarts):
        if number % SHARDS == shard:
            yield restart_run(ground, arguments.seed + number, folder / f"restart-{number}"), None, "restart"
    for flaw in sorted(FLAWS)[shard::SHARDS]:
        yield from ((one, flaw, "flawed") for one in _until_caught(ground, flaw, folder / "flaw"))
    if shard == 0:
        yield one_in_many(ground, folder / "many"), None, "special"
    if shard == 1:
        yield sink_away(ground, folder / "away", arguments.away_s), None, "special"


def _until_caught(ground: Ground, flaw: str, folder: Path) -> Iterator[Result]:
    """Runs of a broken bridge until one finds what is wrong with it; not every trouble brings every flaw to light."""
    for seed in range(1, 1 + FLAWED_SEEDS):
        result = Run(ground, draw(seed), folder, flaw).play()
        yield result
        if FLAWS[flaw].shows in result.wrong:
            return


def _line(result: Result, flaw: str | None, kind: Kind) -> dict[str, Any]:
    finding = result.finding
    return {
        "text": result.as_text() if flaw is None else f"{flaw}: {result.as_text()}",
        "good": result.good,
        "kind": kind,
        "flaw": flaw,
        "caught": flaw is not None and FLAWS[flaw].shows in result.wrong,
        "hits": {} if flaw else dict(result.hits),
        "published": finding.published,
        "lost": len(finding.lost),
        "duplicates": finding.duplicates,
        "delivered_twice": finding.delivered_twice,
        "budget": result.allowance.budget,
        "inversions": len(finding.overtaken),
    }


if __name__ == "__main__":
    sys.exit(main())
