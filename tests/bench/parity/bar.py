"""A bar: a promise, what was measured of it, and a planted case that the same measurement must find wanting.

A measurement that cannot fail proves nothing. So each bar names something broken that is put into the product's place,
and the function that measures the product measures that too: a bar holds if the product passes and the planted case
does not.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out."""

    text: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise."""

    number: int
    """Stays the same; gaps are bars that other programs measure."""
    name: str
    bar: str
    measure: Callable[[], Measured]
    planted: str
    """What is in the product's place."""
    plant: Callable[[], Measured]


@dataclass(frozen=True, slots=True)
class Row:
    """A bar, measured."""

    bar: Bar
    measured: Measured
    planted: Measured
    seconds: float

    @property
    def holds(self) -> bool:
        """The product passes, and the planted case does not."""
        return self.measured.passed and not self.planted.passed

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "name": f"{self.bar.number}. {self.bar.name}",
            "bar": self.bar.bar,
            "measured": self.measured.text,
            "pass": self.measured.passed,
            "planted": f"{self.bar.planted}: {self.planted.text}",
            "planted_pass": self.planted.passed,
        }


def take(bar: Bar) -> Row:
    """Measure one bar and its planted case."""
    began = time.monotonic()
    measured, planted = bar.measure(), bar.plant()
    return Row(bar, measured, planted, time.monotonic() - began)


def table(rows: Sequence[Row]) -> Table:
    """For a terminal."""
    shown = Table("Bar", "Measured", "", "Planted", "", "Seconds", box=SIMPLE_HEAD, pad_edge=False)
    for one in rows:
        told = one.document()
        shown.add_row(
            Text.assemble((str(told["name"]), "bold"), f"\n{one.bar.bar}"),
            one.measured.text,
            Text("holds", "green") if one.measured.passed else Text("DOES NOT HOLD", "red"),
            str(told["planted"]),
            Text("PASSES", "red") if one.planted.passed else Text("fails", "green"),
            f"{one.seconds:.1f}",
            end_section=True,
        )
    return shown
