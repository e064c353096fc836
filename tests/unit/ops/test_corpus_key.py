"""Keys of corpora: files that only their owner may read, and keys of KMS."""

import re
from pathlib import Path

import boto3
import pytest

from ops.corpus_key import CorpusKey, KeyUnavailableError, WrongKeyError, file_key, make_key_file, open_key
from ops.exit_code import ExitCode

SECRET = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make_key_file(tmp_path / "key")
    return tmp_path / "key"


def test_a_key_file_is_one_line_that_only_its_owner_may_read(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert re.fullmatch(r"strangler-corpus-key-1:[A-Za-z0-9+/]{43}=\n", path.read_text("ascii"))


def test_every_key_is_another_and_none_is_written_over(path: Path, tmp_path: Path) -> None:
    make_key_file(tmp_path / "other")
    assert file_key(path).name != file_key(tmp_path / "other").name
    before = path.read_bytes()
    with pytest.raises(KeyUnavailableError, match="File exists"):
        make_key_file(path)
    assert path.read_bytes() == before


def test_a_key_is_made_only_where_one_is_to_be_made(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailableError, match="No such file"):
        open_key(str(tmp_path / "new"))
    made = open_key(str(tmp_path / "new"), make=True)
    assert open_key(str(tmp_path / "new"), make=True).name == made.name


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610])
def test_a_key_that_others_can_get_at_is_refused(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyUnavailableError, match="chmod 600") as refused:
        file_key(path)
    assert refused.value.code == ExitCode.SETTINGS


@pytest.mark.parametrize(
    "text", ["", "secret", "strangler-corpus-key-1:AAAA", "strangler-corpus-key-1:!", "\x00" * 2000]
)
def test_what_is_no_key_is_refused_and_not_quoted(path: Path, text: str) -> None:
    path.write_text(text, "latin-1")
    with pytest.raises(KeyUnavailableError, match="is no key file") as refused:
        file_key(path)
    assert "secret" not in str(refused.value)


def test_a_wrapped_key_belongs_to_one_corpus_and_one_key(path: Path, tmp_path: Path) -> None:
    key = file_key(path)
    wrapped = key.wrap("corpus", SECRET)
    assert SECRET not in wrapped
    assert key.unwrap("corpus", wrapped) == SECRET
    with pytest.raises(WrongKeyError, match="another corpus"):
        key.unwrap("other", wrapped)
    make_key_file(tmp_path / "other")
    with pytest.raises(WrongKeyError, match="does not open"):
        file_key(tmp_path / "other").unwrap("corpus", wrapped)
    with pytest.raises(WrongKeyError, match="altered"):
        key.unwrap("corpus", wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    with pytest.raises(WrongKeyError, match="altered"):
        key.unwrap("corpus", b"")


def test_a_key_does_not_show_itself(path: Path) -> None:
    assert path.read_text("ascii").partition(":")[2].strip() not in repr(file_key(path))


@pytest.mark.usefixtures("aws")
def test_a_key_of_kms_wraps_as_well() -> None:
    arn = boto3.client("kms").create_key()["KeyMetadata"]["Arn"]
    key = open_key(f"kms:{arn}")
    assert (key.kind, key.name) == ("kms", arn)
    assert key.unwrap("corpus", key.wrap("corpus", SECRET)) == SECRET


@pytest.mark.usefixtures("aws")
def test_a_key_of_kms_that_is_not_there_is_told() -> None:
    key = open_key("kms:arn:aws:kms:eu-west-1:123456789012:key/none")
    with pytest.raises(KeyUnavailableError, match="NotFoundException") as refused:
        key.wrap("corpus", SECRET)
    assert refused.value.code == ExitCode.FAILED


@pytest.mark.parametrize("text", ["kms:", "kms:alias/x", "kms:arn:aws:kms:eu-west-1:123456789012:alias/x"])
def test_an_alias_is_no_key(text: str) -> None:
    with pytest.raises(KeyUnavailableError, match="expected kms:arn"):
        open_key(text)


def test_a_key_that_is_not_used_needs_no_sdk() -> None:
    assert isinstance(open_key("kms:arn:aws:kms:eu-west-1:123456789012:key/none"), CorpusKey)
