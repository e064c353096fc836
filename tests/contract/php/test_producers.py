"""Messages as Debian's Symfony and Laravel make them, in this run: read, compared with what went in, written again."""

import base64
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contracts.codecs.error import DecodeError, Limits
from contracts.codecs.laravel_seal import read_key
from contracts.codecs.legacy import read_message, write_message
from contracts.codecs.legacy_message import LegacyMessage, SealedPayload
from contracts.codecs.php_serialize import php_serialize
from contracts.codecs.php_unserialize import php_unserialize
from contracts.php import date
from contracts.php.runtime import PHP_8_2, PhpRuntime
from contracts.php.value import PhpEnum, PhpObject, PhpReference
from tests.contract.php.conftest import php_command

HERE = Path(__file__).parent
STAMP = "Symfony\\Component\\Messenger\\Stamp\\"


@dataclass(frozen=True)
class Produced:
    body: bytes
    headers: dict[str, Any]
    attempts: int | None
    key: bytes | None
    runtime: PhpRuntime

    def read(self) -> LegacyMessage:
        return read_message(self.body, self.headers, key=self.key)


def _lines(*arguments: str, serialize_precision: int = -1) -> list[bytes]:
    command = [*php_command(), "-d", f"serialize_precision={serialize_precision}", *arguments]
    return subprocess.run(command, capture_output=True, check=True, cwd=HERE).stdout.splitlines()


def _produced(serialize_precision: int, *arguments: str) -> dict[str, Produced]:
    runtime = PhpRuntime(serialize_precision=serialize_precision)
    cases = map(json.loads, _lines("producers.php", *arguments, serialize_precision=serialize_precision))
    return {
        case["name"]: Produced(
            base64.b64decode(case["body"]),
            case["headers"],
            case["attempts"],
            read_key(case["key"]) if case["key"] else None,
            runtime,
        )
        for case in cases
    }


@pytest.fixture(scope="module")
def produced() -> dict[str, Produced]:
    return _produced(-1)


def test_every_message_is_written_again_to_the_same_bytes_and_headers(produced: dict[str, Produced]) -> None:
    assert len(produced) == 17
    for name, one in (produced | {f"{name} 17": one for name, one in _produced(17).items()}).items():
        message = one.read()
        written = write_message(message, runtime=one.runtime, key=one.key)
        assert (written.body, written.headers) == (one.body, one.headers), name
        assert message.framework == name.partition(":")[0].partition(" ")[0], name
        assert (message.body, message.attempts) == (one.body, one.attempts), name


@pytest.mark.parametrize("precision", [-1, 17])
def test_a_message_of_200_000_elements_is_written_again_to_the_same_bytes(precision: int) -> None:
    limits = Limits(max_elements=250_000)
    many = _produced(precision, "200000")
    assert sorted(many) == ["json: many", "laravel: many", "symfony-json: many"]
    for name, one in many.items():
        message = read_message(one.body, one.headers, limits=limits)
        written = write_message(message, runtime=one.runtime)
        assert len(written.body) == len(one.body) > 1_000_000, name
        assert written.body == one.body, name
        with pytest.raises(DecodeError, match="too_many_elements"):
            read_message(one.body, one.headers)


def test_symfonys_message_has_its_class_its_fields_and_its_stamps(produced: dict[str, Produced]) -> None:
    message = produced["symfony-php: stamped"].read()

    assert message.name == "App\\Message\\Simple"
    properties = message.payload.properties
    assert properties["label"] == 'it\'s "quoted" \\ and \\0\0' + "1"
    assert (properties["amount"], properties["tags"]) == (10.0, {"x": [1, 2.5, None], 5: []})
    assert date.restore(properties["at"].properties).format("c", runtime=PHP_8_2) == "2024-03-31T01:59:59+01:00"
    assert list(message.stamps) == [STAMP + name for name in ("BusNameStamp", "DelayStamp", "RedeliveryStamp")]
    assert [stamp.properties["delay"] for stamp in message.stamps[STAMP + "DelayStamp"]] == [1000, 5000]


