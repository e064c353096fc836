"""What is in C is used where it was compiled of the source beside it, and nowhere else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bridge import native
from tests.native import native as compiled

ROOT = Path(native.__file__).parents[1]
MODULES = {"_amqp_delivery": "deliveries", "_entry": "entries", "_receipt": "receipts"}


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    found: dict[str, bool] = {}
    monkeypatch.setattr(native, "_fits", found)
    return found


@pytest.mark.parametrize("module", MODULES)
def test_what_was_compiled_of_the_source_beside_it_is_used(module: str, fits: dict[str, bool]) -> None:
    compiled(f"bridge.{module}")
    assert native.is_compiled(module, "it")
    assert (native.native_parts(), native.stale_parts()) == (["it"], [])


@pytest.mark.parametrize("module", MODULES)
def test_what_was_compiled_of_another_source_is_not(
    module: str, fits: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled(f"bridge.{module}")
    (tmp_path / f"{module}.c").write_text("/* another */", "utf-8")
    monkeypatch.setattr(native, "_FOLDER", tmp_path)
    assert not native.is_compiled(module, "it")
    assert (native.native_parts(), native.stale_parts()) == ([], ["it"])


def test_a_wheel_has_no_source_beside_what_was_compiled(
    fits: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled("bridge._entry")
    monkeypatch.setattr(native, "_FOLDER", tmp_path)
    assert native.is_compiled("_entry", "it")


def test_what_is_not_compiled_is_neither(fits: dict[str, bool]) -> None:
    assert not native.is_compiled("_nothing", "it")
    assert (native.native_parts(), native.stale_parts()) == ([], [])


def test_a_bridge_whose_sources_are_newer_does_everything_in_python(tmp_path: Path) -> None:
    for module in MODULES:
        compiled(f"bridge.{module}")
    for package in ("bridge", "contracts"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for source in (tmp_path / "bridge").glob("_*.c"):
        source.write_text(f"{source.read_text('utf-8')}/* newer */\n", "utf-8")
    asked = "import bridge.sqs as s, bridge.amqp_delivery, bridge.native as n; print(s.__file__, n.stale_parts())"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split(" ", 1) == [str(tmp_path / "bridge" / "sqs.py"), f"{sorted(MODULES.values())}\n"]
