import subprocess
import sys
from pathlib import Path

import pytest

import workers

MODULES = sorted(path.stem for path in (Path(workers.__file__).parent / "handlers").glob("[!_]*.py"))


@pytest.mark.parametrize("module", MODULES)
def test_the_collector_rests_while_a_function_is_imported_and_works_from_then_on(module: str) -> None:
    asked = f"""
import gc
looked = []
gc.callbacks.append(lambda *_: looked.append(1))
import workers.handlers
before = len(looked)
import workers.handlers.{module}
assert gc.isenabled(), "whatever leaks in an invocation would stay"
assert gc.get_freeze_count() > 30_000, "what was imported is looked through"
assert len(looked) == before, "it was looked for garbage"
"""
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
