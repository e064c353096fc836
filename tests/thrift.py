"""What it costs to make a client of AWS is paid once in a process, not once in every test.

Every test that speaks to moto has sessions and clients of its own, and botocore makes each as if it were the first:
it walks through all four hundred services to see that there is one, parses its model, and inspects some seventy
handlers' signatures. Nothing of that depends on the test. A session with two clients is 28 ms of CPU instead of 85.
"""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson
from botocore import hooks
from botocore.loaders import JSONFileLoader, Loader


def spare_botocore() -> None:
    """Let this process remember what botocore reads and finds out; may be called once."""
    JSONFileLoader.load_file = _load_file  # type: ignore[assignment, method-assign]
    Loader.list_available_services = _list_services  # type: ignore[assignment, method-assign]
    hooks.accepts_kwargs = _accepts_kwargs  # type: ignore[assignment]


_read = JSONFileLoader().load_file
_read_once = cache(_read)
_list = Loader.list_available_services


@cache
def _model(file_path: str) -> bytes | None:
    model = _read(file_path)
    return None if model is None else orjson.dumps(model)


def _load_file(_: JSONFileLoader, file_path: str) -> Any:
    """A service's model is made anew each time: moto changes what it says of errors."""
    if not file_path.endswith("service-2"):
        return _read_once(file_path)
    model = _model(file_path)
    return None if model is None else orjson.loads(model)


def _list_services(loader: Loader, type_name: str) -> list[str]:
    return _list_once(tuple(loader.search_paths), type_name)


@cache
def _list_once(search_paths: tuple[str, ...], type_name: str) -> list[str]:
    return _list(Loader(extra_search_paths=list(search_paths)), type_name)


def _accepts_kwargs(function: Callable[..., Any]) -> Any:
    """As `inspect.getfullargspec` would say, which takes a hundred times as long."""
    code = getattr(function, "__code__", None)
    return inspect.getfullargspec(function)[2] if code is None else code.co_flags & inspect.CO_VARKEYWORDS
