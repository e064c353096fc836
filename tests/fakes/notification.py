"""Notifications as a corpus holds them, and corpora of them."""

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.corpus_key import file_key, make_key_file
from ops.corpus_writer import CorpusWriter
from ops.notification import read_notification


def notification(type_name: str, body: bytes, **fields: Any) -> dict[str, Any]:
    """One line of a corpus, whole: what is not given is made up as `strangler corpus import` does."""
    given = {"type": type_name, "body_base64": base64.b64encode(body).decode(), **fields}
    made: dict[str, Any] = json.loads(read_notification(json.dumps(given).encode()).line)
    return made


def write_corpus(folder: Path, notifications: Iterable[dict[str, Any]], *, finished: bool = True) -> tuple[Path, Path]:
    """A corpus in the folder and its key, which is made where there is none."""
    corpus, key = folder / "corpus", folder / "key"
    if not key.exists():
        make_key_file(key)
    writer = CorpusWriter.create(corpus, file_key(key), now=datetime(2026, 11, 21, 10, tzinfo=UTC), types=None)
    for one in notifications:
        writer.append(json.dumps(one).encode(), one["type"], one.get("at"))
    writer.finish() if finished else writer.close()
    return corpus, key
