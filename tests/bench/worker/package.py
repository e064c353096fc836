"""What Lambda would be given: our package, and the textbook's handler with the same dependencies."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.package import Target, build

TEXTBOOK = Path(__file__).with_name("textbook.py")
TEXTBOOK_PACKAGES = {"jsonpath-ng": "1.16.0"}
"""What `aws-lambda-powertools[datamasking]` needs beside what we need ourselves."""
_RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
_WITHIN_S = 600


@dataclass(frozen=True, slots=True)
class Package:
    """A function's folder, unpacked, byte code and all."""

    folder: Path
    runtime: Path
    """What Lambda brings itself: boto3 and what that needs."""

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """What a process of the function sees, and nothing of ours."""
        return {
            **variables,
            "PYTHONPATH": f"{self.folder}{os.pathsep}{self.runtime}",
            "LANG": "en_US.UTF-8",
            "TZ": "UTC",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "bench",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        }


def packages(folder: Path) -> tuple[Path, Package, Package]:
    """What is deployed, and unpacked: ours and the textbook's, made anew in a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    runtime, ours, textbook = folder / "runtime", folder / "ours", folder / "textbook"
    runtime.mkdir(parents=True)
    for name in _RUNTIME:
        (runtime / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    archive = build(Target.LOCAL, folder)
    with zipfile.ZipFile(archive) as package:
        package.extractall(ours)
        package.extractall(textbook)
    for name in ("contracts", "workers"):
        shutil.rmtree(textbook / name)
    pins = [f"{name}=={version}" for name, version in TEXTBOOK_PACKAGES.items()]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
        "--no-deps",
    ]
    subprocess.run([*pip, "--target", str(textbook), *pins], check=True, timeout=_WITHIN_S)
    shutil.copy(TEXTBOOK, textbook)
    compiling = [sys.executable, "-m", "compileall", "-q", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiling, str(textbook)], check=True, timeout=_WITHIN_S)
    return archive, Package(ours, runtime), Package(textbook, runtime)
