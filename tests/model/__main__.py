"""`make model`: explores the protocol, then sees each planted flaw caught. Exit code 1 if either fails.

The same seed and number of schedules runs the same schedules, whatever the machine.
"""

import argparse
import os
import sys
import time
from collections import Counter
from multiprocessing import get_context

from tests.model.flaw import Flaw
from tests.model.search import CHUNK, Task, search


def tell(line: str) -> None:
    """A line of what came of it, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.model", description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tasks = [
        Task(options.seed * 1_000_000 + place, min(CHUNK, options.schedules - place))
        for place in range(0, options.schedules, CHUNK)
    ]
    flaws = [Task(options.seed * 1_000_000, CHUNK, flaw) for flaw in Flaw]
    began = time.monotonic()
    tell(f"seed {options.seed}")
    total: Counter[str] = Counter()
    violations, missed = 0, 0
    with get_context("spawn").Pool(os.cpu_count()) as pool:
        for found in pool.imap(search, tasks):
            total += found.tally
            if found.violation:
                violations += 1
                tell(f"VIOLATION, seed {found.task.seed}: {found.violation}")
        tell(f"schedules {total['schedules']:,}, steps {total['steps']:,}, violations {violations}")
        for what in sorted(total.keys() - {"schedules", "steps"}):
            tell(f"  reached in {total[what]:>7,}: {what}")
        tell("planted flaws:")
        for found in pool.imap(search, flaws):
            assert found.task.flaw is not None
            count = f"{found.tally['schedules']:,} schedules"
            missed += found.violation is None
            ending = f"caught after {count}: {found.violation}" if found.violation else f"NOT CAUGHT in {count}"
            tell(f"  {found.task.flaw.value}: {ending}")
    tell(f"planted flaws caught {len(flaws) - missed} of {len(flaws)}; {time.monotonic() - began:.0f} s")
    return 1 if violations or missed else 0


if __name__ == "__main__":
    sys.exit(main())
