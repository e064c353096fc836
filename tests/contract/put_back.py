"""Our side with a naive port put back: patched sources under their real names, in a process of their own.

`python -m tests.contract.put_back` answers requests, one a line: `{"sources": {module: source}, "messages": [...]}`
becomes `{"outcomes": [...]}`, or `{"error": text}`. Each is answered by a child, which imports the patched modules from
the request, and anew all that import them: nothing is written anywhere, and nothing is left of one for the next.
"""

import ast
import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from contracts.effect import Attempt, parse_attempt
from tests.contract.parity.side import Notification
from tests.stage import REPOSITORY

_OURS = ("bridge", "contracts", "tests", "workers")
_SIDE = "tests.contract.parity.side"


class PutBackError(Exception):
    """The naive port did not run at all; the text is Python's."""


class NaivePort:
    """Runs candidates with patched sources. One call at a time."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def attempts(self, messages: Iterable[Notification], sources: Mapping[str, str]) -> Sequence[Attempt]:
        """What our side does with the messages. Raises PutBackError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"sources": sources, "messages": list(messages)}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the process died"}')
        if "error" in answer:
            raise PutBackError(answer["error"])
        return [parse_attempt(one) for one in answer["outcomes"]]


@contextmanager
def naive_port() -> Iterator[NaivePort]:
    """Runs the process that answers."""
    command = [sys.executable, "-m", "tests.contract.put_back"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, text=True) as process:
        yield NaivePort(process)


class _Loader(SourceFileLoader):
    """Compiles another source than the file's, and keeps no byte code of it."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._source, self.path, "exec", dont_inherit=True)
        return code


class _Finder(MetaPathFinder):
    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        source = self._sources.get(fullname)
        if source is None:
            return None
        file = str(REPOSITORY / f"{fullname.replace('.', '/')}.py")
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, source))


_Importers = Mapping[str, set[str]]


def _importers() -> _Importers:
    """Of each of our modules that is loaded, those that import it. What others have written imports none of them, nor
    does what is in C.
    """
    importers: dict[str, set[str]] = {name: set() for name in sys.modules if name.partition(".")[0] in _OURS}
    for name in importers:
        file = sys.modules[name].__file__
        if file is not None and file.endswith(".py"):
            for imported in _imports(ast.parse(Path(file).read_text("utf-8"))):
                importers.get(imported, set()).add(name)
    return importers


def _imports(tree: ast.Module) -> Iterator[str]:
    """What may be modules among the names that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:  # nothing of ours is imported relatively
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _forget(modules: Iterable[str], importers: _Importers) -> None:
    """These, and all that have anything of them, are to be imported anew."""
    left = list(modules)
    while left:
        name = left.pop()
        if sys.modules.pop(name, None) is None:
            continue
        package, _, leaf = name.rpartition(".")
        vars(sys.modules[package]).pop(leaf, None)
        left.extend(importers[name])


def _answer(
    sources: Mapping[str, str], messages: Sequence[Notification], importers: _Importers
) -> Mapping[str, object]:
    _forget(sources, importers)
    sys.meta_path.insert(0, _Finder(sources))
    try:
        side = importlib.import_module(_SIDE)
        write_attempt = importlib.import_module("contracts.effect").write_attempt
        return {"outcomes": [write_attempt(entry.attempt) for entry in side.candidate(messages).entries.values()]}
    except Exception as error:  # noqa: BLE001  # whatever a naive port may do is told to who asked
        return {"error": f"{type(error).__name__}: {error}"}


def _serve() -> None:
    importlib.import_module(_SIDE)
    importers = _importers()
    gc.freeze()  # children would copy what they look through
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            request = json.loads(line)
            answer = _answer(request["sources"], request["messages"], importers)
            print(json.dumps(answer), flush=True)  # noqa: T201
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    _serve()