def test_a_graph_is_kept_with_references_cycles_and_visibilities(produced: dict[str, Produced]) -> None:
    graph = produced["symfony-php: graph with references"].read().payload

    assert graph.properties["itself"] is graph
    shared = graph.properties["shared"]
    assert isinstance(shared, PhpReference)
    assert graph.properties["sharing"] is shared
    assert shared.value["itself"] is shared
    assert shared.value["again"] is graph.properties["again"]
    assert graph.properties["currency"] == graph.properties["other"] == PhpEnum("App\\Message\\Currency", "Euro")
    own, inherited = graph.properties["id"], graph.properties["App\\Message\\Account::id"]
    assert (own, inherited) == ("own", "inherited")
    assert [graph.visibility(name) for name in ("id", "App\\Message\\Account::id", "note", "again")] == [
        *("private", "private", "protected", "public")
    ]
    assert graph.declared_in("id") == "App\\Message\\Graph"
    assert graph.declared_in("App\\Message\\Account::id") == "App\\Message\\Account"


def test_symfonys_json_has_its_class_and_its_stamps_from_headers(produced: dict[str, Produced]) -> None:
    message = produced["symfony-json: stamped"].read()

    assert message.name == "App\\Message\\Simple"
    assert message.payload.properties["label"] == "Café/€ \u2028"
    assert message.payload.properties["amount"] == 10
    assert message.headers == {"Content-Type": "application/json"}
    assert [stamp.properties for stamp in message.stamps[STAMP + "DelayStamp"]] == [{"delay": 1000}, {"delay": 5000}]


@pytest.mark.parametrize("name", ["plain", "third attempt", "aes-256-cbc", "aes-256-gcm", "aes-128-cbc"])
def test_laravels_job_has_its_class_its_fields_and_its_record(produced: dict[str, Produced], name: str) -> None:
    message = produced[f"laravel: {name}"].read()

    sealed = name.startswith("aes")
    assert message.name == ("App\\Jobs\\SendSecret" if sealed else "App\\Jobs\\SendReceipt")
    assert message.payload.properties["iban"] == "FR76 é€"
    assert message.payload.visibility("iban") == "private"
    assert (message.payload.properties["amount"], message.payload.visibility("amount")) == (0.1, "protected")
    assert (message.job["maxTries"], message.job["backoff"], message.job["id"]) == (5, "10,60", "fixed")
    assert (message.seal is not None) == sealed


def test_a_job_called_by_name_has_its_data(produced: dict[str, Produced]) -> None:
    message = produced["laravel: by name"].read()

    assert message.name == "App\\Jobs\\Import"
    assert message.payload == PhpObject("stdClass", {"file": "a/é.csv", "empty": []})


@pytest.mark.parametrize("cipher", ["aes-256-cbc", "aes-256-gcm", "aes-128-cbc"])
def test_an_encrypted_job_stays_sealed_without_its_key_and_another_key_is_refused(
    produced: dict[str, Produced], cipher: str
) -> None:
    one = produced[f"laravel: {cipher}"]

    sealed = read_message(one.body, one.headers)
    assert isinstance(sealed.payload, SealedPayload)
    assert sealed.name == "App\\Jobs\\SendSecret"
    assert write_message(sealed, runtime=PHP_8_2).body == one.body
    assert one.key is not None
    with pytest.raises(DecodeError, match="key"):
        read_message(one.body, one.headers, key=bytes(len(one.key)))


@pytest.mark.parametrize("precision", [-1, 17])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_graph_of_phps_is_written_again_to_the_same_bytes(seed: int, precision: int) -> None:
    texts = [base64.b64decode(line) for line in _lines("graphs.php", str(seed), "700", serialize_precision=precision)]
    assert sum(b";R:" in text for text in texts) > 50
    for text in texts:
        value = php_unserialize(text, Limits(max_depth=4096), references="keep")
        assert php_serialize(value, serialize_precision=precision) == text


def test_what_we_write_is_what_php_reads(produced: dict[str, Produced]) -> None:
    """A message whose payload is changed here is a message of the same framework's."""
    message = produced["symfony-php: stamped"].read()
    message.payload.properties["label"] = "caf\udce9"
    body = write_message(message, runtime=PHP_8_2).body
    script = """
        require '/usr/share/php/Symfony/Component/Messenger/autoload.php';
        eval('namespace App\\Message; final class Simple { public $id, $label, $amount, $tags, $note, $at; }');
        $body = stream_get_contents(STDIN);
        $serializer = new Symfony\\Component\\Messenger\\Transport\\Serialization\\PhpSerializer();
        $envelope = $serializer->decode(['body' => $body]);
        echo $serializer->encode($envelope)['body'] === $body ? 'same' : 'other';
        echo ' ', bin2hex($envelope->getMessage()->label), ' ', count($envelope->all());
    """
    done = subprocess.run([*php_command(), "-r", script], input=body, capture_output=True, check=True)
    assert done.stdout == b"same 636166e9 3"
