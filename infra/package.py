"""The functions' package: the same input gives the same bytes, so that a deployment without a change is none.

Two are built from the same sources: for the interpreter that runs here (the embedded AWS), and for the runtime that
the template declares (Linux on arm64, Python 3.13). Dependencies come from `workers/requirements.lock` by hash, as
wheels only, and are kept under `var/build`; boto3 and what it needs are the runtime's own.
"""

import enum
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.kept import made_once

REPOSITORY = Path(__file__).resolve().parents[1]
LOCK = REPOSITORY / "workers" / "requirements.lock"
_SOURCES = ("contracts", "workers")
_LEFT_OUT = ("*.pyc", "__pycache__", "requirements.in", "requirements.lock")
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can tell
_FILE_MODE = 0o644 << 16
_TIMEOUT_S = 600
_SCRIPT = re.compile(r"(\.\./)*bin/")
_RECIPE = 2
"""Counts changes of how dependencies are installed: what an earlier recipe has made is not taken for this one's."""


class PackageError(Exception):
    """The package could not be built; says which step, and what it printed."""


class Target(enum.Enum):
    """What a package is for."""

    LOCAL = "local"
    LAMBDA = "lambda"

    @property
    def pip_options(self) -> Sequence[str]:
        """What pip has to be told to choose the wheels of another machine."""
        if self is Target.LOCAL:
            return ()
        # Both names: newer wheels have dropped manylinux2014, older ones do not know manylinux_2_28.
        platforms = ("--platform", "manylinux2014_aarch64", "--platform", "manylinux_2_28_aarch64")
        return (*platforms, "--implementation", "cp", "--python-version", "3.13")

    @property
    def compiled(self) -> bool:
        """Whether byte code made here fits; it halves a cold start (0.43 to 0.20 s)."""
        return self is Target.LOCAL or sys.version_info[:2] == (3, 13)

    @property
    def fingerprint(self) -> str:
        """All that the installed dependencies depend on, beside the lock."""
        built_with = f"{platform.python_implementation()} {platform.python_version()}"
        built_on = f" {platform.platform()}" if self is Target.LOCAL else ""
        return f"{_RECIPE} {self.value} {' '.join(self.pip_options)} {built_with}{built_on}"


@dataclass(frozen=True, slots=True)
class Patch:
    """A change to one source file of the package, never of the repository: a seeded bug."""

    file: str
    """Relative to the repository, `workers/…` or `contracts/…`."""
    old: str
    """Has to occur exactly once."""
    new: str


def build(target: Target, out_dir: Path, *, patches: Sequence[Patch] = (), cache: Path | None = None) -> Path:
    """Build the package into `out_dir` and return it. Raises PackageError.

    `cache` is where installed dependencies are kept, `var/build` unless given.
    """
    dependencies = _dependencies(target, cache or REPOSITORY / "var" / "build")
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir) as folder:
        stage = Path(folder) / "sources"
        for source in _SOURCES:
            shutil.copytree(REPOSITORY / source, stage / source, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        for patch in patches:
            _apply(patch, stage)
        if target.compiled:
            _compile(stage)
        unfinished = Path(shutil.copy(dependencies, folder))
        _zip(stage, unfinished)
        return unfinished.replace(out_dir / f"functions-{target.value}.zip")


def content_hash(package: Path) -> str:
    """Name of a package's content."""
    with package.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _dependencies(target: Target, cache: Path) -> Path:
    digest = hashlib.sha256(LOCK.read_bytes() + target.fingerprint.encode()).hexdigest()[:16]

    def make(file: Path) -> None:
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            installed = Path(folder)
            _install(target, installed)
            if target.compiled:
                _compile(installed)
            _zip(installed, file)

    return made_once(cache / f"dependencies-{target.value}-{digest}.zip", make)


def _install(target: Target, folder: Path) -> None:
    options = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile", *target.pip_options)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore")
    pip = (sys.executable, "-m", "pip", "install", *quiet, *options)
    _run("pip", [*pip, "--target", str(folder), "--requirement", str(LOCK)])
    shutil.rmtree(folder / "bin", ignore_errors=True)  # scripts with this machine's paths
    for record in folder.glob("*.dist-info/RECORD"):  # which has their hashes
        lines = record.read_text("utf-8").splitlines(keepends=True)
        record.write_text("".join(line for line in lines if not _SCRIPT.match(line)), "utf-8")


def _compile(folder: Path) -> None:
    # Unchecked: the package never changes, so the runtime need not compare. The fixed seed orders sets.
    options = ("-q", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(folder), "-p", "/var/task")
    _run("compileall", [sys.executable, "-m", "compileall", *options, str(folder)], PYTHONHASHSEED="0")


def _run(step: str, command: Sequence[str], **environment: str) -> None:
    inherited = {**os.environ, **environment}
    try:
        done = subprocess.run(  # noqa: S603  # commands are ours
            command, env=inherited, capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired as error:
        raise PackageError(f"{step} did not end within {_TIMEOUT_S} s") from error
    if done.returncode != 0:
        raise PackageError(f"{step} failed (exit {done.returncode}):\n{done.stdout}{done.stderr}".strip())


def _apply(patch: Patch, stage: Path) -> None:
    file = stage / patch.file
    if not file.is_file():
        raise PackageError(f"patch of {patch.file}: the package has no such file")
    text = file.read_text("utf-8")
    if (found := text.count(patch.old)) != 1:
        raise PackageError(f"patch of {patch.file}: the text to replace was found {found} times, not once")
    file.write_text(text.replace(patch.old, patch.new), "utf-8")


def _zip(folder: Path, archive: Path) -> None:
    """Append all files of a folder, in order of their names."""
    with zipfile.ZipFile(archive, "a") as package:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            member = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _EPOCH)
            member.external_attr = _FILE_MODE
            member.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(member, file.read_bytes())
