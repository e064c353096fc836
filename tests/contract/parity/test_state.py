"""Both sides' state after the same scenario: the monolith's own export, and the new side's rows, sealed and opened."""

import json
import os
import shlex
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest
from msgspec import structs

from contracts.effect import Effect
from contracts.message_type import Family
from contracts.registry import FAMILIES
from ops.export import Export
from ops.state import StateComparison, compare_state
from tests.contract.parity.side import MONOLITH, NOW, SECRET, candidate, scenario
from tests.fakes.key import static_sealer
from tests.fakes.store import MemoryStore
from workers.logic.decision import Decision, Row
from workers.store.attribute import read_row, write_row

SEALER = static_sealer()
Compare = Callable[[Family, MemoryStore], StateComparison]


@pytest.fixture
def sides(php: Sequence[str], tmp_path: Path) -> tuple[Compare, MemoryStore]:
    """What compares, and the new side's rows."""
    notifications = scenario(php, 400, seed=11)
    database = tmp_path / "monolith.sqlite"
    variables = {"WEBHOOK_SECRET": SECRET, "PATH": os.defpath}
    subprocess.run(
        [*php, str(MONOLITH / "bin" / "oracle.php"), "--now", NOW, "--database", str(database)],
        input="".join(f"{json.dumps(one)}\n" for one in notifications),
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=variables,
    )
    settings = [f"{name}={value}" for name, value in variables.items()]
    settings += [f"MONOLITH_DSN=sqlite:{database}", "AMQP_URL=amqp://nowhere"]
    command = shlex.join(["env", *settings, *php, str(MONOLITH / "bin" / "state.php"), "--family", "{family}"])

    def compare(family: Family, store: MemoryStore) -> StateComparison:
        return compare_state(
            family,
            Export(command, family.name).rows,
            lambda: rows(family, store),
            today=date(2026, 11, 21),
        )

    return compare, candidate(notifications)


def rows(family: Family, store: MemoryStore) -> Iterator[Effect]:
    for (partition, (table, _)), row in store.rows.items():
        tenant, name, _ = partition.split("#", 2)
        if name == family.name:
            item = write_row(row, partition, tenant, family.plain_columns(table), SEALER)
            yield from Decision((read_row(item, tenant, SEALER),)).effects()


def test_both_sides_have_the_same_rows_after_the_scenario(sides: tuple[Compare, MemoryStore]) -> None:
    compare, store = sides
    for family in FAMILIES:
        found = compare(family, store)
        assert (family.name, found.rows) == (family.name, ())
        assert {one.table for one in found.tables} > {"journal"}
        assert all(one.compared > 0 for one in found.tables)


def test_a_row_that_is_lost_changed_or_invented_is_named(sides: tuple[Compare, MemoryStore]) -> None:
    compare, store = sides
    family = next(one for one in FAMILIES if one.name == "payin")
    (lost, changed, *_) = [key for key in store.rows if key[1][0] == "payins"]
    store.rows[changed] = structs.replace(
        store.rows[changed], columns={**store.rows[changed].columns, "debtor_name": "Zoé Planted"}
    )
    store.rows["default#payin#x", ("journal", "x")] = Row("journal", "x", {"webhook_id": "x"})
    del store.rows[lost]
    found = compare(family, store)
    assert {(one.table, one.key, one.unlike) for one in found.rows} == {
        ("payins", lost[1][1], "missing"),
        ("payins", changed[1][1], "differing"),
        ("journal", "x", "extra"),
    }
    assert "Planted" not in repr(found)
