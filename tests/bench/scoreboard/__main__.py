"""`make bench-scoreboard`: bridges from RabbitMQ to SQS in the same sixteen cases, on real RabbitMQ.

    python -m tests.bench.scoreboard [--contender ours] [--case "kill -9"] [--outage 60] [--page FILE]

The endpoint stands in for SQS (`tests.rig`): loopback, strict, and faulty where a case asks for it. What was seen
before of other contenders and cases is kept in var/bench/scoreboard.json.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.rabbitmq import RabbitNode
from tests.bench.scoreboard.board import Row, merge, passed, play, read_board, render, write_board, write_page
from tests.bench.scoreboard.contender import Contender, Ours
from tests.bench.scoreboard.rival import MqBridge, MqBridgeConnect, MqBridgeConnectOrdered, MqBridgeDlq
from tests.bench.scoreboard.suite import CASES

CONTENDERS: tuple[Contender, ...] = (
    Ours(),
    MqBridge(),
    MqBridgeDlq(),
    MqBridgeConnect(),
    MqBridgeConnectOrdered(),
)
FILE = Path("var/bench/scoreboard.json")


def main() -> int:
    """Play, print a table, and write var/bench/scoreboard.json; 1 where ours did not pass all that it played."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scoreboard")
    parser.add_argument("--contender", choices=[one.name for one in CONTENDERS], action="append")
    parser.add_argument("--case", choices=[one.name for one in CASES], action="append")
    parser.add_argument("--outage", type=float, default=60.0, help="seconds that SQS is down")
    parser.add_argument("--page", type=Path, help="write the comparison to this file as well")
    arguments = parser.parse_args()
    rows: list[Row] = read_board(FILE)
    played: list[Row] = []
    folder = Path("var/bench/scoreboard").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with RabbitNode(folder / "node", prefer="program") as node:
        for contender in CONTENDERS:
            for case in CASES:
                if arguments.contender and contender.name not in arguments.contender:
                    continue
                if arguments.case and case.name not in arguments.case:
                    continue
                row = play(case, contender, node, folder / contender.name, outage_s=arguments.outage)
                played.append(row)
                rows = _arranged(merge(rows, row))
                sys.stdout.write(f"{row.mark}  {row.contender:18} {row.case:32} {row.seconds:5.1f} s  {row.note}\n")
                sys.stdout.flush()
                write_board(FILE, rows)
    sys.stdout.write(f"\n{render(rows, CASES)}\n")
    if arguments.page:
        write_page(arguments.page, rows, CASES)
    return 0 if passed(played, Ours.name) else 1


def _arranged(rows: Sequence[Row]) -> list[Row]:
    """In the order of contenders and cases; without those that are no more."""
    places = {
        (contender.name, case.name): (place, number)
        for place, contender in enumerate(CONTENDERS)
        for number, case in enumerate(CASES)
    }
    known = (row for row in rows if (row.contender, row.case) in places)
    return sorted(known, key=lambda row: places[row.contender, row.case])


if __name__ == "__main__":
    sys.exit(main())
