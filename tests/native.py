"""The modules in C: of the source as it is now, or a test that is skipped and says so."""

import importlib
from types import ModuleType

import pytest

from infra.local.native import extensions


def native(name: str) -> ModuleType:
    """A module; skips the test where it is not compiled, fails it where it was compiled of another source."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        pytest.skip(f"{name} is not compiled: `make native`, which needs gcc and python3-dev")
    [digest] = [one.digest for one in extensions() if one.name == name]
    assert digest in str(module.__doc__), f"{name} was compiled of another source: `make native`"
    return module
