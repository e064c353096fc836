"""`make parity-bars`: what the comparison promises to see, measured; writes var/parity/bars.json, prints a table.

    python -m tests.bench.parity [--small] [--bar 4]

Ends with 1 where a bar does not hold, or the planted case of one passes.
"""

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from tests.bench.parity.bar import table, take
from tests.bench.parity.suite import FULL, SMALL, bars

FILE = Path("var/parity/bars.json")


def main() -> int:
    """Measure every bar, or those that were named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.parity")
    parser.add_argument("--small", action="store_true", help="at the size of a test: seconds")
    parser.add_argument("--bar", type=int, action="append", metavar="N", help="only this one; writes no file")
    arguments = parser.parse_args()
    wanted = bars(SMALL if arguments.small else FULL)
    rows = []
    for one in wanted:
        if arguments.bar is not None and one.number not in arguments.bar:
            continue
        sys.stderr.write(f"{one.number}. {one.name}\n")
        rows.append(take(one))
    Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False).print(table(rows))
    if arguments.bar is None and not arguments.small:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(json.dumps([one.document() for one in rows], indent=2) + "\n", "utf-8")
    return 0 if rows and all(one.holds for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
