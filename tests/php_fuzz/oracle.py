"""A real PHP that calls functions: one process, asked again and again."""

import base64
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php.runtime import PhpRuntime
from ops.php_vectors import Thrown

_LIMITS = Limits(max_bytes=256 * 1024 * 1024, max_depth=4096, max_elements=5_000_000)


class HoldsItselfError(ValueError):
    """The answer holds itself, by a reference: there is no such value here."""


class Oracle:
    """Answers as that PHP does, with the settings of a runtime."""

    def __init__(self, php: Sequence[str], runtime: PhpRuntime) -> None:
        """Args: php: the command that runs it. runtime: its settings; its version is what the command has."""
        self._timezone = runtime.timezone
        settings = (
            f"precision={runtime.precision}",
            f"serialize_precision={runtime.serialize_precision}",
            "memory_limit=512M",
            "display_errors=0",
        )
        command = [*php, *(part for one in settings for part in ("-d", one)), str(Path(__file__).parent / "oracle.php")]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=10)

    def ask(self, function: str, arguments: Sequence[Any]) -> Any:
        """The result, or `Thrown`. Raises HoldsItselfError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        blob = base64.b64encode(php_serialize(list(arguments))).decode()
        request = {"f": function, "a": blob, "tz": self._timezone}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"PHP died while it answered {function}"
        answer = json.loads(line)
        if "x" in answer:
            return Thrown(answer["x"])
        try:
            return php_unserialize(base64.b64decode(answer["r"]), _LIMITS)
        except DecodeError as error:
            raise HoldsItselfError from error
