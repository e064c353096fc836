"""A real PHP that answers calls, one process for all tests."""

import base64
import json
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from contracts.codecs.error import Limits
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php.text import to_bytes
from contracts.php.value import PhpObject

LIMITS = Limits(max_depth=4096)


class PhpThrewError(Exception):
    """PHP threw; the text is the class of what it threw."""


class RealPhp:
    """Calls PHP functions, with arguments and results as `contracts.php` holds them."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def __call__(self, function: str, *arguments: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"f": function, "a": [_form(argument) for argument in arguments]}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().rstrip()
        assert answer, f"PHP died while it answered {function}"
        if answer.startswith(b"!"):
            raise PhpThrewError(answer[1:].decode())
        return php_unserialize(base64.b64decode(answer), LIMITS)


def _form(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case str():
            return {"s": base64.b64encode(to_bytes(value)).decode()}
        case bytes():
            return {"s": base64.b64encode(value).decode()}
        case float():
            return {"f": struct.pack(">d", value).hex()}
        case int():
            return {"i": str(value)}
        case PhpObject():
            return {"o": [[_form(key), _form(item)] for key, item in value.properties.items()]}
        case Mapping():
            return {"a": [[_form(key), _form(item)] for key, item in value.items()]}
        case _:
            return {"a": [[_form(key), _form(item)] for key, item in enumerate(value)]}


def php_command() -> list[str]:
    """PHP with the settings of the monolith."""
    php = shutil.which("php")
    if php is None:
        pytest.fail("php is not installed: these tests compare with the real one")
    settings = ("precision=14", "serialize_precision=-1", "date.timezone=Europe/Paris", "display_errors=stderr")
    return [php, *(part for setting in settings for part in ("-d", setting))]


@pytest.fixture(scope="session")
def php() -> Iterator[RealPhp]:
    command = [*php_command(), str(Path(__file__).parent / "real_php.php")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield RealPhp(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=10)
