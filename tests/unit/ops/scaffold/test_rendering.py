"""What is rendered, taken at its word: it is formatted, it runs, and it reads the messages it was inferred from."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
import pytest

from contracts.codecs.legacy import write_message
from contracts.codecs.legacy_message import LegacyMessage
from contracts.codecs.php_serialize import php_serialize
from contracts.envelope import AmqpFacts
from contracts.identify import identify
from contracts.message_type import MessageType
from contracts.php.runtime import PHP_8_2
from contracts.php.value import PhpEnum, PhpObject
from ops.scaffold.case_text import case_text, messages_text
from ops.scaffold.design import Design
from ops.scaffold.family_text import family_text
from ops.scaffold.handler_text import handler_text
from ops.scaffold.infer import NothingToGoByError, Told
from ops.scaffold.model_text import model_text
from ops.scaffold.reading import NoCodecError
from tests.unit.ops.scaffold.conftest import Infer

REPOSITORY = Path(__file__).parents[4]
NUMBERS = range(60)


def properties(number: int) -> dict[int | str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "invoiceId": str(7000 + number % 7),
        "status": PhpEnum("App\\Status", ("Open", "Paid")[number % 2]),
        "total": number / 4,
        "paid": bool(number % 2),
        "note": None if number % 3 else "Zoé",
        "lines": [PhpObject("App\\Line", {"sku": "a", "cents": number})] * (number % 3),
        "at": PhpObject(
            "DateTimeImmutable", {"date": "2024-02-29 00:00:00.000000", "timezone_type": 3, "timezone": "UTC"}
        ),
    }


def job(number: int) -> bytes:
    record: dict[int | str, Any] = {
        "job": "Illuminate\\Queue\\CallQueuedHandler@call",
        "data": PhpObject("stdClass", {"command": None}),
    }
    written: dict[int | str, str] = {"total": "\0*\0total"}
    message = LegacyMessage(
        "laravel", None, PhpObject("App\\Jobs\\Bill", properties(number), written), job=record, attempts=1
    )
    return write_message(message, runtime=PHP_8_2).body


def data_job(number: int) -> bytes:
    payload = PhpObject("stdClass", {"id": f"n{number}", "invoice_id": number % 7})
    message = LegacyMessage("laravel", None, payload, job={"job": "App\\Jobs\\Bill@handle", "data": None}, attempts=1)
    return write_message(message, runtime=PHP_8_2).body


def envelope(number: int) -> bytes:
    message = LegacyMessage("symfony-php", None, PhpObject("App\\Message\\Bill", properties(number), {"id": "\0*\0id"}))
    return write_message(message, runtime=PHP_8_2).body


def json_body(number: int) -> bytes:
    """With names that Python, pydantic or the model's own imports have for themselves."""
    form: dict[str, Any] = {
        "id": f"n{number}",
        "class": 1,
        "from": "a",
        "list": [1],
        "json": "{}",
        "model_config": 1,
        "Text": "x",
        "copy": None,
        "Field": True,
        "x-y": 1,
        "_hidden": 2,
        "invoiceId": number % 7,
        "raw": 1,
        "status": ("OPEN_AND_NOT_PAID_YET", "PAID_IN_FULL_AND_BOOKED", "CANCELED_BY_THE_BANK")[number % 3],
        "nested": {"raw": 1, "items": [{"validate": number, "sum": "1.50"}], "by": {"7": 1}},
        "nothing": [],
        "any": [1, {"a": 1}][number % 2],
    }
    if number % 2:
        form |= {"sometimes": "Zoé", "classes": [{"label": "b", "amount": 1.5}, {"label": "c", "amount": 2}]}
    return orjson.dumps(form)


def array(number: int) -> bytes:
    return php_serialize({"id": f"n{number}", "invoice_id": number % 7, "tags": {"b": [1]}})


KINDS: Mapping[str, tuple[Callable[[int], bytes], Mapping[str, Any]]] = {
    "laravel": (job, {}),
    "laravel's data": (data_job, {}),
    "symfony-php": (envelope, {}),
    "symfony-json": (json_body, {"type": "App\\Message\\Bill"}),
    "json": (json_body, {}),
    "serialised object": (lambda number: php_serialize(PhpObject("App\\Bill", properties(number))), {}),
    "serialised array": (array, {}),
}


@dataclass(frozen=True, slots=True)
class Rendered:
    design: Design
    bodies: Sequence[bytes]
    message_type: MessageType


@pytest.fixture(params=KINDS)
def rendered(request: pytest.FixtureRequest, infer_type: Infer, monkeypatch: pytest.MonkeyPatch) -> Rendered:
    make, headers = KINDS[request.param]
    bodies = [make(number) for number in NUMBERS]
    design = infer_type(bodies, headers=headers)
    model = ModuleType("contracts.model.invoice_create")
    exec(compile(model_text(design), "model", "exec"), model.__dict__)
    monkeypatch.setitem(sys.modules, model.__name__, model)
    family: dict[str, Any] = {}
    exec(compile(family_text(design), "family", "exec"), family)
    return Rendered(design, bodies, family["INVOICE"].types[0])


