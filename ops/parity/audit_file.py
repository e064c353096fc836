"""The audit chain of what is done without a deployment: a file, each line holding the hash of the one before."""

import fcntl
import getpass
import json
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.audit_chain import Act, Entry, link
from ops.document import document
from ops.exit_code import ExitCode
from ops.fault import CommandError
from ops.private_file import owner_only

NAME = "audit.ndjson"
_NO_ENTRY = (ValueError, KeyError, TypeError, AttributeError)
"""What reading a line raises that is none."""


def append_act(folder: Path, action: str, reason: str, detail: Mapping[str, Any]) -> Entry:
    """Write down what is about to be done, and be sure that it is on the disk. Raises CommandError: then do nothing."""
    path = folder / NAME
    try:
        with open(path, "a+b", opener=owner_only) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            known = file.read()
            entry = link(Act(action, _operator(), reason, detail=detail), _last(known), datetime.now(UTC))
            begin = b"\n" if known and not known.endswith(b"\n") else b""
            file.write(begin + json.dumps(document(entry)).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except (OSError, *_NO_ENTRY) as error:
        why = getattr(error, "strerror", None) or "one of its lines is no entry"
        raise CommandError(ExitCode.CANNOT_WRITE, f"{path} cannot be written, so nothing is shown: {why}") from error
    return entry


def read_entries(text: bytes) -> list[Entry]:
    """All entries of the file. Raises one of `_NO_ENTRY` where a line is none."""
    return [_entry(json.loads(line)) for line in text.splitlines() if line.strip()]


def _last(text: bytes) -> Entry | None:
    entries = read_entries(text)
    return entries[-1] if entries else None


def _entry(raw: Mapping[str, Any]) -> Entry:
    act = {name: value for name, value in raw["act"].items() if name in Act.__slots__}
    return Entry(raw["sequence"], raw["at"], Act(**act), raw["previous"], raw["hash"])


def _operator() -> str:
    """Who is logged in here: what the machine knows, for there are no credentials."""
    with suppress(KeyError, OSError):
        return f"{getpass.getuser()}@{socket.gethostname()}"
    return f"uid {os.getuid()}@{socket.gethostname()}"
