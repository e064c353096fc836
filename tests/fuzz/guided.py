"""One target under atheris: `python -m tests.fuzz.guided TARGET CORPUS [libFuzzer's options]`."""

import sys

import atheris

with atheris.instrument_imports(include=["contracts", "ops.inspection"]):
    from tests.fuzz.target import timed


def main() -> None:
    """Never returns."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, lambda data: timed(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
