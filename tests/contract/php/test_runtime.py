"""What the monolith's PHP tells of itself is read back."""

import subprocess

from contracts.php.runtime import read_runtime
from tests.contract.php.conftest import php_command
from tests.stage import REPOSITORY


def test_the_script_prints_what_is_read() -> None:
    script = REPOSITORY / "legacy" / "recorder" / "bin" / "runtime.php"
    done = subprocess.run([*php_command(), str(script)], capture_output=True, text=True, check=True)
    runtime = read_runtime(done.stdout)
    assert (runtime.precision, runtime.serialize_precision, runtime.timezone) == (14, -1, "Europe/Paris")
    assert runtime.version >= (8, 0)
    assert runtime.tzdata
