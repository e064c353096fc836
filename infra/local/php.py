"""How the monolith's scripts are run: in a container where a Docker engine answers, else by the PHP of this machine.

The container's path was not run where this was written, for want of an engine.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

from infra.local.process import LocalProgramError

_REPOSITORY = Path(__file__).resolve().parents[2]
_LEGACY = _REPOSITORY / "legacy"
_IMAGE = "strangler-legacy:local"


class Php(Protocol):
    """Runs scripts of `legacy/monolith/bin`."""

    def command(self, script: str, options: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
        """The command line for one script; it is to be started with that environment."""


class InstalledPhp:
    """The PHP on the PATH."""

    def __init__(self) -> None:
        """Raises LocalProgramError where there is none."""
        program = shutil.which("php")
        if program is None:
            raise LocalProgramError("php is not installed; `strangler doctor` says what to install")
        self._program = program

    def command(self, script: str, options: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
        """See `Php.command`."""
        del environment  # inherited
        return (self._program, str(_LEGACY / "monolith" / "bin" / script), *options)


class ContainerPhp:
    """PHP in a container of `legacy/Dockerfile`, on the host's network, with one folder of the host."""

    def __init__(self, folder: Path) -> None:
        """Build the image (kept by the engine). Raises LocalProgramError. `folder`: seen under the same path inside."""
        import docker  # type: ignore[import-untyped]  # noqa: PLC0415  only where an engine answers
        from docker.errors import DockerException  # type: ignore[import-untyped]  # noqa: PLC0415

        try:
            docker.from_env().images.build(path=str(_LEGACY), tag=_IMAGE, rm=True)
        except DockerException as error:
            raise LocalProgramError(f"the monolith's image cannot be built from legacy/Dockerfile: {error}") from error
        self._folder = folder

    def command(self, script: str, options: Sequence[str], environment: Mapping[str, str]) -> Sequence[str]:
        """See `Php.command`."""
        variables = (part for name in environment if name != "PATH" for part in ("--env", name))
        return (
            *("docker", "run", "--rm", "--init", "--network", "host"),
            *("--user", f"{os.getuid()}:{os.getgid()}", "--volume", f"{self._folder}:{self._folder}"),
            *(*variables, _IMAGE, f"bin/{script}", *options),
        )


def find_php(folder: Path, prefer: Literal["docker", "program"] = "docker") -> Php:
    """The PHP to use; scripts may read and write `folder`. Raises LocalProgramError."""
    if prefer == "docker":
        from infra.local.container import docker_answers  # noqa: PLC0415  brings the engine's client

        if docker_answers():
            return ContainerPhp(folder)
    return InstalledPhp()
