"""What is compiled in its place: of the source as it is, without a warning, or not at all, which is told."""

import importlib.util
import sysconfig
from pathlib import Path

import pytest

from infra.local import native
from infra.local.native import SUFFIX, Extension, NativeError, compile_extension
from tests.native import CAN_COMPILE, NEEDED

STRICT = ("-Werror", "-Wconversion", "-Wno-sign-conversion", "-Wshadow", "-std=c11", "-pedantic")
SOURCE = """
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "small", SOURCE_DIGEST, 0, NULL, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit_small(void) { return PyModuleDef_Init(&definition); }
"""
needs_compiler = pytest.mark.skipif(not CAN_COMPILE, reason=f"nothing can be compiled here: {NEEDED}")


@pytest.fixture
def small(tmp_path: Path) -> Extension:
    (tmp_path / "small.c").write_text(SOURCE, "utf-8")
    return Extension("package.small", tmp_path / "small.c")


@needs_compiler
@pytest.mark.parametrize("extension", native.extensions(), ids=lambda one: one.name)
def test_what_is_in_c_compiles_without_a_warning(extension: Extension, tmp_path: Path) -> None:
    assert compile_extension(extension, tmp_path, STRICT)


@needs_compiler
def test_what_was_compiled_can_be_imported_and_tells_of_which_source_it_is(small: Extension, tmp_path: Path) -> None:
    assert compile_extension(small, tmp_path)
    spec = importlib.util.spec_from_file_location("small", tmp_path / f"small{SUFFIX}")
    assert spec
    assert importlib.util.module_from_spec(spec).__doc__ == small.digest


@needs_compiler
def test_it_is_compiled_anew_when_its_source_is_another_and_only_then(small: Extension, tmp_path: Path) -> None:
    assert compile_extension(small, tmp_path)
    built = tmp_path / f"small{SUFFIX}"
    before = built.stat().st_ino
    assert not compile_extension(small, tmp_path)
    assert built.stat().st_ino == before
    small.source.write_text(SOURCE + "/* another */", "utf-8")
    assert compile_extension(small, tmp_path)
    assert small.digest.encode() in built.read_bytes()


def test_what_was_compiled_of_another_source_goes_whether_or_not_there_is_a_compiler(
    small: Extension, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LDSHARED", "no-such-compiler -shared")
    stale = [tmp_path / f"small{SUFFIX}", tmp_path / "small.cpython-399-of-another-python.so"]
    for one in stale:
        one.write_bytes(b"of another source")
    with pytest.raises(NativeError):
        compile_extension(small, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["small.c"]


@pytest.mark.parametrize("lack", ["compiler", "header"])
def test_without_a_compiler_or_headers_it_says_what_to_install_and_nothing_fails(
    lack: str,
    small: Extension,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(native, "extensions", lambda: [small, small])
    if lack == "compiler":
        monkeypatch.setenv("LDSHARED", "no-such-compiler -shared")
        monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
        (tmp_path / "Python.h").touch()
    else:
        monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "nowhere"))
    assert native.main() == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "install gcc and python3-dev" in said
    assert "make native" in said


@needs_compiler
def test_a_source_that_does_not_compile_is_told_and_nothing_is_left_of_it(small: Extension, tmp_path: Path) -> None:
    small.source.write_text("#error on purpose", "utf-8")
    with pytest.raises(NativeError, match="on purpose"):
        compile_extension(small, tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["small.c"]
