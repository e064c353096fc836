"""The modules in C: of the source as it is now. A test of one is skipped only where nothing can be compiled."""

import importlib
import shutil
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

from infra.local.native import extensions

CAN_COMPILE = shutil.which("cc") is not None and Path(sysconfig.get_path("include"), "Python.h").exists()
NEEDED = "gcc and python3-dev are missing"


def native(name: str) -> ModuleType:
    """A module; fails the test where it is not there and could be, or was compiled of another source."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        if CAN_COMPILE:
            pytest.fail(f"{name} is not compiled: `make native`")
        pytest.skip(f"{name} is not compiled: {NEEDED}, then `make native`")
    [digest] = [one.digest for one in extensions() if one.name == name]
    assert digest in str(module.__doc__), f"{name} was compiled of another source: `make native`"
    return module
