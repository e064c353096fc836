"""Tables must neither steer a terminal nor be steered by markup in what they show."""

import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
from rich.console import Console, RenderableType

from contracts.registry import FAMILIES
from infra.deploy import Change
from ops import output
from ops.catalogue import catalogue
from ops.doctor import Check, State
from ops.life import tell
from ops.queue import QueueDepth
from ops.status import ChannelStatus, Status
from ops.table import catalogue_tables, checks_table, life_tables, plan_tables, status_tables
from tests.unit.ops.test_life import ENTRY

HOSTILE = "\x1b]0;title\x07[bold red]x[/]"
SHOWN = "\\u{1b}]0;title\\u{7}[bold red]x[/]"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def _written(renderables: Iterable[RenderableType], capsys: pytest.CaptureFixture[str]) -> str:
    output.show(renderables)
    return capsys.readouterr().out


def test_a_hostile_entry_is_shown_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    entry = replace(
        ENTRY, message_id=HOSTILE, business_key=HOSTILE, candidate_ending="rejected", candidate_cause=HOSTILE
    )
    written = _written(life_tables(entry, tell(entry, "unit")), capsys)
    assert "\x1b" not in written
    assert written.count(SHOWN) == 4


def test_what_a_status_wants_looked_at_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    channel = ChannelStatus("payin", QueueDepth("q", 7, 0, 0, 90.0), QueueDepth("dead", 2, 0, 0))
    written = _written(status_tables(Status("unit", (channel,), ())), capsys)
    assert "1 min 30 s" in written
    assert "! 2 dead letters in dead" in written
    calm = ChannelStatus("payin", QueueDepth("q", 7, 0, 0), QueueDepth("dead", 0, 0, 0))
    assert "Nothing needs a look." in _written(status_tables(Status("unit", (calm,), ())), capsys)


def test_what_is_missing_comes_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    written = _written(checks_table([Check("PHP", State.MISSING, "no php", "install php")]), capsys)
    assert "MISSING" in written
    assert "install php" in written


def test_a_resource_that_would_be_replaced_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [Change("Modify", "Ledger", "AWS::DynamoDB::Table", replaced=True)]
    assert "REPLACES" in _written(plan_tables("unit", changes), capsys)
    assert "nothing to change" in _written(plan_tables("unit", []), capsys)


def test_an_expired_rule_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    assert "EXPIRED" not in _written(catalogue_tables(catalogue(date(2026, 11, 21), FAMILIES)), capsys)
    assert "EXPIRED" in _written(catalogue_tables(catalogue(date(2030, 1, 1), FAMILIES)), capsys)
    assert "ENDS TOO LATE" in _written(catalogue_tables(catalogue(date(2020, 1, 1), FAMILIES)), capsys)


def test_every_type_of_the_registry_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    written = _written(catalogue_tables(catalogue(date(2026, 11, 21), FAMILIES)), capsys)
    for family in FAMILIES:
        for message_type in family.types:
            assert message_type.name in written
            assert all(effect.path in written for effect in message_type.effects)
    assert "no two messages share a business key" in written


def test_a_pipe_is_not_told_to_be_narrow(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    text = "word " * 25
    output.show([text])
    assert capsys.readouterr().out.strip() == text.strip()
    assert Console(file=io.StringIO(), width=80).width == 80
