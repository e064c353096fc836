"""The secret behind a corpus' pseudonyms, while it is being recorded: then it is thrown away, and nobody leads back.

It lies beside the corpus, sealed with the corpus' key, so that a recording that was cut short goes on with the same
pseudonyms. At its end it goes.
"""

import os
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag

from ops.corpus_format import CorpusError, unwritable
from ops.corpus_writer import CorpusWriter
from ops.exit_code import ExitCode
from ops.private_file import owner_only

_PURPOSE = b"pseudonyms"
_BYTES = 32


def secret_path(corpus: Path) -> Path:
    """Where it lies."""
    return corpus.with_name(f"{corpus.name}.pseudonyms")


def begin_secret(writer: CorpusWriter) -> bytes:
    """A new one, kept beside the corpus. Raises CorpusError."""
    secret = os.urandom(_BYTES)
    path = secret_path(writer.path)
    try:
        with open(path, "wb", opener=owner_only) as file:
            file.write(writer.seal(secret, _PURPOSE))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise unwritable(path, error) from error
    return secret


def check_secret(corpus: Path) -> None:
    """Whether a recording can go on with the pseudonyms that it was begun with. Raises CorpusError where not."""
    if not secret_path(corpus).exists():
        raise _gone(corpus)


def resume_secret(writer: CorpusWriter) -> bytes:
    """The one that the corpus was begun with. Raises CorpusError where it is gone."""
    try:
        return writer.open(secret_path(writer.path).read_bytes(), _PURPOSE)
    except (OSError, InvalidTag) as error:
        raise _gone(writer.path) from error


def _gone(corpus: Path) -> CorpusError:
    return CorpusError(
        ExitCode.OBJECTED,
        f"corpus {corpus} cannot go on: the secret of its pseudonyms ({secret_path(corpus).name}) is gone, as it is "
        "once a recording is finished. Equal values would get other pseudonyms: record another corpus",
    )


def throw_away(corpus: Path) -> None:
    """Overwrite and delete it. Raises CorpusError where that fails: then somebody has to."""
    path = secret_path(corpus)
    try:
        with suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
    except OSError as error:
        raise CorpusError(
            ExitCode.CANNOT_WRITE, f"{path} has to be deleted, and cannot be: {error.strerror or error}"
        ) from error
