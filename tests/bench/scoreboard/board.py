"""The scoreboard: plays a case, keeps what was seen, and writes it as a table."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.local.rabbitmq import RabbitNode
from tests.bench.scoreboard.case import Case
from tests.bench.scoreboard.contender import Contender
from tests.bench.scoreboard.stand import Stand


@dataclass(frozen=True, slots=True)
class Row:
    """One contender in one case."""

    contender: str
    version: str
    case: str
    passed: bool
    note: str
    date: str
    """Day, RFC 3339."""
    seconds: float

    @property
    def mark(self) -> str:
        """Pass or fail."""
        return "pass" if self.passed else "FAIL"


def play(case: Case, contender: Contender, node: RabbitNode, folder: Path, *, outage_s: float) -> Row:
    """Play one case."""
    began = time.monotonic()
    fifo = case.family.ordered and (contender.fifo or case.needs_fifo)
    with Stand(node, contender, case.family, folder, fifo=fifo, outage_s=outage_s) as stand:
        verdict = case.play(stand)
    return Row(
        contender.name,
        contender.version(),
        case.name,
        verdict.passed,
        verdict.note,
        datetime.now(UTC).date().isoformat(),
        round(time.monotonic() - began, 1),
    )


def read_board(file: Path) -> list[Row]:
    """What was seen before."""
    return [Row(**row) for row in json.loads(file.read_text("utf-8"))["rows"]] if file.exists() else []


def merge(rows: Sequence[Row], row: Row) -> list[Row]:
    """What was seen before, with what was seen now in the place of its predecessor."""
    return [*(one for one in rows if (one.contender, one.case) != (row.contender, row.case)), row]


def passed(rows: Sequence[Row], contender: str) -> bool:
    """Whether a contender passed all that it was in; also where it was in nothing."""
    return all(row.passed for row in rows if row.contender == contender)


def write_board(file: Path, rows: Sequence[Row]) -> None:
    """Keep what was seen."""
    file.parent.mkdir(parents=True, exist_ok=True)
    versions = {row.contender: row.version for row in rows}
    document = {"versions": versions, "rows": [asdict(row) for row in rows]}
    file.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", "utf-8")


def render(rows: Sequence[Row], cases: Sequence[Case]) -> str:
    """A table of marks, as Markdown."""
    names = list(dict.fromkeys(row.contender for row in rows))
    marks = {(row.contender, row.case): row.mark for row in rows}
    lines = [f"| case | {' | '.join(names)} |", f"| --- |{' --- |' * len(names)}"]
    for case in cases:
        cells = " | ".join(marks.get((name, case.name), "") for name in names)
        lines.append(f"| {case.name} | {cells} |")
    passed = " | ".join(f"{sum(row.passed for row in rows if row.contender == name)} of {len(cases)}" for name in names)
    return "\n".join([*lines, f"| passed | {passed} |"])


def write_page(file: Path, rows: Sequence[Row], cases: Sequence[Case]) -> None:
    """Put versions, marks and observations into a page, each between its two comments; the rest of it is by hand."""
    who = ["| contender | version | seen on |", "| --- | --- | --- |"]
    who += [f"| {name} | {version} | {date} |" for name, (version, date) in _versions(rows).items()]
    seen: list[str] = []
    for case in cases:
        seen += [f"### {case.name}", "", f"Passes if {case.passes}.", "", "| contender | mark | seen |"]
        seen.append("| --- | --- | --- |")
        seen += [f"| {row.contender} | {row.mark} | {row.note} |" for row in rows if row.case == case.name]
        seen.append("")
    text = file.read_text("utf-8")
    parts = {"versions": "\n".join(who), "marks": render(rows, cases), "observations": "\n".join(seen).rstrip()}
    for name, part in parts.items():
        begins, ends = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, found, rest = text.partition(begins)
        _, closed, after = rest.partition(ends)
        if not found or not closed:
            raise ValueError(f"{file}: no {begins} … {ends}")
        text = f"{before}{begins}\n\n{part}\n\n{ends}{after}"
    file.write_text(text, "utf-8")


def _versions(rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    return {row.contender: (row.version, row.date) for row in rows}