def test_all_of_it_is_formatted_and_linted_as_it_is_written(infer_type: Infer, tmp_path: Path) -> None:
    for name in ("contracts", "workers"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(REPOSITORY / "pyproject.toml", tmp_path / "pyproject.toml")
    for number, (make, headers) in enumerate(KINDS.values()):
        word = "abcdefghi"[number]
        design = infer_type([make(one) for one in NUMBERS], f"kind{word}.create", headers=headers)
        (tmp_path / f"contracts/model/kind{word}_create.py").write_text(model_text(design), "utf-8")
        (tmp_path / f"contracts/family/kind{word}.py").write_text(family_text(design), "utf-8")
        (tmp_path / f"workers/logic/kind{word}_create.py").write_text(handler_text(design, ['"0" is false']), "utf-8")
    for words in (("format", "--check"), ("check",)):
        ruff = [sys.executable, "-m", "ruff", *words, "--no-cache", "contracts", "workers"]
        done = subprocess.run(ruff, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_contract_reads_every_message_that_it_was_inferred_from(rendered: Rendered) -> None:
    for number, body in enumerate(rendered.bodies):
        form = rendered.message_type.decode(body)
        assert rendered.message_type.model.model_validate(dict(form))
        found = identify(
            rendered.message_type,
            body,
            AmqpFacts("billing", "invoice.create", redelivered=False, properties={}),
            with_key=True,
        )
        assert found.id.endswith(str(number))
        assert found.key in {str(7000 + number % 7), str(number % 7)}


def test_the_contract_reads_the_invented_messages_too(rendered: Rendered) -> None:
    lines = [json.loads(line) for line in messages_text(rendered.design).splitlines()]
    for told in lines:
        body = base64.b64decode(told["body_base64"]) if "body_base64" in told else orjson.dumps(told["body"])
        assert rendered.message_type.model.model_validate(dict(rendered.message_type.decode(body)))
        facts = AmqpFacts("billing", "invoice.create", redelivered=False, properties=told.get("properties", {}))
        assert identify(rendered.message_type, body, facts, with_key=True).id == told["id"]
    assert len({told["id"] for told in lines}) == 2


def test_no_value_of_a_person_is_in_any_text(rendered: Rendered) -> None:
    design = rendered.design
    texts = [
        model_text(design),
        family_text(design),
        handler_text(design, []),
        case_text(design),
        messages_text(design),
    ]
    decoded = [base64.b64decode(json.loads(line).get("body_base64", "")).decode() for line in texts[-1].splitlines()]
    assert all("Zo" not in text for text in [*texts, *decoded])
    assert all("2024-02-29" not in text for text in [*texts, *decoded])


def test_what_python_has_for_itself_is_called_otherwise_and_read_by_its_name(infer_type: Infer) -> None:
    text = model_text(infer_type([json_body(number) for number in NUMBERS]))
    for line in (
        '    class_: Scalar = Field(alias="class")\n',
        '    from_: Text = Field(alias="from")\n',
        '    copy_: Any = Field(default=None, alias="copy")\n',
        '    Field_: bool = Field(alias="Field")\n',
        "    sometimes: Text | None = None\n",
        "Status = Literal[\n",
        "    status: Status\n",
    ):
        assert line in text


def test_an_encrypted_job_is_refused(infer_type: Infer) -> None:
    record = {"job": "Illuminate\\Queue\\CallQueuedHandler@call", "data": {"command": "eyJpdiI6"}}
    with pytest.raises(NoCodecError, match="encrypted"):
        infer_type([orjson.dumps(record)])


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[1]", b'"text"'])
def test_what_no_codec_reads_is_refused(infer_type: Infer, body: bytes) -> None:
    with pytest.raises(NoCodecError, match="no codec"):
        infer_type([body])


def test_without_an_id_the_operator_has_to_name_the_key(infer_type: Infer) -> None:
    bodies = [orjson.dumps({"wallet": number % 3, "n": number}) for number in NUMBERS]
    with pytest.raises(NothingToGoByError, match="--business-key"):
        infer_type(bodies)
    design = infer_type(bodies, told=Told("billing.invoices", "property:message_id", "wallet"))
    assert (design.business_key.name, design.identity.name, design.origin.queue) == (
        "wallet",
        "message_id",
        "billing.invoices",
    )


@pytest.mark.parametrize(
    "told", [Told(identity="nowhere"), Told(business_key="nowhere"), Told(identity="property:priority")]
)
def test_what_the_operator_names_has_to_be_there(infer_type: Infer, told: Told) -> None:
    with pytest.raises(NothingToGoByError, match="--"):
        infer_type([json_body(number) for number in NUMBERS], told=told)
