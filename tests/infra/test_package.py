import platform
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest

from infra.package import LOCK, REPOSITORY, PackageError, Patch, Target, build, content_hash

WHOLE_LOCK = REPOSITORY / "requirements.lock"


@pytest.fixture(scope="module", params=list(Target), ids=lambda target: target.value)
def target(request: pytest.FixtureRequest) -> Target:
    return Target(request.param)


@pytest.fixture(scope="module")
def package(target: Target, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(target, tmp_path_factory.mktemp("package"))


def _names(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()


def test_the_same_sources_make_the_same_bytes(target: Target, package: Path, tmp_path: Path) -> None:
    again = build(target, tmp_path / "again", cache=tmp_path / "cache")  # installs all dependencies anew
    assert content_hash(again) == content_hash(package)


def test_no_record_names_a_script_whose_hash_would_tell_where_the_repository_lies(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        records = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
    assert records
    assert not [line for text in records for line in text.splitlines() if re.match(r"(\.\./)*bin/", line)]


def test_a_package_carries_sources_and_dependencies_but_not_the_runtimes_own(package: Path) -> None:
    top = {name.split("/")[0] for name in _names(package)}
    assert {"contracts", "workers", "aws_lambda_powertools", "aws_encryption_sdk", "pydantic", "tzdata"} <= top
    assert not {"boto3", "botocore", "urllib3", "bridge", "infra", "ops", "pytest"} & top
    assert not [name for name in _names(package) if "requirements" in name]


def test_libraries_can_still_tell_their_version(package: Path) -> None:
    described = {re.sub(r"-[^-]*\.dist-info.*", "", name) for name in _names(package) if ".dist-info/METADATA" in name}
    assert {"pydantic", "pydantic_core", "aws_lambda_powertools"} <= described


def test_native_code_is_for_the_machine_that_runs_it(target: Target, package: Path) -> None:
    libraries = [name for name in _names(package) if name.endswith(".so")]
    tags = {tag for name in libraries for tag in re.findall(r"cpython-(3\d+)-(\w+)-linux", name)}
    here = (f"{sys.version_info.major}{sys.version_info.minor}", platform.machine())
    assert tags == ({("313", "aarch64")} if target is Target.LAMBDA else {here})


def test_byte_code_is_shipped_where_it_fits(target: Target, package: Path) -> None:
    compiled = [name for name in _names(package) if name.endswith(".pyc")]
    assert bool(compiled) is target.compiled
    with zipfile.ZipFile(package) as archive:
        flags = {archive.read(name)[4:8] for name in compiled}
    assert flags <= {b"\x01\0\0\0"}, "unchecked hash: PEP 552"


def test_a_package_runs_with_nothing_else_but_the_runtimes_own(tmp_path: Path) -> None:
    package = build(Target.LOCAL, tmp_path)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path / "task")
    # -S: no site-packages; boto3 and its own are added as the runtime has them, but nothing beside.
    code = (
        "import sys, importlib; sys.path[:0] = sys.argv[1:2]\n"
        "import workers.logic.registry, contracts.registry, pydantic, aws_encryption_sdk.identifiers\n"
    )
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3"):
        (runtime / name).symlink_to(Path(sysconfig.get_path("purelib")) / name)
    environment = {"PYTHONPATH": str(runtime), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, str(tmp_path / "task")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_patch_changes_the_package_and_not_the_repository(tmp_path: Path) -> None:
    source = REPOSITORY / "contracts" / "naming.py"
    before = source.read_text("utf-8")
    patch = Patch("contracts/naming.py", 'return f"{stack}-records"', 'return f"{stack}-recods"')
    package = build(Target.LAMBDA, tmp_path, patches=(patch,))
    with zipfile.ZipFile(package) as archive:
        assert '"{stack}-recods"' in archive.read("contracts/naming.py").decode()
    assert source.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (Patch("contracts/naming.py", "no such text", ""), "found 0 times"),
        (Patch("contracts/naming.py", "def ", ""), r"found \d+ times"),
        (Patch("contracts/no_such_file.py", "", ""), "no such file"),
        (Patch("ops/__init__.py", "", ""), "no such file"),
    ],
)
def test_a_patch_that_does_not_fit_exactly_once_is_an_error(patch: Patch, message: str, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match=message):
        build(Target.LAMBDA, tmp_path, patches=(patch,))
    assert list(tmp_path.iterdir()) == []


def test_both_locks_agree_and_are_pinned_by_hash() -> None:
    pins = {file: dict(_pins(file)) for file in (LOCK, WHOLE_LOCK)}
    assert pins[LOCK].items() <= pins[WHOLE_LOCK].items()
    for file in pins:
        entries = re.split(r"\n(?=\S)", file.read_text("utf-8").strip())
        assert all("--hash=sha256:" in entry for entry in entries)


def test_the_locks_name_no_host_and_no_path() -> None:
    for file in (LOCK, WHOLE_LOCK):
        assert not re.findall(r"https?:|file:|--index|--find-links|/", file.read_text("utf-8"))


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.split(r"[\[<>=!~ ;]", one)[0].lower() for one in wanted}
    assert names <= {name for name, _ in _pins(WHOLE_LOCK)}


def test_what_the_functions_need_is_locked() -> None:
    lines = (REPOSITORY / "workers" / "requirements.in").read_text("utf-8").splitlines()
    names = {re.split(r"[\[<>=]", line)[0] for line in lines if line and not line.startswith("#")}
    assert names <= {name for name, _ in _pins(LOCK)}


def _pins(file: Path) -> list[tuple[str, str]]:
    return re.findall(r"^([a-z0-9-]+)==(\S+)", file.read_text("utf-8"), re.MULTILINE)
